"""Webhooks as those who make them see them."""

from __future__ import annotations

from typing import Any

import httpx

from gateway.testing.offices import made

PRODUCTS = ["crm.sales.product"]


class Hook:
    """A webhook as somebody made it, and the secret that was shown with it."""

    def __init__(self, client: httpx.AsyncClient, issued: dict[str, Any]) -> None:
        self.client = client
        self.secret: str = issued["secret"]
        self.id: str = issued["webhook"]["id"]
        self.path = f"/v1/webhooks/{self.id}"

    async def read(self) -> dict[str, Any]:
        return made(await self.client.get(self.path))

    async def change(self, **fields: Any) -> dict[str, Any]:
        return made(await self.client.patch(self.path, json=fields))

    async def deliveries(self, **query: str) -> list[dict[str, Any]]:
        answer = await self.client.get(f"{self.path}/deliveries", params=query)
        return list(made(answer)["items"])

    async def is_in(self, status: str) -> bool:
        return bool((await self.read())["status"] == status)

    async def states(self) -> list[str]:
        """Of all deliveries, the oldest first."""
        return [one["state"] for one in reversed(await self.deliveries())]


def draft(url: str, **fields: Any) -> dict[str, Any]:
    return {"name": "Склад", "url": url, "types": PRODUCTS} | fields


async def hooked(client: httpx.AsyncClient, url: str, **fields: Any) -> Hook:
    """A new webhook for products, unless told otherwise."""
    return Hook(client, made(await client.post("/v1/webhooks", json=draft(url, **fields))))
