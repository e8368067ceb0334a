"""Load what every service imports once, before they are forked: they share the memory."""

import gc
import importlib
import pkgutil
import threading
from collections.abc import Callable, Iterator

# Importing these costs most of a service's start and of its memory.
LIBRARIES = (
    "aiohttp",
    "aiokafka",
    "alembic.command",
    "alembic.config",
    "asyncpg",
    "cryptography.hazmat.primitives.asymmetric.ec",
    "cryptography.hazmat.primitives.asymmetric.ed25519",
    "cryptography.hazmat.primitives.asymmetric.rsa",
    "fastapi",
    "fastapi.openapi.utils",
    "faststream.kafka",
    "httptools",
    "jwt",
    "msgspec.json",
    "opentelemetry.exporter.otlp.proto.http.trace_exporter",
    "opentelemetry.sdk.trace.export",
    "prometheus_client",
    "pydantic_settings",
    "sqlalchemy.dialects.postgresql.asyncpg",
    "sqlalchemy.ext.asyncio",
    "uuid_utils",
    "uvicorn.lifespan.on",
    "uvicorn.protocols.http.httptools_impl",
    "uvloop",
    "zoneinfo",
)
OURS = ("events", "chassis")


def preload(go_on: Callable[[], bool]) -> list[str]:
    """Import the libraries and our shared packages; freeze them for the garbage collector.

    Stops early when `go_on` says no. Returns a sentence for each that could not be imported: the
    service that needs it will say more when it starts.
    """
    failures = []
    for name in (*LIBRARIES, *_modules_of_ours()):
        if not go_on():
            break
        try:
            importlib.import_module(name)
        except Exception as error:  # noqa: BLE001 - any module may fail in any way
            failures.append(f"{name} is not preloaded: {error!r}")
    if threading.active_count() > 1:
        threads = ", ".join(thread.name for thread in threading.enumerate())
        failures.append(f"preloading started threads, which do not survive a fork: {threads}")
    gc.collect()
    # A collection in a child would write to every object's header and so copy every page.
    gc.freeze()
    return failures


def _modules_of_ours() -> Iterator[str]:
    for name in OURS:
        yield name
        package = importlib.import_module(name)
        for module in pkgutil.walk_packages(package.__path__, prefix=f"{name}."):
            if not module.name.endswith("__main__"):
                yield module.name
