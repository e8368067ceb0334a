"""The tables that every owner has in its own database, beside its aggregates.

`V1` is what a service's first migration executes; later changes of the chassis
come as `V2`, ... and a migration in every service; `CURRENT` is all of them. The
SQLAlchemy tables below describe the columns that reads compose with.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSON, TIMESTAMP

from chassis.seals import begin_sealing

metadata = MetaData()

department = Table(
    "department",
    metadata,
    Column("tenant", Uuid),
    Column("id", Uuid),
    Column("version", BigInteger),
    Column("path", Text),
    Column("time_zone", Text),
    PrimaryKeyConstraint("tenant", "id"),
)
"""Replica of the directory's departments: `path` is `/root/.../id/`, for access reaches."""

external_id = Table(
    "external_id",
    metadata,
    Column("tenant", Uuid),
    Column("aggregate", Text),
    Column("system", Text),
    Column("type", Text),
    Column("id", Text),
    Column("record", Uuid),
    PrimaryKeyConstraint("tenant", "aggregate", "system", "type", "id"),
)

journal = Table(
    "journal",
    metadata,
    Column("position", BigInteger),
    Column("tenant", Uuid),
    Column("topic", Text),
    Column("slot", Integer),
    Column("subject", Uuid),
    Column("version", BigInteger),
    Column("type", Text),
    Column("event", Uuid),
    Column("traceparent", Text),
    Column("body", JSON),
    Column("time", TIMESTAMP(timezone=True)),
    Column("recordedtime", TIMESTAMP(timezone=True)),
)


def aggregate_table(name: str, in_metadata: MetaData, *columns: Column[object]) -> Table:
    """A table of aggregates: what all of them have, and `columns` of its own.

    `state` is the whole state as JSON; `columns` repeat what is filtered,
    sorted or joined by, written from the state in the same statement.
    """
    return Table(
        name,
        in_metadata,
        Column("tenant", Uuid),
        Column("id", Uuid),
        Column("version", BigInteger),
        Column("owner", Uuid),
        Column("department", Uuid),
        Column("state", JSON),
        *columns,
        PrimaryKeyConstraint("tenant", "id"),
    )


def create_aggregate(name: str, *columns: str, search: bool = False) -> list[str]:
    """The DDL of an aggregate's table, with the indexes that access reaches need.

    `columns` are column definitions in SQL; `search` adds a folded text column
    `search` with a trigram index.
    """
    own = [*columns, *(["search text not null default ''"] if search else [])]
    statements = [
        f"""create table {name} (
            tenant uuid not null,
            id uuid not null,
            version bigint not null,
            owner uuid,
            department uuid,
            state json not null,
            {"".join(f"{column}, " for column in own)}
            primary key (tenant, id)
        ) with (fillfactor = 85)""",
        f"create index on {name} (tenant, owner, id)",
        f"create index on {name} (tenant, department, id)",
    ]
    if search:
        statements.append(f"create index on {name} using gin (search gin_trgm_ops)")
    return statements


