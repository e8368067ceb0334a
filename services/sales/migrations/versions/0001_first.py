"""The first tables of sales."""

from alembic import op

from chassis import schema

revision = "0001"
down_revision = None


# Beside the indexes that every aggregate has. Whether open deals stand in a stage is
# asked whenever a pipeline changes; a customer's deals whenever somebody looks at one.
AGGREGATES = (
    *schema.create_aggregate(
        "pipeline", "is_default boolean not null", "is_active boolean not null", search=True
    ),
    # Deferred: the former default gives way in a statement after that of its successor.
    """alter table pipeline add constraint pipeline_one_default
       exclude using btree (tenant with =) where (is_default) deferrable initially deferred""",
    *schema.create_aggregate("product", "category text", "is_active boolean not null", search=True),
    *schema.create_aggregate(
        "reason",
        "outcome text not null",
        "code text not null",
        "is_active boolean not null",
        search=True,
    ),
    *schema.create_aggregate(
        "deal",
        "pipeline uuid not null",
        "stage uuid not null",
        "status text not null",
        "customer uuid",
        search=True,
    ),
    "create index on deal (tenant, pipeline, status, id)",
    "create index on deal (tenant, stage, status, id)",
    "create index on deal (tenant, customer, id) where customer is not null",
)


def upgrade() -> None:
    for statement in (*schema.V1, *AGGREGATES):
        op.execute(statement)
