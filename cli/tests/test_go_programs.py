"""Programs in Go are built from pinned modules, or the message says what is missing."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from cli.local.go_programs.program import FERRETDB, TOXIPROXY, GoProgram, GoProgramMissing, obtain


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of tools."""
    monkeypatch.setattr("cli.local.go_programs.program.tools", lambda: tmp_path / "tools")
    return tmp_path / "tools"


def pretend_go(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Put a program `go` that is this shell script before everything on the PATH."""
    go = folder / "go"
    go.write_text(f"#!/bin/sh\n{script}\n")
    go.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")


@pytest.mark.usefixtures("tools")
def test_without_go_the_message_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(GoProgramMissing, match=r"install Go 1\.24 or newer"):
        obtain(TOXIPROXY)


@pytest.mark.usefixtures("tools")
def test_a_go_that_is_too_old_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend_go(tmp_path, monkeypatch, "echo go1.19.8")
    with pytest.raises(GoProgramMissing, match=r"too old \(go1\.19\.8\)"):
        obtain(TOXIPROXY)


@pytest.mark.usefixtures("tools")
def test_what_the_compiler_complains_of_is_told_and_nothing_half_built_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend_go(
        tmp_path, monkeypatch, 'if [ "$1" = env ]; then echo go1.24.0; else echo no >&2; exit 1; fi'
    )
    with pytest.raises(GoProgramMissing, match="could not build toxiproxy:\nno"):
        obtain(TOXIPROXY)
    assert not TOXIPROXY.path.exists()


@pytest.mark.usefixtures("tools")
def test_a_program_is_built_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend_go(
        tmp_path,
        monkeypatch,
        f"""if [ "$1" = env ]; then echo go1.24.0; exit; fi
        echo built >> {tmp_path}/builds
        while [ "$1" != -o ]; do shift; done
        touch "$2" """,
    )
    assert obtain(TOXIPROXY) == obtain(TOXIPROXY)
    assert (tmp_path / "builds").read_text() == "built\n"


def test_another_package_or_other_tags_are_another_program() -> None:
    assert GoProgram("ferretdb", ".").path != FERRETDB.path


def test_what_was_built_runs() -> None:
    try:
        program = obtain(TOXIPROXY)
    except GoProgramMissing as error:
        pytest.skip(str(error))
    told = subprocess.run([program, "-help"], capture_output=True, text=True, check=False)
    assert "host for toxiproxy's api" in told.stderr.lower()
