"""Which port each process listens on, and who sits on one that is taken."""

import random
import socket
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass

import psutil

LOOPBACK = "127.0.0.1"

USUAL_PORTS: Mapping[str, int] = {
    "gateway": 8080,
    "contacts": 8101,
    "sales": 8102,
    "marketing": 8103,
    "analytics": 8104,
    "postgres": 5442,
    "broker": 9092,
    "controller": 9093,
}
FIRST_PORT_OF_OTHERS = 8105

# Below the range from which Linux takes the source ports of outgoing connections: a process that
# is killed and started again must find its port free.
FREE_RANGE = range(20_000, 32_000)


class NoFreePort(RuntimeError):
    """No port could be found to listen on."""


@dataclass(frozen=True, slots=True)
class TakenPort:
    """A wished port that somebody else listens on, and the one used instead."""

    process: str
    wished: int
    used: int
    holder: str | None

    def __str__(self) -> str:
        """Say it as a sentence for people."""
        by = f" by {self.holder}" if self.holder else ""
        return f"port {self.wished} ({self.process}) is taken{by}; using {self.used}"


def is_free(port: int) -> bool:
    """Tell whether a server could listen on `port` of the loopback address now."""
    with socket.socket() as probe:
        # As servers do: connections of a former owner that linger in TIME_WAIT do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def holder(port: int) -> str | None:
    """Return who listens on `port`, as `PID 123 (nginx)`; None when the system does not tell."""
    try:
        connections = psutil.net_connections(kind="tcp")
    except psutil.Error:
        return None
    for connection in connections:
        address = connection.laddr
        if connection.status != psutil.CONN_LISTEN or not address or address.port != port:
            continue
        if connection.pid is None:
            return "a process of another user"
        try:
            return f"PID {connection.pid} ({psutil.Process(connection.pid).name()})"
        except psutil.Error:
            return f"PID {connection.pid}"
    return None


def usual_ports(
    processes: Iterable[str], last_time: Mapping[str, int]
) -> tuple[dict[str, int], list[TakenPort]]:
    """Give each process the port of last time, else its usual one, else the next that is free.

    Returns the ports by process and a note for each wished port that somebody else holds.
    Raises NoFreePort when the hundred ports after a wished one are taken.
    """
    next_of_others = FIRST_PORT_OF_OTHERS
    wished: dict[str, int] = {}
    for process in processes:
        usual = USUAL_PORTS.get(process)
        if usual is None:
            usual = next_of_others
            next_of_others += 1
        wished[process] = last_time.get(process, usual)
    chosen: dict[str, int] = {}
    notes: list[TakenPort] = []
    for process, port in wished.items():
        used = port
        if port in chosen.values() or not is_free(port):
            # Not one that another process wishes: it would have to move in turn.
            used = _first_free(port, exclude={*wished.values(), *chosen.values()})
            notes.append(TakenPort(process, port, used, holder(port)))
        chosen[process] = used
    return chosen, notes


def any_ports(processes: Iterable[str]) -> dict[str, int]:
    """Give each process some free port: for platforms that run beside others, as in tests."""
    names = list(processes)
    free: list[int] = []
    for port in random.sample(FREE_RANGE, k=min(1_000, len(FREE_RANGE))):
        if len(free) == len(names):
            break
        if is_free(port):
            free.append(port)
    if len(free) < len(names):
        raise NoFreePort(f"no {len(names)} free ports between {FREE_RANGE[0]} and {FREE_RANGE[-1]}")
    return dict(zip(names, free, strict=True))


def _first_free(wished: int, exclude: Set[int]) -> int:
    for port in range(wished, wished + 100):
        if port not in exclude and is_free(port):
            return port
    raise NoFreePort(f"ports {wished} to {wished + 99} are all taken")
