"""Alembic's entry: the chassis knows how to run migrations."""

from chassis.migrations import run

run()
