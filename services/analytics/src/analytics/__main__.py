"""`python -m analytics serve --role api|worker|all [--migrate]`, `python -m analytics migrate`."""

from __future__ import annotations

import sys

from analytics.app import SERVICE
from chassis.service import run


def main(argv: list[str] | None = None) -> int:
    return run(SERVICE, sys.argv[1:] if argv is None else argv)


if __name__ == "__main__":
    sys.exit(main())
