"""Each connection is a file to the system, which lets a process have 1,024 unless it asks."""

from __future__ import annotations

import logging
import resource

log = logging.getLogger(__name__)

_OTHERS = 512
"""Files, and connections to services and the database."""


def make_room(connections: int) -> None:
    """Ask for so many connections; what the system refuses is told."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + _OTHERS
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    if most < wanted:
        log.warning("%d files may be open, for %d connections", most, connections)
