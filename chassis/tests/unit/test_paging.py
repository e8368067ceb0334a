"""Lists refuse what they do not understand, and their cursors lead on."""

from uuid import UUID

import pytest

from chassis.paging import PageRequest
from chassis.problems import InvalidRequest

IDS = [UUID(int=n) for n in range(9, 0, -1)]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "501"}, "limit"),
        ({"limit": "ten"}, "limit"),
        ({"limit": "٣"}, "limit"),
        ({"cursor": "nonsense"}, "cursor"),
        ({"cursor": "абв"}, "cursor"),
        ({"cursor": "AAAA!AAAAAAAAAAAAAAAAAAA=="}, "cursor"),
    ],
)
def test_a_wrong_parameter_is_named(query: dict[str, str], field: str) -> None:
    with pytest.raises(InvalidRequest) as raised:
        PageRequest.parse(query)
    assert raised.value.field == field


def test_a_full_page_leads_to_the_next() -> None:
    first = PageRequest.parse({"limit": "3"})
    page = first.of([(id, f'"{id}"') for id in IDS[:4]])
    assert len(page.states) == 3
    assert page.next_cursor is not None
    following = PageRequest.parse({"limit": "3", "cursor": page.next_cursor})
    assert following.after == IDS[2]


def test_the_last_page_leads_nowhere() -> None:
    page = PageRequest.parse({"limit": "3"}).of([(id, "{}") for id in IDS[:3]])
    assert page.next_cursor is None
    assert page.json() == b'{"items":[{},{},{}],"next_cursor":null}'
