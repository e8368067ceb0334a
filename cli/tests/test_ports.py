"""A taken port is named, and another is used."""

import os
import socket
from collections.abc import Iterator

import pytest

from cli.local.ports import (
    FREE_RANGE,
    LOOPBACK,
    USUAL_PORTS,
    any_ports,
    holder,
    is_free,
    usual_ports,
)


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind((LOOPBACK, 0))
        listener.listen()
        yield listener.getsockname()[1]


@pytest.fixture
def nothing_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.local.ports.is_free", lambda _port: True)


def test_a_port_somebody_listens_on_is_not_free(taken: int) -> None:
    assert not is_free(taken)


def test_the_holder_of_a_port_is_named_with_its_pid(taken: int) -> None:
    said = holder(taken)
    assert said is not None
    assert said.startswith(f"PID {os.getpid()} (")


def test_nobody_holds_a_free_port() -> None:
    assert holder(any_ports(["probe"])["probe"]) is None


@pytest.mark.usefixtures("nothing_is_taken")
def test_every_process_gets_its_usual_port() -> None:
    chosen, notes = usual_ports(USUAL_PORTS, last_time={})
    assert chosen == USUAL_PORTS
    assert notes == []


def test_instead_of_a_taken_port_the_next_free_one_is_used_and_said(taken: int) -> None:
    chosen, notes = usual_ports(["gateway"], last_time={"gateway": taken})
    assert chosen["gateway"] > taken
    assert is_free(chosen["gateway"])
    assert str(notes[0]).startswith(f"port {taken} (gateway) is taken by PID {os.getpid()} (")
    assert str(notes[0]).endswith(f"using {chosen['gateway']}")


@pytest.mark.usefixtures("nothing_is_taken")
def test_the_port_of_last_time_is_used_again() -> None:
    chosen, notes = usual_ports(["gateway", "sales"], last_time={"gateway": 8085})
    assert chosen == {"gateway": 8085, "sales": USUAL_PORTS["sales"]}
    assert notes == []


@pytest.mark.usefixtures("nothing_is_taken")
def test_no_port_is_given_twice() -> None:
    usual = USUAL_PORTS["contacts"]
    chosen, _ = usual_ports(["sales", "contacts"], last_time={"sales": usual})
    assert chosen == {"sales": usual, "contacts": usual + 1}


def test_who_must_move_does_not_make_others_move(monkeypatch: pytest.MonkeyPatch) -> None:
    contacts = USUAL_PORTS["contacts"]
    monkeypatch.setattr("cli.local.ports.is_free", lambda port: port != contacts)
    chosen, notes = usual_ports(USUAL_PORTS, last_time={})
    assert chosen["contacts"] not in USUAL_PORTS.values()
    assert [note.process for note in notes] == ["contacts"]


def test_free_ports_lie_outside_the_range_of_outgoing_connections() -> None:
    chosen = any_ports(["a", "b", "c"])
    assert len(set(chosen.values())) == 3
    assert all(port in FREE_RANGE and is_free(port) for port in chosen.values())
