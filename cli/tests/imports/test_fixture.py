"""The import of our own dirty files, against a gateway that keeps everything in memory."""

import asyncio
import csv
import json
import re
import shutil
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from cli.imports.agreement import figures
from cli.imports.cleaning import RULES
from cli.imports.files import inspect
from cli.imports.importer import Import, Stopped
from cli.imports.ledger import ImportedRow, Ledger
from cli.imports.request import Options, Request, SignIn
from cli.imports.run import run
from meridian_client import AsyncMeridian

SIGN_IN = SignIn("acme", "ada", "secret")


class Kept(Ledger):
    """A ledger that keeps every row, for looking at."""

    def __init__(self) -> None:
        super().__init__()
        self.rows_kept: list[ImportedRow] = []

    def enter(self, row: ImportedRow) -> None:
        super().enter(row)
        self.rows_kept.append(row)


async def load(gateway: Any, directory: Path, **options: Any) -> Kept:
    ledger = Kept()
    async with AsyncMeridian(gateway.url, patience=2.0) as client:
        await client.sign_in("acme", "ada", "secret")
        sources = inspect(directory)
        await Import(client, sources, ledger, Options(**options), lambda *_: None).run()
    return ledger


def listed(directory: Path) -> list[tuple[str, int, str, set[str]]]:
    """The table of the README: file, line, outcome, rules."""
    cells = re.compile(r"^\| (\S+\.csv) \| (\d+) \| .* \| (.+) \| (.*) \|$", re.MULTILINE)
    found = cells.findall((directory / "README.md").read_text(encoding="utf-8"))
    return [
        (file, int(line), outcome, set(re.findall(r"`(\w+)`", rules)))
        for file, line, outcome, rules in found
    ]


def by_external_id(gateway: Any, path: str) -> dict[str, Any]:
    records = gateway.records[path].values()
    return {record["external_ids"][0]["id"]: record for record in records}


async def test_every_special_row_fares_as_the_readme_says(
    gateway: Any, fixture_files: Path
) -> None:
    ledger = await load(gateway, fixture_files)
    found = {(row.file, row.line): row for row in ledger.rows_kept}
    special = listed(fixture_files)
    for file, line, outcome, rules in special:
        row = found.get((file, line))
        if row is None:
            assert outcome == "passed over" or line == 1, (file, line)
            continue
        assert (row.verdict == "rejected") == (outcome == "rejected"), (file, line, row)
        assert rules <= set(row.rules), (file, line, row)
    rejected = {place for place, row in found.items() if row.verdict == "rejected"}
    assert rejected == {(file, line) for file, line, outcome, _ in special if outcome == "rejected"}


async def test_the_fixture_touches_every_rule(gateway: Any, fixture_files: Path) -> None:
    ledger = await load(gateway, fixture_files)
    assert set(ledger.rules) == {rule.code for rule in RULES} - {"refused"}


async def test_a_rejected_row_says_why(gateway: Any, fixture_files: Path) -> None:
    ledger = await load(gateway, fixture_files)
    assert all(row.why for row in ledger.rows_kept if row.verdict == "rejected")


async def test_offices_and_people(gateway: Any, fixture_files: Path) -> None:
    await load(gateway, fixture_files, email_domain="acme.example")
    offices = by_external_id(gateway, "/v1/departments")
    assert {name: office["time_zone"] for name, office in offices.items()} == {
        "central": "America/Chicago",
        "east": "America/New_York",
        "west": "America/Los_Angeles",
    }
    people = by_external_id(gateway, "/v1/users")
    assert people["dunstan brill"]["roles"] == ["manager"]
    assert "manager" not in people["dunstan brill"]
    assert people["tove lind"]["roles"] == ["manager", "agent"]
    assert people["tove lind"]["manager"] == people["dunstan brill"]["id"]
    assert people["priya raman"]["manager"] == people["tove lind"]["id"]
    assert people["lone wolf"]["manager"] is None
    assert people["circle ann"]["manager"] is None
    assert people["jo ann"]["login"] == "jo.ann"
    assert people["jo-ann"]["login"] == "jo.ann2"
    assert people["жанна щукина"]["email"] == "zhanna.shchukina@acme.example"
    assert people["jo ann"]["department"] == offices["central"]["id"]


async def test_users_keep_the_logins_they_have(gateway: Any, fixture_files: Path) -> None:
    await load(gateway, fixture_files)
    people = by_external_id(gateway, "/v1/users")
    people["jo ann"]["login"] = "jo"
    await load(gateway, fixture_files)
    assert people["jo ann"]["login"] == "jo"
    assert people["jo-ann"]["login"] == "jo.ann2"


async def test_an_office_may_be_given_a_time_zone(gateway: Any, fixture_files: Path) -> None:
    await load(gateway, fixture_files, time_zones={"north": "America/Anchorage"})
    assert by_external_id(gateway, "/v1/departments")["north"]["time_zone"] == "America/Anchorage"
    assert "north wind" in by_external_id(gateway, "/v1/users")


