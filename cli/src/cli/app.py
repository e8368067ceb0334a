"""The table of contents of the command line: every command, in the order help shows them."""

import typer

from cli import checks
from cli.demo import command as demo
from cli.events import events
from cli.imports import command as imports
from cli.local import commands as local
from cli.rebuild import rebuild
from cli.reconcile import reconcile
from cli.torture import command as torture

app = typer.Typer(
    name="meridian",
    help="Meridian, a CRM of independent services: run it on this machine, and look inside.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)

app.command(rich_help_panel="See it")(demo.demo)

PLATFORM = "The platform on this machine"
app.command(rich_help_panel=PLATFORM)(local.up)
app.command(rich_help_panel=PLATFORM)(local.down)
app.command(rich_help_panel=PLATFORM)(local.status)
app.command(rich_help_panel=PLATFORM)(local.logs)
app.command(rich_help_panel=PLATFORM)(local.doctor)

app.add_typer(imports.app, name="import", rich_help_panel="Data")

app.add_typer(events, name="events", rich_help_panel="Operating")
app.command(rich_help_panel="Operating")(rebuild)
app.command(rich_help_panel="Operating")(reconcile)

CODE = "Working on the code"
# Everything after these names belongs to the tools they run, options included.
to_the_tool = {"allow_extra_args": True, "ignore_unknown_options": True}
app.command(rich_help_panel=CODE, context_settings=to_the_tool, add_help_option=False)(checks.test)
app.command(rich_help_panel=CODE)(checks.lint)
app.command(rich_help_panel=CODE)(checks.language)
app.command(rich_help_panel=CODE)(torture.torture)


def main() -> None:
    """Run the command the user gave."""
    app(prog_name="./meridian")
