"""`./meridian demo` as the command line offers it."""

import re

from typer.testing import CliRunner

from cli.app import app
from cli.demo.company import PASSWORD
from cli.demo.guide import commands


def test_help_says_what_the_demo_does() -> None:
    said = CliRunner().invoke(app, ["demo", "--help"], env={"COLUMNS": "200"}).stdout
    for option in ("--once", "--seed", "--customers", "--deals", "--json"):
        assert option in re.sub(r"\x1b\[[0-9;]*m", "", said)
    assert "Ctrl-C" in said


def test_there_are_three_commands_and_they_fit_a_terminal() -> None:
    offered = commands("http://127.0.0.1:8080", "01a202e1-205c-72ef-8059-1ac3b7424f6f")
    assert len(offered) == 3
    assert all(len(line) < 80 for command in offered.values() for line in command.splitlines())
    assert PASSWORD in next(iter(offered.values()))