async def test_companies_belong_to_companies_and_are_made_by_one_event(
    gateway: Any, fixture_files: Path
) -> None:
    await load(gateway, fixture_files)
    companies = by_external_id(gateway, "/v1/companies")
    north, daisy = companies["зао «север и ко»"], companies["ооо «ромашка»"]
    assert north["parent"] == daisy["id"]
    assert companies["северный чай"]["parent"] == north["id"]
    assert companies["ring one"]["parent"] is None
    assert companies["orphan estates"]["parent"] is None
    assert {company["version"] for company in companies.values()} == {1}
    assert daisy["annual_revenue"] == {"amount": "12345678.00", "currency": "USD"}
    assert daisy["address"] == {"country": "Россия"}
    assert daisy["industry"] == "retail"
    assert companies["harborlight freight"]["industry"] == "technology"
    assert companies["quillfeather"]["address"] == {"country": "Philippines"}
    assert companies["emptyhands"]["address"] is None
    assert companies["blue otter mills"]["employees"] == 1179


async def test_a_won_deal(gateway: Any, fixture_files: Path) -> None:
    await load(gateway, fixture_files)
    deal = by_external_id(gateway, "/v1/deals")["Заявка-17"]
    people = by_external_id(gateway, "/v1/users")
    pipeline = by_external_id(gateway, "/v1/pipelines")["opportunities"]
    prospecting, engaging = pipeline["stages"]
    assert (prospecting["probability"], engaging["probability"]) == (10, 40)
    product = by_external_id(gateway, "/v1/products")["чайник-м"]
    assert deal["name"] == "Чайник-М for ООО «Ромашка»"
    assert deal["status"] == "won"
    assert deal["owner"] == people["жанна щукина"]["id"]
    assert deal["department"] == people["жанна щукина"]["department"]
    assert deal["customer"] == {
        "type": "company",
        "id": by_external_id(gateway, "/v1/companies")["ооо «ромашка»"]["id"],
    }
    price = {"amount": "1299.01", "currency": "USD"}
    assert deal["lines"] == [{"product": product["id"], "quantity": "1", "price": price}]
    # Noon in Chicago: in winter time, then in summer time (2016-11-06 and 2017-03-12).
    assert (deal["started_on"], deal["started_at"]) == ("2016-11-02", "2016-11-02T17:00:00Z")
    assert (deal["closed_on"], deal["closed_at"]) == ("2017-03-14", "2017-03-14T17:00:00Z")
    assert deal["history"] == [
        {
            "stage": engaging["id"],
            "entered_at": "2016-11-02T17:00:00Z",
            "entered_on": "2016-11-02",
            "by": None,
        }
    ]
    assert "reason" not in deal


async def test_an_open_deal_knows_its_stage_and_what_is_at_stake(
    gateway: Any, fixture_files: Path
) -> None:
    await load(gateway, fixture_files)
    deals = by_external_id(gateway, "/v1/deals")
    prospecting, engaging = by_external_id(gateway, "/v1/pipelines")["opportunities"]["stages"]
    bare = deals["OPENNOD1"]
    assert bare["customer"] is None
    assert bare["stage"] == engaging["id"]
    assert bare["history"][0]["entered_on"] is None
    assert bare["started_on"] is bare["closed_on"] is None
    assert " for " not in bare["name"]
    assert deals["PROSDAT1"]["stage"] == prospecting["id"]
    assert deals["PROSDAT1"]["history"][0]["entered_on"] == "2017-06-01"
    closing = deals["OPENCLO1"]
    products = {p["id"]: p for p in gateway.records["/v1/products"].values()}
    (line,) = closing["lines"]
    assert line["price"] == products[line["product"]]["price"]
    assert (closing["status"], closing["closed_on"]) == ("open", None)


async def test_a_second_import_changes_nothing(gateway: Any, fixture_files: Path) -> None:
    first = await load(gateway, fixture_files)
    paths = list(gateway.records)
    events = {path: gateway.events_of(path) for path in paths}
    second = await load(gateway, fixture_files)
    assert {path: gateway.events_of(path) for path in paths} == events
    assert {row.verdict for row in second.rows_kept} == {"unchanged", "rejected"}
    assert second.rejected == first.rejected


async def test_one_altered_row_is_one_event(
    gateway: Any, fixture_files: Path, tmp_path: Path
) -> None:
    await load(gateway, fixture_files)
    events = gateway.events_of("/v1/deals")
    changed = tmp_path / "changed"
    shutil.copytree(fixture_files, changed)
    pipeline = changed / "sales_pipeline.csv"
    text = pipeline.read_bytes().decode()
    row = next(line for line in text.splitlines() if line.startswith("CENTS001"))
    pipeline.write_bytes(text.replace(row, row.replace("7.5", "7.51")).encode())
    again = await load(gateway, changed)
    assert gateway.events_of("/v1/deals") == events + 1
    assert [row.record for row in again.rows_kept if row.verdict == "updated"] == ["CENTS001"]


