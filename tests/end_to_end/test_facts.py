"""An ERP reports payments and stock, and they stand in timelines."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx

from tests.end_to_end.conftest import Platform
from tests.end_to_end.test_erasure import Json, administrator, read, wait_for

PAGE = Path(__file__).parents[2] / "docs" / "integration" / "facts.md"
OURS = {"system": "1c", "type": "counterparty", "id": "00-00000107"}
ITEM = {"system": "1c", "type": "item", "id": "00-00000012"}
RUBLES = {"amount": "18600.00", "currency": "RUB"}


def fact(kind: str, id: str, day: int, **fields: Any) -> Json:
    return {
        "kind": kind,
        "document": {"system": "1c", "type": kind, "id": id},
        "document_version": day,
        "happened_at": f"2026-07-0{day}T11:15:00+03:00",
        **fields,
    }


async def made(client: httpx.AsyncClient, path: str, **body: Any) -> str:
    answer = await client.post(path, json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def test_what_an_erp_reports_stands_in_timelines_of_customers_that_come_later(
    platform: Platform,
) -> None:
    async with httpx.AsyncClient(base_url=platform.gateway_url, timeout=60) as client:
        await administrator(platform, client)
        payment = fact(
            "payment_received", "ПП-87", 2, customer={"external_id": OURS}, amount=RUBLES
        )
        reversal = fact("payment_reversed", "ПП-87", 3, payment=payment["document"], amount=RUBLES)
        counted = fact(
            "stock_counted",
            "склад:12",
            4,
            product={"external_id": ITEM},
            quantity={"amount": "12", "unit": "шт"},
        )
        items = [payment, reversal, counted, payment, {"kind": "payment_received"}]
        answer = await client.post("/v1/facts", json={"items": items})
        assert answer.status_code == 200, answer.text
        verdicts = [verdict["verdict"] for verdict in answer.json()["items"]]
        assert verdicts == [*["accepted"] * 3, "duplicate", "rejected"]
        arrived = (await read(client, "/v1/facts?system=1c"))["items"]
        assert len(arrived) == 3

        company = await made(client, "/v1/companies", name="ООО «Ромашка»", external_ids=[OURS])
        price = {"amount": "1550", "currency": "RUB"}
        product = await made(client, "/v1/products", name="Болт", price=price, external_ids=[ITEM])
        await wait_for(lambda: _has(client, "/v1/pipelines"), "no pipeline")
        await made(
            client,
            "/v1/deals",
            name="Болты",
            customer={"type": "company", "id": company},
            lines=[{"product": product, "quantity": "12", "price": price}],
        )

        async def told() -> list[str]:
            entries = (await read(client, f"/v1/customers/{company}/timeline"))["items"]
            return [entry["fact"]["kind"] for entry in entries if entry["type"] == "fact"]

        async def all_are_told() -> bool:
            return len(await told()) >= 3

        await wait_for(all_are_told, "facts in the timeline")
        assert await told() == ["stock_counted", "payment_reversed", "payment_received"]
        seen = await read(client, f"/v1/customers/{company}/360")
        assert seen["timeline"]["items"][-1]["fact"]["amount"] == RUBLES


async def test_the_examples_of_the_page_for_erp_developers_do_what_it_says(
    platform: Platform,
) -> None:
    async with httpx.AsyncClient(base_url=platform.gateway_url, timeout=60) as client:
        await administrator(platform, client)
        draft = {"name": "1С", "scopes": ["facts:read", "facts:write"]}
        issued = await client.post("/v1/api-keys", json=draft)
        assert issued.status_code == 201, issued.text
        environment = os.environ | {
            "GATEWAY": platform.gateway_url,
            "KEY": issued.json()["key"],
        }
        page = PAGE.read_text(encoding="utf-8")
        said = []
        for language, command in (("sh", ("bash", "-euc")), ("python", (sys.executable, "-c"))):
            (example,) = re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)
            done = await asyncio.to_thread(
                subprocess.run,
                [*command, example],
                env=environment,
                capture_output=True,
                text=True,
                check=False,
                timeout=60,
            )
            assert done.returncode == 0, done.stdout + done.stderr
            said.append(done.stdout)
        assert json.loads(said[0])["items"][0]["verdict"] == "accepted"
        assert said[1].split() == ["urn:meridian:problem:invalid-request", "document"]
        arrived = (await read(client, "/v1/facts"))["items"]
        assert [fact["document"]["id"] for fact in arrived] == [
            *["ПП-00000088"] * 2,
            "ПП-00000087",
        ]


async def _has(client: httpx.AsyncClient, path: str) -> bool:
    return bool((await read(client, path))["items"])
