"""Asking as a worker, and judging the answer by what the worker should be able to do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx

from tests.end_to_end.access.company import Company, Json
from tests.end_to_end.access.reaches import Holding, Worker, reach, reaches, relation
from tests.end_to_end.access.tally import Route, Tally


@dataclass
class Walk:
    """Two companies, and what came of walking through the API as everybody in them."""

    companies: tuple[Company, Company]
    tally: Tally

    def own(self, worker: Worker) -> Company:
        return next(c for c in self.companies if c.name == worker.company)

    def other(self, worker: Worker) -> Company:
        return next(c for c in self.companies if c.name != worker.company)

    def all(self, resource: str) -> list[Holding]:
        return [h for c in self.companies for h in c.holdings if h.resource == resource]

    def examples(
        self, worker: Worker, resource: str, use: str = "first", action: str = "read"
    ) -> Iterator[Holding]:
        """A record for each place where one can lie as the worker sees it.

        Where a permission goes everywhere or nowhere, one of a colleague stands for all.
        """
        tells_places = reach(worker, resource, action) in ("department", "own")
        seen = set()
        for holding in self.all(resource):
            where = relation(worker, holding, tells_places=tells_places)
            if holding.use in (use, "made") and where not in seen:
                seen.add(where)
                yield holding

    def mine(self, worker: Worker, resource: str, use: str = "first") -> Holding:
        """The worker's own record, in their own office."""
        return next(
            h
            for h in self.own(worker).of(resource, use)
            if (h.owner, h.office) == (worker.id, worker.office)
        )

    # -- one record ---------------------------------------------------------------

    async def one(
        self,
        worker: Worker,
        method: str,
        path: str,
        holding: Holding,
        action: str = "read",
        *,
        body: Json | None = None,
        query: dict[str, str] | None = None,
        reason: str | None = None,
        expected: bool | None = None,
        resource: str | None = None,
    ) -> httpx.Response:
        """Ask for `holding` at the template `path`; outside the reach it is unknown: 404."""
        asked_of = resource or holding.resource
        answer = await worker.client.request(
            method,
            path.replace("{id}", holding.id),
            json=body,
            params=query,
            headers={"Meridian-Reason": reason} if reason else None,
        )
        far = reach(worker, asked_of, action)
        may = reaches(worker, holding, action, asked_of) if expected is None else expected
        what = f"{asked_of} {relation(worker, holding)}"
        got = answer.is_success
        self.tally.judge((method, path), worker, far, expected=may, got=got, what=what)
        wanted = 404 if far is not None else 403
        if not may and not got and answer.status_code != wanted:
            self.tally.complain((method, path), worker, f"{answer.status_code} of {what}")
        if may and not got:
            self.tally.complain((method, path), worker, answer.text)
        if not got and holding.state.get("name") and holding.state["name"] in answer.text:
            self.tally.complain((method, path), worker, f"the refusal tells {what}")
        return answer

    # -- many records -------------------------------------------------------------

    async def many(
        self,
        worker: Worker,
        path: str,
        of: Iterable[Holding],
        *,
        query: Json | None = None,
        path_id: str = "",
        resource: str | None = None,
    ) -> None:
        """Ask for a list of which `of` are all in both companies; exactly those in reach come."""
        candidates = {h.id: h for h in of}
        named = resource or path.split("/")[2]
        answer = await worker.client.get(
            path.replace("{id}", path_id), params={"limit": 500, **(query or {})}
        )
        self.listed(("GET", path), worker, named, candidates, answer)

    def listed(
        self,
        route: Route,
        worker: Worker,
        resource: str,
        candidates: dict[str, Holding],
        answer: httpx.Response,
    ) -> None:
        far = reach(worker, resource, "read")
        if far is None:
            self.refused(route, worker, far, answer, 403)
            return
        if answer.status_code != 200:
            self.tally.complain(route, worker, answer.text)
            return
        self.among(route, worker, resource, candidates, answer.json()["items"])

    def among(
        self,
        route: Route,
        worker: Worker,
        resource: str,
        candidates: dict[str, Holding],
        items: list[Json],
    ) -> None:
        """Judge every candidate by whether it is among `items`, and what is there unasked for."""
        found = {item["id"] for item in items}
        far = reach(worker, resource, "read")
        for id, holding in candidates.items():
            may = reaches(worker, holding, "read")
            what = f"{resource} {relation(worker, holding)}"
            self.tally.judge(route, worker, far, expected=may, got=id in found, what=what)
        for id in found - candidates.keys():
            self.tally.judge(route, worker, far, expected=False, got=True, what=f"unasked {id}")

    def refused(
        self, route: Route, worker: Worker, far: str | None, answer: httpx.Response, status: int
    ) -> None:
        """The answer has to be a refusal of this status."""
        self.tally.judge(
            route, worker, far, expected=False, got=answer.is_success, what=answer.text
        )
        if not answer.is_success and answer.status_code != status:
            self.tally.complain(route, worker, f"{answer.status_code}, not {status}")

    def granted(
        self, route: Route, worker: Worker, far: str | None, answer: httpx.Response
    ) -> None:
        self.tally.judge(route, worker, far, expected=True, got=answer.is_success, what=answer.text)

    def permitted(
        self,
        route: Route,
        worker: Worker,
        resource: str,
        action: str,
        answer: httpx.Response,
        full: Callable[[Any], bool] = lambda _: True,
    ) -> None:
        """An answer that depends on the permission alone; `full` says that it is not empty."""
        far = reach(worker, resource, action)
        if far is None:
            self.refused(route, worker, far, answer, 403)
            return
        self.granted(route, worker, far, answer)
        if answer.is_success and not full(answer.json()):
            self.tally.complain(route, worker, f"an empty answer: {answer.text}")
