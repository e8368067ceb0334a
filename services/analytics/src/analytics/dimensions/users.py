"""The names of users."""

from __future__ import annotations

from typing import Any

from analytics.projection import Projection, Shape
from events.catalogue import USER
from events.directory import User

SHAPE = Shape("user_dimension", {"name": "text"})


def row(user: User) -> tuple[Any, ...]:
    return (user.name,)


USERS = Projection(USER, SHAPE, row)
