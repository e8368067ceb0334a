"""Names are found as people type them."""

import pytest

from chassis.search import folded


@pytest.mark.parametrize(
    ("written", "typed"),
    [
        ("Алёна Фёдорова", "алена федорова"),
        ("Йошкар-Ола", "йошкар-ола"),
        ("Café  Zürich", "cafe zurich"),
        ("STRASSE", "straße"),
        ("Ｗｉｄｅ", "wide"),
    ],
)
def test_what_reads_alike_folds_alike(written: str, typed: str) -> None:
    assert folded([written]) == folded([typed])


def test_different_letters_stay_different() -> None:
    assert folded(["Йод"]) != folded(["Иод"])


def test_parts_are_joined_and_gaps_left_out() -> None:
    assert folded(["Иванов", None, "", "Иван"]) == "иванов иван"
