"""What one can do with the demo: where it answers, who can sign in, what to try first."""

from __future__ import annotations

from collections.abc import Mapping

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.demo.company import OFFICES, PASSWORD, SLUG, one_of_each_role

HOST = next(colleague for colleague in one_of_each_role() if colleague.role == "manager")
"""Whose eyes the commands see through."""


def show_guide(console: Console, gateway: str, form: str) -> None:
    """Print it all; `form` is the id of the form of `HOST`'s office."""
    console.print(Text("Where it answers", style="bold"))
    places = {
        "API": "/v1",
        "documentation": "/docs",
        "OpenAPI": "/openapi.json",
        "AsyncAPI": "/asyncapi.json",
    }
    for what, path in places.items():
        console.print(Text(f"  {what:<14} {gateway}{path}"))
    console.print()
    console.print(_sign_ins())
    console.print(Text("Three commands to try next, in another terminal", style="bold"))
    for says, command in commands(gateway, form).items():
        console.print(Text(f"\n# {says}", style="dim"))
        console.print(Text(command))
    console.print()


def commands(gateway: str, form: str) -> Mapping[str, str]:
    """Commands for a shell, by what they do; the first one signs in for the others.

    `form` is the id of the form of `HOST`'s office.
    """
    office = next(office for office in OFFICES if office.key == HOST.office)
    sign_in = f"""\
TOKEN=$(curl -s {gateway}/v1/sessions \\
  -H 'Content-Type: application/json' \\
  -d '{{"tenant":"{SLUG}","login":"{HOST.login}","password":"{PASSWORD}"}}' |
  python3 -c 'import json,sys; print(json.load(sys.stdin)["access_token"])')"""
    search = f"""\
curl -sG {gateway}/v1/companies -H "Authorization: Bearer $TOKEN" \\
  --data-urlencode 'q=кофейня' -d limit=2 |
  python3 -m json.tool --no-ensure-ascii"""
    fill_in = f"""\
FORM={gateway}/v1/forms/{form}
curl -s $FORM/submissions -H 'Content-Type: application/json' \\
  -d '{{"name":"Мария Новикова","email":"maria@new.example"}}'
sleep 1; curl -sG {gateway}/v1/deals \\
  -H "Authorization: Bearer $TOKEN" --data-urlencode 'q=Мария Новикова' |
  python3 -m json.tool --no-ensure-ascii"""
    return {
        f"Sign in as {HOST.name}, {HOST.role} in {office.name}": sign_in,
        "Search the customers within reach, in whatever alphabet": search,
        "Fill in the form on the site, as a stranger; events make a deal of it": fill_in,
    }


def _sign_ins() -> Table:
    table = Table(
        title=f"Sign in to the tenant “{SLUG}”",
        title_justify="left",
        title_style="bold",
        box=SIMPLE_HEAD,
    )
    for column in ("role", "login", "password", "name"):
        table.add_column(column, no_wrap=True)
    for colleague in one_of_each_role():
        table.add_row(colleague.role, colleague.login, PASSWORD, Text(colleague.name))
    return table
