"""Whether the processes of a platform answer."""

import http.client
import time
from collections.abc import Callable, Sequence

from cli.local.plan import POSTGRES, Plan
from cli.local.ports import LOOPBACK

OnReady = Callable[[str, float], None]


class NotReady(RuntimeError):
    """Some processes did not become ready; the message names them and their logs."""


def answers_ready(port: int, timeout: float = 2.0) -> bool:
    """Tell whether the service on `port` answers 200 to GET /readyz within `timeout` seconds."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=timeout)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.client.OK
    except (TimeoutError, OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def is_ready(plan: Plan, process: str) -> bool:
    """Tell whether one process of the plan, a service or a server, is ready now."""
    if process == POSTGRES:
        return plan.postgres().is_ready()
    broker = plan.brokers().get(process)
    if broker is not None:
        return broker.is_ready()
    return answers_ready(plan.ports[process])


def wait_ready(
    plan: Plan,
    processes: Sequence[str],
    *,
    timeout: float,
    on_ready: OnReady | None = None,
    worth_waiting: Callable[[], bool] = lambda: True,
) -> float:
    """Wait until all `processes` are ready; return the seconds it took.

    `on_ready` is called with each name and its seconds as it becomes ready.
    Raises NotReady after `timeout` seconds, or when `worth_waiting` says no.
    """
    began = time.monotonic()
    waiting = list(processes)
    while waiting:
        for process in tuple(waiting):
            if is_ready(plan, process):
                waiting.remove(process)
                if on_ready is not None:
                    on_ready(process, time.monotonic() - began)
        elapsed = time.monotonic() - began
        if waiting and (elapsed > timeout or not worth_waiting()):
            logs = ", ".join(str(plan.folder.log(process)) for process in waiting)
            raise NotReady(f"not ready after {elapsed:.0f} s: {', '.join(waiting)}; see {logs}")
        if waiting:
            time.sleep(0.05)
    return time.monotonic() - began
