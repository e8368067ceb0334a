"""All checks together."""

from __future__ import annotations

from collections.abc import Sequence

from cli.torture.checks.commands import (
    acknowledged_is_stored,
    answered_as_it_happened,
    happened_at_most_once,
    nobody_met_a_bug,
)
from cli.torture.checks.delivery import (
    every_consumer_has_applied,
    nothing_waits,
    the_broker_has_the_last_word,
)
from cli.torture.checks.journals import tables_are_the_last_version, versions_are_contiguous
from cli.torture.checks.projections import department_replicas_are_a_fold, projections_are_a_fold
from cli.torture.checks.reactions import (
    every_lead_became_a_deal_once,
    every_tenant_began_with_a_pipeline,
)
from cli.torture.checks.sessions import no_edit_is_lost, reads_see_what_was_acknowledged
from cli.torture.checks.violation import Check, Violation
from cli.torture.evidence import Evidence
from cli.torture.history import Operation

CHECKS: tuple[Check, ...] = (
    acknowledged_is_stored,
    happened_at_most_once,
    answered_as_it_happened,
    nobody_met_a_bug,
    versions_are_contiguous,
    tables_are_the_last_version,
    every_consumer_has_applied,
    nothing_waits,
    the_broker_has_the_last_word,
    every_lead_became_a_deal_once,
    every_tenant_began_with_a_pipeline,
    projections_are_a_fold,
    department_replicas_are_a_fold,
    no_edit_is_lost,
    reads_see_what_was_acknowledged,
)


def judged(history: Sequence[Operation], evidence: Evidence) -> list[Violation]:
    """Everything that is wrong, of all checks."""
    return [violation for check in CHECKS for violation in check(history, evidence)]