V1: tuple[str, ...] = (
    "create extension if not exists pg_trgm",
    "create sequence journal_position",
    """create table journal (
        position bigint not null default nextval('journal_position'),
        tenant uuid not null,
        topic text not null,
        slot smallint not null,
        subject uuid not null,
        version bigint not null,
        type text not null,
        event uuid not null,
        traceparent text,
        body json not null,
        time timestamptz not null,
        recordedtime timestamptz not null default clock_timestamp(),
        primary key (position, recordedtime)
    ) partition by range (recordedtime)""",
    "create index on journal (recordedtime)",
    # PostgreSQL cannot keep (tenant, subject, version) unique across partitions:
    # each month keeps it for itself, and the version check of the aggregate's own
    # row, from whose RETURNING every journal row comes, keeps it across months.
    # The same index of each month is what finds the versions of a subject.
    """create function journal_months(ahead integer) returns void language plpgsql as $$
    declare
        month timestamptz;
        part text;
    begin
        for n in 0..ahead loop
            month := date_trunc('month', now() at time zone 'UTC') at time zone 'UTC'
                     + make_interval(months => n);
            part := 'journal_' || to_char(month at time zone 'UTC', 'YYYY_MM');
            if to_regclass(part) is null then
                execute format(
                    'create table %I partition of journal for values from (%L) to (%L)',
                    part, month, month + interval '1 month');
                execute format(
                    'create unique index on %I (tenant, subject, version)', part);
            end if;
        end loop;
    end $$""",
    "create table journal_other partition of journal default",
    "create unique index on journal_other (tenant, subject, version)",
    "select journal_months(3)",
    """create table outbox (
        position bigint primary key,
        topic text not null,
        slot smallint not null,
        recordedtime timestamptz not null
    ) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000)""",
    """create table relay_slot (
        topic text not null,
        slot smallint not null,
        owner uuid,
        until timestamptz not null default '-infinity',
        primary key (topic, slot)
    )""",
    """create table relay_member (
        id uuid primary key,
        until timestamptz not null
    )""",
    """create table generation (
        id text primary key,
        begun timestamptz not null default clock_timestamp()
    )""",
    """create table applied (
        consumer text not null,
        topic text not null,
        tenant uuid not null,
        key uuid not null,
        version bigint not null,
        primary key (consumer, topic, tenant, key)
    ) with (fillfactor = 80)""",
    """create table parked_key (
        consumer text not null,
        topic text not null,
        tenant uuid not null,
        key uuid not null,
        error text not null,
        gap boolean not null,
        since timestamptz not null default clock_timestamp(),
        primary key (consumer, topic, tenant, key)
    )""",
    """create table parked (
        consumer text not null,
        topic text not null,
        tenant uuid not null,
        key uuid not null,
        version bigint not null,
        body bytea not null,
        primary key (consumer, topic, tenant, key, version)
    )""",
    """create table discarded (
        consumer text not null,
        topic text not null,
        tenant uuid not null,
        key uuid not null,
        version bigint not null,
        body bytea not null,
        by text not null,
        reason text not null,
        discarded_at timestamptz not null default clock_timestamp(),
        primary key (consumer, topic, tenant, key, version)
    )""",
    """create table undecodable (
        consumer text not null,
        generation text not null,
        topic text not null,
        partition integer not null,
        kafka_offset bigint not null,
        value bytea,
        error text not null,
        parked_at timestamptz not null default clock_timestamp(),
        primary key (consumer, generation, topic, partition, kafka_offset)
    )""",
    """create table projection (
        consumer text not null,
        topic text not null,
        partition integer not null,
        as_of timestamptz not null,
        primary key (consumer, topic, partition)
    ) with (fillfactor = 50)""",
    """create table idempotency_key (
        tenant uuid not null,
        actor text not null,
        key text not null,
        request bytea not null,
        status smallint not null,
        headers json not null,
        body bytea not null,
        created timestamptz not null default now(),
        primary key (tenant, actor, key)
    )""",
    "create index on idempotency_key (created)",
    """create table external_id (
        tenant uuid not null,
        aggregate text not null,
        system text not null,
        type text not null,
        id text not null,
        record uuid not null,
        primary key (tenant, aggregate, system, type, id)
    )""",
    """create table department (
        tenant uuid not null,
        id uuid not null,
        version bigint not null,
        path text not null,
        time_zone text not null,
        primary key (tenant, id)
    )""",
    "create index on department (tenant, path text_pattern_ops)",
)

# How far the broker was seen to remember each slot, in which generation.
V2: tuple[str, ...] = (
    "alter table relay_slot add column generation text, add column high_water bigint",
)

V3: tuple[str, ...] = (
    # Whether the newest event that was applied told of a removal: then there is no row.
    "alter table applied add column removed boolean not null default false",
    *begin_sealing("department", ("tenant", "id", "version", "path", "time_zone")),
    """create table turn (
        name text primary key,
        holder uuid not null,
        until timestamptz not null
    )""",
    """create table reconciliation_wish (
        single boolean primary key default true check (single),
        wanted timestamptz not null
    )""",
    """create table reconciliation (
        consumer text not null,
        topic text not null,
        as_of timestamptz,
        compared timestamptz,
        granted timestamptz,
        hindrance text,
        keys bigint not null,
        found json not null,
        cost json not null,
        primary key (consumer, topic)
    )""",
    """create table difference (
        consumer text not null,
        topic text not null,
        place text not null,
        tenant uuid not null,
        key uuid not null,
        verdict text not null,
        expected bigint,
        version bigint,
        since timestamptz not null default clock_timestamp(),
        primary key (consumer, topic, place, tenant, key)
    )""",
    "create index on difference (tenant)",
)
"""Reconciliation: seals, whose turn it is, what was compared and what differed.

`place` is empty where `applied` differs from the owner's journal, else the table
whose row differs from `applied`.
"""

CURRENT: tuple[str, ...] = (*V1, *V2, *V3)
