"""What a client has written and not yet seen in what other services answer."""

from __future__ import annotations

from collections.abc import Iterator

LONGEST_READ_AFTER = 4_000
"""Characters of one `Meridian-Read-After`: servers take about 8,000 for all headers."""


class WrittenTokens:
    """The newest `Meridian-Written` token of every record that was written."""

    def __init__(self) -> None:
        self._versions: dict[str, int] = {}

    def add(self, header: str | None) -> None:
        """Take the tokens of one answer: `topic/id@version[, ...]`, or None."""
        for subject, version in _tokens(header):
            self._versions[subject] = max(version, self._versions.get(subject, 0))

    def headers(self) -> Iterator[str]:
        """All tokens, in as few `Meridian-Read-After` values as their length allows."""
        tokens = [f"{subject}@{version}" for subject, version in self._versions.items()]
        start, length = 0, 0
        for index, token in enumerate(tokens):
            if length + len(token) > LONGEST_READ_AFTER:
                yield ", ".join(tokens[start:index])
                start, length = index, 0
            length += len(token) + 2
        if tokens:
            yield ", ".join(tokens[start:])

    def seen(self, header: str) -> None:
        """What these tokens name has been read; what was written meanwhile has not."""
        for subject, version in _tokens(header):
            if self._versions.get(subject) == version:
                del self._versions[subject]

    def __len__(self) -> int:
        return len(self._versions)


def _tokens(header: str | None) -> Iterator[tuple[str, int]]:
    for token in (header or "").split(","):
        subject, at, version = token.strip().rpartition("@")
        if at and version.isdecimal():
            yield subject, int(version)
