"""Logs, traces and metrics: one vocabulary for every service.

Logs are one JSON object a line and never hold personal data. Metrics are
Prometheus's; traces go out by OTLP when an endpoint is set.
"""

from __future__ import annotations

import logging
import random
import sys
from collections.abc import Iterable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

import msgspec
from opentelemetry import baggage, context, propagate, trace
from prometheus_client import Counter, Gauge, Histogram

tracer = trace.get_tracer("meridian")

REQUESTS = Histogram(
    "meridian_http_request_seconds",
    "Time to answer an HTTP request",
    ("service", "method", "route", "status"),
)
OUTBOX_ROWS = Gauge("meridian_relay_lag_rows", "Events not yet acknowledged", ("service",))
OUTBOX_SECONDS = Gauge(
    "meridian_relay_lag_seconds", "Age of the oldest event not yet acknowledged", ("service",)
)
RELAYED = Counter("meridian_relay_events_total", "Events acknowledged by the broker", ("service",))
OWNED_SLOTS = Gauge("meridian_relay_owned_slots", "Slots whose lease is held here", ("service",))
APPLIED = Counter("meridian_consumer_events_total", "Events applied", ("consumer",))
PARKED = Gauge("meridian_consumer_parked_keys", "Keys that wait for an operator", ("consumer",))
PROJECTION_AGE = Gauge(
    "meridian_projection_age_seconds", "How far a projection is behind", ("consumer",)
)

DIFFERENCES = Gauge(
    "meridian_reconciliation_differences",
    "Keys and rows that differ from what was journalled, as last compared",
    ("consumer", "verdict"),
)
RECONCILED_AGE = Gauge(
    "meridian_reconciliation_age_seconds",
    "Since when nothing is proven: age of the last full comparison",
    ("consumer",),
)
RECONCILED_ROWS = Counter(
    "meridian_reconciliation_rows_total", "Rows read to reconcile", ("service",)
)
RECONCILIATION_RECORDS = Counter(
    "meridian_reconciliation_records_total", "Records sent to reconcile", ("service", "kind")
)
RECONCILIATION_IGNORED = Counter(
    "meridian_reconciliation_ignored_total", "Records that could not be understood", ("service",)
)


class RequestTimes:
    """`REQUESTS` of one service."""

    def __init__(self, service: str) -> None:
        self._service = service
        # `labels` costs more than what it is asked for; there are few of them.
        self._series: dict[tuple[str, str, int], Histogram] = {}

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        key = (method, route, status)
        series = self._series.get(key)
        if series is None:
            series = REQUESTS.labels(self._service, method, route, str(status))
            self._series[key] = series
        series.observe(seconds)


_PLAIN = set(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, logger, message, trace id, extras."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self.service = service

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "service": self.service,
            "logger": record.name,
            "message": record.getMessage(),
        }
        span = trace.get_current_span().get_span_context()
        if span.is_valid:
            entry["trace_id"] = f"{span.trace_id:032x}"
        entry.update({k: str(v) for k, v in record.__dict__.items() if k not in _PLAIN})
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return msgspec.json.encode(entry).decode()


def configure(service: str, level: str, otlp_endpoint: str | None) -> None:
    """Set up logging and tracing for this process."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines(service))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for noisy in ("aiokafka", "faststream", "uvicorn.access"):
        logging.getLogger(noisy).setLevel(logging.ERROR)
    # Without a place to send them nothing is recorded; ids are made and go on all the same.
    trace.set_tracer_provider(_sending(service, otlp_endpoint) if otlp_endpoint else _Unsent())


def _sending(service: str, otlp_endpoint: str) -> trace.TracerProvider:
    """What records spans and sends them to `otlp_endpoint`."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.sdk.trace.sampling import DEFAULT_ON

    resource = Resource.create({"service.name": f"meridian-{service}"})
    provider = TracerProvider(sampler=DEFAULT_ON, resource=resource)
    exporter = OTLPSpanExporter(endpoint=f"{otlp_endpoint.rstrip('/')}/v1/traces")
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider


class _Unsent(trace.NoOpTracerProvider):
    """Has spans that are nothing but their ids."""

    def get_tracer(self, *_: Any, **__: Any) -> trace.Tracer:
        return _Numbering()


class _Numbering(trace.NoOpTracer):
    """Gives ids as the SDK does where nothing is sampled, in a fraction of its steps."""

    _RANDOM = trace.TraceFlags(trace.TraceFlags.RANDOM_TRACE_ID)

    def start_span(
        self,
        name: str,  # noqa: ARG002 - nobody is told
        context: context.Context | None = None,
        *_: Any,
        **__: Any,
    ) -> trace.Span:
        above = trace.get_current_span(context).get_span_context()
        # Zero is no id.
        id = random.getrandbits(64) or 1
        if not above.is_valid:
            new = trace.SpanContext(random.getrandbits(128) or 1, id, False, self._RANDOM)
        else:
            flags = trace.TraceFlags(above.trace_flags & self._RANDOM)
            new = trace.SpanContext(above.trace_id, id, False, flags, above.trace_state)
        return trace.NonRecordingSpan(new)


def traceparent() -> str | None:
    """The current span as a W3C `traceparent`, None outside a trace."""
    span = trace.get_current_span().get_span_context()
    return _written(span) if span.is_valid else None


def _written(span: trace.SpanContext) -> str:
    return f"00-{span.trace_id:032x}-{span.span_id:016x}-{span.trace_flags:02x}"


def trace_fields() -> dict[str, str]:
    """The header fields by which the trace goes on elsewhere."""
    here = context.get_current()
    span = trace.get_current_span(here).get_span_context()
    # With nothing in the context but the span there is no baggage.
    if span.is_valid and not span.trace_state and (len(here) == 1 or not baggage.get_all(here)):
        return {"traceparent": _written(span)}
    fields: dict[str, str] = {}
    propagate.inject(fields)
    return fields


class RequestSpan:
    """A span around a request, which goes on with the trace that its header fields name.

    A context manager of few steps: every request of every service passes here.
    """

    _FIELDS = frozenset(field.encode() for field in ("traceparent", "tracestate", "baggage"))

    # A request begins a trace where it is told of none.
    _NOTHING = context.Context()

    def __init__(self, name: str, headers: Iterable[tuple[bytes, bytes]]) -> None:
        told = {
            field.decode(): value.decode("latin-1")
            for field, value in headers
            if field in self._FIELDS
        }
        parent = propagate.extract(told) if told else self._NOTHING
        self._span = tracer.start_span(name, parent)
        self._context = trace.set_span_in_context(self._span, parent)

    def __enter__(self) -> None:
        self._token = context.attach(self._context)

    def __exit__(
        self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None
    ) -> None:
        context.detach(self._token)
        if isinstance(error, Exception):
            self._span.record_exception(error)
            self._span.set_status(trace.StatusCode.ERROR, str(error))
        self._span.end()


def continuing(parent: str | None, name: str) -> AbstractContextManager[trace.Span]:
    """A span `name` that goes on with the trace of `parent`, a `traceparent` or None."""
    parent_context = propagate.extract({"traceparent": parent}) if parent else None
    return tracer.start_as_current_span(name, context=parent_context)