async def test_small_batches_make_no_difference(gateway: Any, fixture_files: Path) -> None:
    small = await load(gateway, fixture_files, batch=7)
    lines = [row.line for row in small.rows_kept if row.file == "sales_pipeline.csv"]
    assert lines == sorted(lines, key=lambda line: line or 0)
    large = await load(gateway, fixture_files, batch=1000)
    assert [row.record for row in small.rows_kept] == [row.record for row in large.rows_kept]


async def test_what_the_platform_refuses_is_rejected_in_its_words(
    gateway: Any, fixture_files: Path
) -> None:
    async def script(request: web.Request) -> web.Response | None:
        if request.path != "/v1/products/bulk":
            return None
        items = (await request.json())["items"]
        why = {"detail": "too shiny", "field": "name"}
        verdicts = [
            {"index": index, "verdict": "rejected", "id": None, "version": None, "problem": why}
            for index in range(len(items))
        ]
        return web.json_response({"items": verdicts})

    gateway.script = script
    ledger = await load(gateway, fixture_files)
    refused = [row for row in ledger.rows_kept if "refused" in row.rules]
    assert {row.why for row in refused} == {"too shiny (name)"}
    assert ledger.files["sales_pipeline.csv"]["created"] == 0


async def test_an_import_that_stops_says_at_which_row(gateway: Any, fixture_files: Path) -> None:
    requests = Counter[str]()

    async def script(request: web.Request) -> web.Response | None:
        requests[request.path] += 1
        gone = request.path == "/v1/deals/bulk" and requests[request.path] > 2
        return web.Response(status=503) if gone else None

    gateway.script = script
    with pytest.raises(Stopped, match=r"stopped at sales_pipeline\.csv line 22: .*no answer"):
        await load(gateway, fixture_files, batch=10)
    gateway.script = None
    again = await load(gateway, fixture_files, batch=10)
    assert again.files["sales_pipeline.csv"]["unchanged"] == 20


async def test_analytics_is_asked_for_what_was_written(gateway: Any, fixture_files: Path) -> None:
    async with AsyncMeridian(gateway.url) as client:
        await client.sign_in("acme", "ada", "secret")
        sources = inspect(fixture_files)
        pipeline = await Import(client, sources, Ledger(), Options(), lambda *_: None).run()
        gateway.requests.clear()
        agreed = await figures(client, pipeline)
    assert "crm.test/v1/deals/" in gateway.requests[0][2]["Meridian-Read-After"]
    assert (agreed.won, agreed.lost, agreed.open) == (87, 32, 32)
    assert agreed.revenue == Decimal("1332914.22")


async def test_the_report_has_every_row_and_is_harmless_in_a_spreadsheet(
    gateway: Any, fixture_files: Path, tmp_path: Path
) -> None:
    for suffix in ("csv", "json"):
        report = tmp_path / f"report.{suffix}"
        asked = Request(fixture_files, gateway.url, SIGN_IN, report)
        assert await asyncio.to_thread(run, asked) == 3
    documents = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    with (tmp_path / "report.csv").open(encoding="utf-8", newline="") as file:
        cells = list(csv.DictReader(file))
    assert len(cells) == len(documents) == 3 + 2 + 17 + 11 + 1 + 35 + 191
    assert {row["verdict"] for row in cells} == {"created", "rejected"}
    assert not [row for row in cells if row["record"].startswith(("=", "+", "-", "@"))]
    formula = next(row for row in documents if row["record"] == "=1+1")
    assert formula["verdict"] == "unchanged"


async def test_exit_codes(
    gateway: Any, fixture_files: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clean = tmp_path / "clean"
    clean.mkdir()
    for name in ("accounts", "products", "sales_teams", "sales_pipeline"):
        source = (fixture_files / f"{name}.csv").read_text(encoding="utf-8-sig")
        (clean / f"{name}.csv").write_text(source.splitlines()[0] + "\n", encoding="utf-8")
    assert await asyncio.to_thread(run, Request(clean, gateway.url, SIGN_IN)) == 0
    assert await asyncio.to_thread(run, Request(fixture_files, gateway.url, SIGN_IN)) == 3
    (clean / "products.csv").write_bytes(b"")
    gateway.requests.clear()
    assert await asyncio.to_thread(run, Request(clean, gateway.url, SIGN_IN)) == 1
    assert gateway.requests == []
    assert "products.csv: is empty" in capsys.readouterr().out
    wrong = SignIn("acme", "ada", "guess")
    assert await asyncio.to_thread(run, Request(fixture_files, gateway.url, wrong)) == 1
    assert "ada cannot sign in to 'acme'" in capsys.readouterr().out
    report = tmp_path / "report.xlsx"
    assert await asyncio.to_thread(run, Request(fixture_files, gateway.url, SIGN_IN, report)) == 1
