"""As whom PostgreSQL runs: as ourselves, or as `nobody` when we are root, which it refuses."""

import os
import pwd
import shutil
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

# Bits of CapEff in /proc/self/status, in the order in which we would lend them.
_CAPABILITIES_TO_REACH = (("dac_read_search", 2), ("dac_override", 1))
_SETPCAP = 8


class NoServerAccount(RuntimeError):
    """PostgreSQL refuses to run as root, and no other account could be used."""


@dataclass(frozen=True, slots=True)
class ServerAccount:
    """The account of the database server and what to put before its commands."""

    prefix: tuple[str, ...] = ()
    uid: int | None = None
    gid: int | None = None

    def own(self, folder: Path) -> None:
        """Create `folder` for this account alone."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.uid is not None and self.gid is not None:
            os.chown(folder, self.uid, self.gid)


def server_account(reached: Sequence[Path], death_signal: str | None = None) -> ServerAccount:
    """Return the account for a server that must reach the folders `reached`.

    As root this is `nobody`. Where a folder lies below a private one (a checkout in /root), the
    server is lent the one capability to pass through it: no permission is loosened. It gets
    `death_signal` (such as `int`) when our process ends.
    Raises NoServerAccount when it cannot be done, with what to do instead.
    """
    if os.geteuid() != 0:
        return ServerAccount()
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise NoServerAccount(
            "PostgreSQL does not run as root and `setpriv` (package util-linux) is missing: "
            "install it, or run ./meridian as another user"
        )
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        raise NoServerAccount(
            "PostgreSQL does not run as root and this system has no user `nobody`: "
            "run ./meridian as another user"
        ) from None
    prefix = [setpriv, f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups"]
    if not all(_open_to_all(folder) for folder in reached):
        capability = _capability_to_reach(reached)
        prefix += [f"--inh-caps=+{capability}", f"--ambient-caps=+{capability}"]
        # PostgreSQL asks access(2) about its own files, which otherwise forgets capabilities.
        prefix.append("--securebits=+no_setuid_fixup")
    if death_signal is not None:
        # Ours would be undone by the change of user; setpriv asks after it.
        prefix.append(f"--pdeathsig={death_signal}")
    return ServerAccount(tuple(prefix), nobody.pw_uid, nobody.pw_gid)


def _open_to_all(folder: Path) -> bool:
    """Tell whether everyone may pass through all folders above `folder`."""
    return all(above.stat().st_mode & stat.S_IXOTH for above in folder.resolve().parents)


def _capability_to_reach(reached: Sequence[Path]) -> str:
    effective = 0
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("CapEff:"):
            effective = int(line.split()[1], 16)
    for name, bit in _CAPABILITIES_TO_REACH:
        if effective & (1 << bit) and effective & (1 << _SETPCAP):
            return name
    private = next(folder for folder in reached if not _open_to_all(folder))
    raise NoServerAccount(
        f"PostgreSQL runs as `nobody` here and cannot reach {private}, and this root has no "
        "capability to lend it: use a folder that everyone may pass through, "
        "or run ./meridian as another user"
    )
