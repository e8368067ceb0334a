"""Toxiproxy between all processes: its program, and what can be done to a connection."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

import aiohttp

from cli.local.go_programs.program import TOXIPROXY, obtain
from cli.local.ports import LOOPBACK, any_ports
from cli.local.processes import clean_environment, spawn

_START_SECONDS = 10.0

Direction = Literal["upstream", "downstream"]
"""To the server, or back from it."""


class ProxiesFailed(RuntimeError):
    """Toxiproxy does not do what it is asked for."""


class Network:
    """A running Toxiproxy; a link is one proxy, named `client>server`.

    Use as an async context manager.
    """

    def __init__(self, log: Path) -> None:
        """Describe it: output goes to `log`. Nothing is started yet."""
        self._log = log
        self._url = ""
        self.links: list[str] = []

    async def __aenter__(self) -> Self:
        port = any_ports(["toxiproxy"])["toxiproxy"]
        command = [str(obtain(TOXIPROXY)), f"-host={LOOPBACK}", f"-port={port}"]
        environment = {**clean_environment(), "LOG_LEVEL": "warn"}
        self._process = spawn(command, log=self._log, env=environment, death_signal=signal.SIGKILL)
        self._url = f"http://{LOOPBACK}:{port}"
        # Toxiproxy turns browsers away, by their name.
        self._session = aiohttp.ClientSession(headers={"User-Agent": "meridian"})
        deadline = asyncio.get_running_loop().time() + _START_SECONDS
        while not await self._answers():
            if asyncio.get_running_loop().time() > deadline or self._process.poll() is not None:
                await self._end()
                raise ProxiesFailed(f"Toxiproxy does not start; see {self._log}")
            await asyncio.sleep(0.05)
        return self

    async def __aexit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        await self._end()

    async def _end(self) -> None:
        await self._session.close()
        self._process.kill()
        self._process.wait()

    async def link(self, name: str, listen: int, server: int) -> None:
        """Stand between: whoever connects to the port `listen` comes to the port `server`."""
        body = {
            "name": name,
            "listen": f"{LOOPBACK}:{listen}",
            "upstream": f"{LOOPBACK}:{server}",
            "enabled": True,
        }
        await self._ask("POST", "/proxies", body)
        self.links.append(name)

    async def sever(self, name: str) -> None:
        """Close the connections of a link and refuse new ones."""
        await self._ask("POST", f"/proxies/{name}", {"enabled": False})

    async def join(self, name: str) -> None:
        """Undo `sever`."""
        await self._ask("POST", f"/proxies/{name}", {"enabled": True})

    async def poison(self, name: str, toxic: str, direction: Direction, **attributes: int) -> None:
        """Let a toxic loose on one direction of a link, on connections that exist and new ones."""
        body = {
            "name": f"{toxic}-{direction}",
            "type": toxic,
            "stream": direction,
            "attributes": attributes,
        }
        await self._ask("POST", f"/proxies/{name}/toxics", body)

    async def cure(self, name: str, toxic: str, direction: Direction) -> None:
        """Undo `poison`."""
        await self._ask("DELETE", f"/proxies/{name}/toxics/{toxic}-{direction}")

    async def heal(self) -> None:
        """Undo everything, on all links."""
        await self._ask("POST", "/reset")

    async def _answers(self) -> bool:
        try:
            async with self._session.get(f"{self._url}/version") as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False

    async def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> None:
        async with self._session.request(method, self._url + path, json=body) as answer:
            if answer.status >= 300:
                raise ProxiesFailed(f"{method} {path}: {answer.status} {await answer.text()}")
