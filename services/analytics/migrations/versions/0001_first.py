"""The first tables of analytics: facts with an owner and a department each, dimensions by id."""

from alembic import op

from chassis import schema

revision = "0001"
down_revision = None

FACTS = {
    "deal_fact": """
        pipeline uuid not null,
        stage uuid not null,
        status text not null,
        customer uuid,
        amount numeric,
        currency text,
        started_on date,
        closed_on date,
        expected_close_on date,
        reason uuid,
        channel uuid,
        campaign uuid,
        lead uuid,
        entered_stages uuid[] not null,
        entered_on date[] not null,
        line_products uuid[] not null,
        line_quantities numeric[] not null,
        line_prices numeric[] not null""",
    "spend_fact": """
        campaign uuid not null,
        channel uuid not null,
        day date not null,
        amount numeric not null,
        currency text not null""",
    "lead_fact": """
        campaign uuid,
        channel uuid,
        status text not null,
        captured_at timestamptz not null""",
    "touch_fact": """
        channel text not null,
        status text not null,
        planned_for timestamptz,
        done_at timestamptz,
        duration_minutes integer""",
}

DIMENSIONS = {
    "tenant_dimension": "name text not null, currency text not null",
    "department_dimension": "name text not null",
    "user_dimension": "name text not null",
    "customer_dimension": "type text not null, name text not null",
    "product_dimension": "name text not null, cost numeric, cost_currency text",
    "reason_dimension": "outcome text not null, code text not null, name text not null",
    "channel_dimension": "name text not null",
    "campaign_dimension": "name text not null, channel uuid not null",
    "pipeline_dimension": """
        name text not null,
        stages uuid[] not null,
        stage_names text[] not null,
        probabilities smallint[] not null""",
}


def upgrade() -> None:
    for statement in schema.V1:
        op.execute(statement)
    for name, columns in FACTS.items():
        op.execute(
            f"""create table {name} (
                tenant uuid not null,
                id uuid not null,
                version bigint not null,
                owner uuid,
                department uuid,
                {columns},
                primary key (tenant, id)
            ) with (fillfactor = 85)"""
        )
        # What access reaches ask for; a whole tenant is the primary key's beginning.
        op.execute(f"create index on {name} (tenant, owner)")
        op.execute(f"create index on {name} (tenant, department)")
    for name, columns in DIMENSIONS.items():
        op.execute(
            f"""create table {name} (
                tenant uuid not null,
                id uuid not null,
                version bigint not null,
                {columns},
                primary key (tenant, id)
            )"""
        )
    op.execute(
        """create view stage_dimension as
           select p.tenant, p.id as pipeline, p.name as pipeline_name,
                  s.id, s.name, s.probability, s.position::integer as position
           from pipeline_dimension p
           cross join unnest(p.stages, p.stage_names, p.probabilities)
                with ordinality as s(id, name, probability, position)"""
    )
