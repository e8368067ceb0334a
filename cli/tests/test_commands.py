"""The commands say what they find, also when there is nothing."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli.app import app
from cli.local.home import Home


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("MERIDIAN_HOME", str(tmp_path / "home"))
    return Home()


def run(*arguments: str, answer: str | None = None) -> Result:
    return CliRunner().invoke(app, list(arguments), input=answer)


def test_help_lists_every_command_with_a_sentence() -> None:
    said = run("--help").stdout
    for command in ("up", "down", "status", "logs", "doctor", "test", "lint"):
        assert f" {command} " in said


@pytest.mark.usefixtures("home")
def test_status_of_nothing_says_how_to_start() -> None:
    result = run("status")
    assert result.exit_code == 1
    assert "./meridian up" in result.stdout


@pytest.mark.usefixtures("home")
def test_stopping_nothing_is_no_error() -> None:
    result = run("down")
    assert result.exit_code == 0
    assert "Nothing was running" in result.stdout


def test_data_is_erased_only_after_a_yes(home: Home) -> None:
    home.postgres_data.mkdir(parents=True)
    assert run("down", "--erase", answer="n\n").exit_code == 1
    assert home.postgres_data.exists()
    assert run("down", "--erase", answer="y\n").exit_code == 0
    assert not home.postgres_data.exists()


def test_erasing_can_be_agreed_to_beforehand(home: Home) -> None:
    home.postgres_data.mkdir(parents=True)
    assert run("down", "--erase", "--yes").exit_code == 0
    assert not home.postgres_data.exists()


def test_an_unknown_log_names_those_there_are(home: Home) -> None:
    home.make()
    home.log("sales").touch()
    result = run("logs", "sails")
    assert result.exit_code == 1
    assert "There are: sales" in result.stdout


@pytest.mark.usefixtures("home")
def test_doctor_finds_this_machine_fit() -> None:
    result = run("doctor")
    assert result.exit_code == 0, result.stdout
    for subject in ("python", "disk", "postgres", "broker", "ports", "leftovers"):
        assert subject in result.stdout
