"""Every query of users."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from asyncpg import Record
from asyncpg.exceptions import UniqueViolationError
from sqlalchemy import Boolean, Column, Text

from chassis.aggregates import AggregateStore
from chassis.database import Database
from chassis.journal import Step
from chassis.problems import Problem
from chassis.savings import begun
from chassis.schema import aggregate_table, metadata
from chassis.search import searchable
from chassis.transactions import Transaction
from events.catalogue import USER
from events.directory import Department, User
from gateway.directory.roles.rights import held_by
from gateway.directory.roles.store import in_use
from gateway.directory.users.user import Colleagues, LoginTaken, administers, folded

TABLE = aggregate_table(
    "users",
    metadata,
    Column("login", Text),
    Column("email", Text),
    Column("status", Text),
    Column("is_administrator", Boolean),
    Column("search", Text),
)


class UserStore(AggregateStore[User]):
    """Users; logins and e-mail addresses are unique in a tenant."""

    async def save(
        self,
        transaction: Transaction,
        verb: str,
        before: User | None,
        after: User,
        *,
        at: datetime | None = None,
    ) -> User:
        """As every aggregate's; raises `LoginTaken` for a login or address of another."""
        await begun(transaction.connection)
        try:
            return await super().save(transaction, verb, before, after, at=at)
        except UniqueViolationError as error:
            raise _taken() from error

    async def save_all(self, transaction: Transaction, steps: list[Step]) -> Mapping[UUID, Problem]:
        """As every aggregate's; raises `LoginTaken` for a login or address of another."""
        await begun(transaction.connection)
        try:
            return await super().save_all(transaction, steps)
        except UniqueViolationError as error:
            raise _taken() from error

    async def colleagues(self, transaction: Transaction) -> Colleagues:
        """What the rules need to know of all users and departments of the tenant."""
        rows = await transaction.connection.fetch(
            "select id, login, email, is_administrator from users where tenant = $1",
            transaction.tenant,
        )
        places = await transaction.connection.fetch(
            "select id from departments where tenant = $1", transaction.tenant
        )
        return Colleagues(
            logins={row["login"]: row["id"] for row in rows},
            emails={row["email"]: row["id"] for row in rows if row["email"] is not None},
            departments={row["id"] for row in places},
            administrators={row["id"] for row in rows if row["is_administrator"]},
            roles=await in_use(transaction.connection, transaction.tenant),
            held=held_by(transaction.identity),
        )

    async def standing(
        self, database: Database, tenant: UUID, user: UUID | None
    ) -> tuple[User, Department] | None:
        """A user and the department that the user works in; None for a stranger."""
        row = await database.pool.fetchrow(
            """select users.state as user, departments.state as department
               from users join departments
                    on departments.tenant = users.tenant and departments.id = users.department
               where users.tenant = $1 and users.id = $2""",
            tenant,
            user,
        )
        return self.placed(row) if row is not None else None

    def placed(self, row: Record) -> tuple[User, Department]:
        """The user and the department of a row that has the states of both."""
        department = msgspec.json.decode(row["department"], type=Department)
        return self.decode(row["user"]), department


def _taken() -> LoginTaken:
    # Taking turns leaves this to a bulk that hands a login from one user to another.
    return LoginTaken("another user has this login or e-mail address", field="login")


SEARCHED = ("name", "login", "email")


def columns(user: User) -> dict[str, Any]:
    """What queries filter and search users by."""
    return {
        "login": folded(user.login),
        "email": folded(user.email) if user.email is not None else None,
        "status": user.status,
        "is_administrator": administers(user),
        "search": searchable(user, SEARCHED),
    }


users = UserStore(
    USER,
    TABLE,
    state=User,
    resource="users",
    columns=columns,
    searched=SEARCHED,
    filters={"status": "status"},
)
