"""`python -m gateway serve --role api|worker|all [--migrate]` and `python -m gateway migrate`."""

from __future__ import annotations

import sys

from chassis.service import run
from gateway.app import SERVICE


def main(argv: list[str] | None = None) -> int:
    return run(SERVICE, sys.argv[1:] if argv is None else argv)


if __name__ == "__main__":
    sys.exit(main())
