"""What a `Meridian-Read-After` names: what `Meridian-Written` answered, nothing else."""

from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.freshness import MOST_VERSIONS, AwaitedVersion, awaited
from chassis.problems import InvalidRequest
from chassis.transactions import Written
from events.topics import TOPICS


@given(
    st.lists(
        st.builds(
            Written,
            topic=st.sampled_from([topic.name for topic in TOPICS]),
            slot=st.just(0),
            subject=st.uuids(),
            version=st.integers(1, 10**18 - 1),
        ),
        max_size=20,
    )
)
def test_what_a_write_answers_is_what_a_read_awaits(written: list[Written]) -> None:
    header = ", ".join(version.token() for version in written)
    assert awaited(header) == [
        AwaitedVersion(version.topic, version.subject, version.version) for version in written
    ]


@pytest.mark.parametrize("header", ["", " ", ",", " , "])
def test_a_write_that_changed_nothing_leaves_nothing_to_wait_for(header: str) -> None:
    assert awaited(header) == []


@pytest.mark.parametrize(
    "header",
    [
        "7",
        "crm.sales.deal",
        "crm.sales.deal/7@1",
        f"crm.sales.deal/{UUID(int=7)}",
        f"crm.sales.deal/{UUID(int=7)}@",
        f"crm.sales.deal/{UUID(int=7)}@-1",
        f"crm.sales.deal/{UUID(int=7)}@٣",
        f"crm.sales.deal/{UUID(int=7)}@1 crm.sales.deal/{UUID(int=7)}@2",
        f"/{UUID(int=7)}@1",
        "crm.sales.deal/------------------------------------@1",
        f"crm.sales.deal/{UUID(int=7)}@{10**18}",
    ],
)
def test_what_no_write_answers_is_refused(header: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        awaited(header)
    assert caught.value.field == "Meridian-Read-After"


def test_a_topic_that_nobody_publishes_is_a_mistake_and_not_waited_for() -> None:
    with pytest.raises(InvalidRequest, match="is not what Meridian-Written answers"):
        awaited(f"crm.sales.dael/{uuid4()}@1")


def test_a_header_names_so_many_versions_at_the_most() -> None:
    token = f"crm.sales.deal/{uuid4()}@1"
    assert len(awaited(",".join([token] * MOST_VERSIONS))) == MOST_VERSIONS
    with pytest.raises(InvalidRequest, match="at most 500"):
        awaited(",".join([token] * (MOST_VERSIONS + 1)))
