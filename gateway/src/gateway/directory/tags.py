"""Skills as short tags: what people write in many ways is one tag."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Annotated

from msgspec import Meta

from chassis.problems import RuleBroken

LONGEST = 40

WrittenSkills = Annotated[
    tuple[Annotated[str, Meta(max_length=200)], ...],
    Meta(max_length=50, description="short tags; case, composition and blanks do not count"),
]
"""Skills as clients write them."""


class NoSkill(RuleBroken):
    title = "A skill is a short tag, without commas"


def tagged(written: Iterable[str]) -> tuple[str, ...]:
    """The skills as tags, each once, sorted; raises `NoSkill` for what is none."""
    return tuple(sorted({tag(text) for text in written}))


def tag(text: str) -> str:
    """One skill as a tag: `Оптовые  продажи` is `оптовые-продажи`."""
    made = "-".join(unicodedata.normalize("NFKC", text).casefold().split())
    if not 1 <= len(made) <= LONGEST or "," in made or not made.isprintable():
        raise NoSkill(f"{text!r} is none: 1 to {LONGEST} characters", field="skills")
    return made
