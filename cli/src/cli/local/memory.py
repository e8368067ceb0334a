"""How much memory the platform takes, shared pages counted once among those who share them."""

from dataclasses import dataclass

import psutil

from cli.local.state import PlatformState


@dataclass(frozen=True, slots=True)
class TreeMemory:
    """A process with all its descendants; `pss` is their proportional set size in bytes."""

    pss: int
    processes: int


def memory_by_process(state: PlatformState) -> dict[str, TreeMemory]:
    """Return the memory of each process that runs, and of the `supervisor` by itself."""
    measured = {
        name: _tree(process.pid)
        for name, process in state.processes.items()
        if process.pid is not None
    }
    measured["supervisor"] = TreeMemory(_pss(state.pid), 1)
    return measured


def _tree(pid: int) -> TreeMemory:
    try:
        family = [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]
    except psutil.Error:
        return TreeMemory(0, 0)
    return TreeMemory(sum(_pss(member) for member in family), len(family))


def _pss(pid: int) -> int:
    """Return the bytes, 0 for a process that has ended or that we may not look into."""
    try:
        return int(psutil.Process(pid).memory_full_info().pss)
    except psutil.Error:
        return 0
