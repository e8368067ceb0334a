"""Problems as HTTP answers."""

from __future__ import annotations

import msgspec
from opentelemetry import trace
from starlette.responses import Response

from chassis.problems import Problem


def problem_response(problem: Problem) -> Response:
    """The problem as an RFC 9457 answer, with the trace's id."""
    document = problem.document()
    span = trace.get_current_span().get_span_context()
    if span.is_valid:
        document["traceId"] = f"{span.trace_id:032x}"
    return Response(
        msgspec.json.encode(document),
        problem.status,
        problem.headers,
        media_type="application/problem+json",
    )
