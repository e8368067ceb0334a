"""One service as a forked child of the supervisor."""

import importlib
import os
import signal
import sys
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from cli.local.plan import ServiceProcess
from cli.local.processes import die_with_parent, name_process


def fork_service(
    process: ServiceProcess,
    program: str,
    *,
    log: Path,
    env: Mapping[str, str],
    close: Sequence[int],
) -> int:
    """Run `main` of the module `program` in a new process of its own session; return its PID.

    The child keeps the modules this process has loaded, but of its file descriptors only the
    log; `close` names those it must not hold.
    """
    parent = os.getpid()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        _become(process, program, parent, log, env, close)
    return pid


def _become(
    process: ServiceProcess,
    program: str,
    parent: int,
    log: Path,
    env: Mapping[str, str],
    close: Sequence[int],
) -> NoReturn:
    # os._exit on every way out: the supervisor's own clean-up must not run here.
    code = 1
    try:
        die_with_parent(signal.SIGKILL, parent)
        os.setsid()
        name_process(f"meridian:{process.name}")
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        for descriptor in close:
            os.close(descriptor)
        _redirect(log)
        os.environ.clear()
        os.environ.update(env)
        arguments = ["serve", "--role", process.role, "--migrate"]
        sys.argv = [process.service, *arguments]
        code = importlib.import_module(program).main(arguments)
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    except BaseException:  # noqa: BLE001 - it ends here, told in the log
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code or 0)


def _redirect(log: Path) -> None:
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(output)
    os.close(nothing)
