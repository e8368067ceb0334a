"""Checks of our own that Schemathesis runs beside its own."""

from __future__ import annotations

from typing import Any

import schemathesis
from schemathesis import Case, CheckContext, Response

NOT_UNDERSTOOD = frozenset({"invalid-request", "malformed-request"})


@schemathesis.check
def well_formed_is_understood(_: CheckContext, response: Response, case: Case[Any]) -> None:
    """What the document allows is never called invalid: rules refuse it under their own names."""
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    if response.status_code not in (400, 422):
        return
    problem: dict[str, Any] = response.json()
    name = problem["type"].rpartition(":")[2]
    if name in NOT_UNDERSTOOD and not _is_excused(case, problem):
        raise AssertionError(f"{name} of {problem.get('field')}: {problem['detail']}")


def _is_excused(case: Case[Any], problem: dict[str, Any]) -> bool:
    if problem.get("field") == "cursor":
        # Only the answer before gives one.
        return True
    if case.path.endswith("/bulk") and "NUL" in problem["detail"]:
        # What is wrong with an item is told of it alone, so the document lets everything be one.
        return True
    # A patch may name a part of an object that the record has, and this one has not.
    return case.method == "PATCH" and "missing required field" in problem["detail"]
