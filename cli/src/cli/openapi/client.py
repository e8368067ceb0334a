"""The files that follow from the services: the document, and the generated part of the client."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from cli.openapi.document import document, written
from cli.openapi.models import models, unified
from cli.openapi.operations import operations
from cli.openapi.resources import ASYNCHRONOUS, SYNCHRONOUS, resources

DOCUMENT = Path("clients/openapi.json")
GENERATED = Path("clients/python/src/meridian_client/generated")


def files() -> dict[Path, str]:
    """What each of them should hold; their paths begin at the checkout."""
    made = document()
    one = unified(made)
    found = operations(one)
    modules = {
        "models.py": models(one),
        "asynchronous.py": resources(found, ASYNCHRONOUS),
        "synchronous.py": resources(found, SYNCHRONOUS),
    }
    formatted = {GENERATED / name: _formatted(text, name) for name, text in modules.items()}
    return {DOCUMENT: written(made), **formatted}


def stale(root: Path) -> Iterator[tuple[Path, str]]:
    """The files below `root` that hold something else, with what they should."""
    for path, text in files().items():
        place = root / path
        if not place.exists() or place.read_text(encoding="utf-8") != text:
            yield place, text


def _formatted(text: str, name: str) -> str:
    """Python as the linters want it: imports without those that nothing uses, lines as long."""
    ruff = Path(sys.executable).with_name("ruff")
    place = ["--stdin-filename", str(GENERATED / name), "-"]
    for command in (["check", "--fix-only", "--select", "F401,I"], ["format"]):
        text = subprocess.run(
            [ruff, *command, "--quiet", *place],
            input=text,
            capture_output=True,
            text=True,
            check=True,
            cwd=Path(__file__).parents[4],
        ).stdout
    return text
