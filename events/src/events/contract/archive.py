"""What is kept of the contract in version control, and the gate before it.

    events/src/events/schemas/<type>.json   each type's schema today, served
    events/src/events/asyncapi.json         the AsyncAPI document, served
    events/history/<type>/<n>.json          every version of a type's schema, without words
    events/golden/<type>/<n>/<name>.json    events as version n sent them
    events/golden/manifest.json             the SHA-256 of each golden event

The generated files follow from the types: `Archive.write` makes them. A schema
that differs in more than words becomes the next version of its history, if it is
compatible with all versions before; otherwise nothing is written. Golden events
are written by hand, once.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

from events.catalogue import AGGREGATES
from events.contract import asyncapi
from events.contract.evolution import bare, incompatibilities
from events.contract.schemas import Schema, document, event_types
from events.topics import Aggregate


class IncompatibleChange(Exception):
    """What has been published does not hold any more; `reasons` says each in a sentence."""

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__("\n".join(reasons))
        self.reasons = reasons


@dataclass(frozen=True, slots=True)
class Golden:
    """An event as it was sent once, under version `version` of the schema of its type."""

    type: str
    version: int
    name: str
    body: bytes

    def event(self) -> dict[str, Any]:
        decoded: dict[str, Any] = json.loads(self.body)
        return decoded


class Archive:
    """The committed files in `folder` (`events/` of a checkout), beside the types of today."""

    def __init__(self, folder: Path, aggregates: Sequence[Aggregate] = AGGREGATES) -> None:
        self._aggregates = aggregates
        self._package = folder / "src" / "events"
        self._history = folder / "history"
        self._golden = folder / "golden"

    # -- what is kept -------------------------------------------------------------

    def versions(self, type_name: str) -> list[Schema]:
        """Every committed version of a type's schema, the first one first."""
        paths = sorted((self._history / type_name).glob("*.json"), key=lambda path: int(path.stem))
        return [json.loads(path.read_bytes()) for path in paths]

    def golden(self) -> list[Golden]:
        """Every golden event, by type, version and name."""
        found = [
            Golden(path.parts[-3], int(path.parts[-2]), path.stem, path.read_bytes())
            for path in self._golden.glob("*/*/*.json")
        ]
        return sorted(found, key=lambda golden: (golden.type, golden.version, golden.name))

    def without_golden(self) -> list[str]:
        """`<type>/<n>` of every version of a type that no golden event shows."""
        shown = {(golden.type, golden.version) for golden in self.golden()}
        return [
            f"{type_name}/{version}"
            for type_name in sorted(self._published_types())
            for version in range(1, len(self.versions(type_name)) + 1)
            if (type_name, version) not in shown
        ]

    # -- the gate -----------------------------------------------------------------

    def broken(self) -> list[str]:
        """Everything that was published and does not hold any more; nothing, if all is well."""
        schemas = self._schemas()
        reasons: list[str] = []
        for type_name in sorted(schemas.keys() | self._published_types()):
            versions = self.versions(type_name)
            if type_name not in schemas:
                reasons.append(f"{type_name} was published and is gone")
                continue
            numbered = list(enumerate([*versions, bare(schemas[type_name])], start=1))
            for (n, earlier), (m, later) in combinations(numbered, 2):
                newer = "the new schema" if m > len(versions) else f"version {m}"
                reasons += [
                    f"{type_name}: {newer} against version {n}: {reason}"
                    for reason in incompatibilities(earlier, later)
                ]
        return [*reasons, *self._repartitioned(), *self._edited_golden()]

    def _published_types(self) -> set[str]:
        return {path.name for path in self._history.glob("*") if path.is_dir()}

    def _repartitioned(self) -> Iterator[str]:
        path = self._package / "asyncapi.json"
        was = asyncapi.partitions(json.loads(path.read_bytes())) if path.exists() else {}
        now = {aggregate.topic.name: aggregate.topic.partitions for aggregate in self._aggregates}
        for topic, partitions in was.items():
            if now.get(topic, partitions) != partitions:
                yield f"{topic} has {partitions} partitions for ever, not {now[topic]}"

    def _edited_golden(self) -> Iterator[str]:
        found = self._hashes()
        for path, digest in self._manifest().items():
            if path not in found:
                yield f"golden/{path} is gone"
            elif found[path] != digest:
                yield f"golden/{path} was edited"

    # -- what follows from the types ------------------------------------------------

    def stale(self) -> list[Path]:
        """The generated files that are not as they should be."""
        expected = self._expected()
        surplus = set((self._package / "schemas").glob("*.json")) - expected.keys()
        differing = {
            path
            for path, content in expected.items()
            if not path.exists() or path.read_bytes() != content
        }
        return sorted(surplus | differing)

    def write(self) -> list[Path]:
        """Write the generated files; returns those that changed.

        Raises `IncompatibleChange`, and then writes nothing.
        """
        if reasons := self.broken():
            raise IncompatibleChange(reasons)
        stale, expected = self.stale(), self._expected()
        for path in stale:
            if path in expected:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(expected[path])
            else:
                path.unlink()
        return stale

    def _expected(self) -> dict[Path, bytes]:
        files = {self._golden / "manifest.json": _json(self._hashes())}
        for type_name, schema in self._schemas().items():
            files[self._package / "schemas" / f"{type_name}.json"] = _json(schema)
            versions = self.versions(type_name)
            if not versions or versions[-1] != bare(schema):
                following = self._history / type_name / f"{len(versions) + 1}.json"
                files[following] = _json(bare(schema))
        examples = _newest(self.golden())
        files[self._package / "asyncapi.json"] = _json(
            asyncapi.document(self._aggregates, examples)
        )
        return files

    def _schemas(self) -> dict[str, Schema]:
        return {
            aggregate.type_of(verb): document(aggregate, verb)
            for aggregate, verb in event_types(self._aggregates)
        }

    def _hashes(self) -> dict[str, str]:
        return {
            f"{golden.type}/{golden.version}/{golden.name}.json": _digest(golden.body)
            for golden in self.golden()
        }

    def _manifest(self) -> dict[str, str]:
        path = self._golden / "manifest.json"
        manifest: dict[str, str] = json.loads(path.read_bytes()) if path.exists() else {}
        return manifest


def _newest(golden: Iterable[Golden]) -> dict[str, dict[str, Any]]:
    """The events of the newest version of each type, by name."""
    newest: dict[str, tuple[int, dict[str, Any]]] = {}
    for item in golden:
        version, events = newest.get(item.type, (0, {}))
        of_version = events if item.version == version else {}
        newest[item.type] = (item.version, of_version | {item.name: item.event()})
    return {type_name: events for type_name, (_, events) in newest.items()}


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _json(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode()
