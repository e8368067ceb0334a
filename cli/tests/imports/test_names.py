"""Logins made of names, and who stands under whom."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.imports.hierarchy import levels
from cli.imports.logins import Logins, login_of

NAMES = "abcdefgh"


@pytest.mark.parametrize(
    ("name", "login"),
    [
        ("Anna Snelling", "anna.snelling"),
        ("Mei-Mei Johns", "mei.mei.johns"),
        ("Щукина Юлия Ёлкина", "shchukina.yuliya.yolkina"),
        ("Объедков", "obedkov"),
        ("Léon O'Fabre", "leon.ofabre"),
        ("李雷", "user"),
    ],
)
def test_a_login_is_readable_ascii(name: str, login: str) -> None:
    assert login_of(name) == login


@given(st.text(max_size=300))
def test_any_name_has_a_login(name: str) -> None:
    assert re.fullmatch(r"[a-z0-9][a-z0-9.]{0,59}", login_of(name))


def test_namesakes_get_numbers() -> None:
    logins = Logins(["Jo.Ann", "someone"])
    assert [logins.give("Jo Ann") for _ in range(3)] == ["jo.ann2", "jo.ann3", "jo.ann4"]


@given(st.dictionaries(st.sampled_from(NAMES), st.none() | st.sampled_from(NAMES)))
def test_parents_come_before_children_and_circles_are_told(
    parents: dict[str, str | None],
) -> None:
    known = {name: parent if parent in parents else None for name, parent in parents.items()}
    ordered, circle = levels(known)
    flat = [name for level in ordered for name in level]
    assert sorted(flat) == sorted(known)
    depth = {name: index for index, level in enumerate(ordered) for name in level}
    for name, parent in known.items():
        assert (name in circle) == _leads_back(name, known)
        if parent is not None and name not in circle:
            assert depth[parent] == depth[name] - 1


def _leads_back(name: str, parents: dict[str, str | None]) -> bool:
    above = parents[name]
    for _ in NAMES:
        if above is None:
            return False
        if above == name:
            return True
        above = parents[above]
    return False
