"""`./meridian` prepares the environment once, and again when what it is made from changes."""

import importlib.machinery
import importlib.util
import os
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from cli.local.home import checkout


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The script as a module, in a checkout of two members whose environment is made up."""
    module = load(checkout() / "meridian")
    for member in ("events", "services/sales"):
        folder = tmp_path / member
        folder.mkdir(parents=True)
        (folder / "pyproject.toml").write_text(f"# {member}\n")
    (tmp_path / "services" / "notes").mkdir()
    (tmp_path / "pyproject.toml").write_text('members = ["events", "services/*"]\n')
    (tmp_path / "requirements.lock").write_text("rich==15.0.0\n")
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    places = {
        "ROOT": tmp_path,
        "VENV": tmp_path / ".venv",
        "VENV_PYTHON": python,
        "STAMP": tmp_path / ".venv" / "meridian-stamp",
        "LOCK": tmp_path / "requirements.lock",
        "HOME": tmp_path / ".meridian",
        "TOOLS": tmp_path / ".meridian" / "tools",
    }
    for name, place in places.items():
        monkeypatch.setattr(module, name, str(place))
    places["STAMP"].write_text(module.fingerprint())
    return module


def load(path: Path) -> ModuleType:
    loader = importlib.machinery.SourceFileLoader("meridian_script", str(path))
    spec = importlib.util.spec_from_loader(loader.name, loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.dont_write_bytecode, before = True, sys.dont_write_bytecode
    loader.exec_module(module)
    sys.dont_write_bytecode = before
    return module


def test_an_environment_made_from_this_lock_is_used_as_it_is(script: Any) -> None:
    assert script.is_prepared()


def test_members_are_the_folders_with_a_pyproject(script: Any) -> None:
    assert [Path(folder).name for folder in script.members()] == ["events", "sales"]


@pytest.mark.parametrize(
    "changed", ["requirements.lock", "events/pyproject.toml", "services/sales/pyproject.toml"]
)
def test_a_changed_lock_or_member_prepares_it_anew(script: Any, changed: str) -> None:
    with (Path(script.ROOT) / changed).open("a") as file:
        file.write("# changed\n")
    assert not script.is_prepared()


def test_a_new_member_prepares_it_anew(script: Any) -> None:
    (Path(script.ROOT) / "services" / "notes" / "pyproject.toml").write_text("")
    assert not script.is_prepared()


def test_another_python_uses_the_environment_that_is_there(
    script: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "version", "3.99.0 (other)")
    assert script.is_prepared()


def test_a_moved_checkout_prepares_it_anew(script: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(script, "members", list)
    here = script.fingerprint()
    monkeypatch.setattr(script, "ROOT", "/elsewhere")
    assert script.fingerprint() != here


def test_where_the_home_cannot_be_written_downloads_stay_in_the_checkout(
    script: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("UV_CACHE_DIR", "PIP_NO_CACHE_DIR"):
        monkeypatch.setenv(name, "to be restored")
        monkeypatch.delenv(name)
    monkeypatch.setattr(os, "access", lambda _path, _mode: False)
    script.keep_downloads()
    assert os.environ["UV_CACHE_DIR"] == str(Path(script.HOME) / "cache")


def test_an_environment_whose_python_is_gone_is_made_anew(script: Any) -> None:
    Path(script.VENV_PYTHON).unlink()
    assert not script.is_prepared()


def test_without_pip_and_venv_it_says_what_to_install(
    script: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(script, "has_module", lambda _name: False)
    with pytest.raises(script.CannotPrepare, match="apt install python3-venv"):
        script.bring_uv()


def test_a_second_start_adds_less_than_a_tenth_of_a_second(script: Any) -> None:
    began = time.perf_counter()
    for _ in range(10):
        assert script.is_prepared()
    assert time.perf_counter() - began < 0.1


def test_it_ignores_other_peoples_modules(tmp_path: Path) -> None:
    (tmp_path / "typer.py").write_text("raise SystemExit('not ours')")
    done = subprocess.run(
        [checkout() / "meridian", "--help"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "PYTHONPATH": str(tmp_path)},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "The platform on this machine" in done.stdout
