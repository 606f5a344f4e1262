"""A warm parent of the campaign's workers: loaded once, it forks a real Celery worker for each request.

Run as ``python -m tests.faults.worker``; requests come as lines of JSON on standard input, the pid of each worker goes
out the same way. A worker is the production worker (``marketplace.celery`` and its settings, late acknowledgement,
prefetch of one) that consumes from Redis; only that it was forked, and not started from cold, is the campaign's own.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import traceback
from pathlib import Path
from typing import Any

import django

django.setup()

from django.db import connections, transaction  # noqa: E402

from clearing.bank.services import allocate_pay_in  # noqa: E402
from clearing.invoices.services import issuing  # noqa: E402
from clearing.run.services import netting, posting  # noqa: E402
from clearing.run.services.cycles import close_cycle  # noqa: E402
from clearing.settlement import planning  # noqa: E402
from clearing.settlement.services.payments import report_failed_payment, retry_payment  # noqa: E402
from clearing.settlement.services.transfer_files import create_transfer_file  # noqa: E402
from marketplace.celery import app  # noqa: E402
from marketplace.kernel.actors import Actor  # noqa: E402
from marketplace.participants.models import Organisation  # noqa: E402
from tests.clearing.carrying_in import carry_in  # noqa: E402
from tests.faults.tripwire import Strike, Tripwire  # noqa: E402
from tests.participants.factories import actor_for  # noqa: E402

INVOICES_A_STEP = 9
"""Fewer than in production, so that the campaign's few invoices take several steps."""
PARTICIPANTS_A_CHUNK = 3
"""Fewer than in production, so that each step of a cycle takes several chunks."""


@transaction.atomic
def import_bank_statement(*, actor: Actor, content: bytes, file_name: str) -> None:
    """Upload, confirmation and import of a statement as one step, which commits once."""
    second = actor_for(Organisation.objects.get(is_operator=True), "usr_confirming")
    carry_in(actor, second, content, file_name=file_name)


COMMANDS = {
    command.__name__: command
    for command in (
        allocate_pay_in,
        close_cycle,
        create_transfer_file,
        import_bank_statement,
        report_failed_payment,
        retry_payment,
    )
}

WIRES: list[Tripwire] = []


@app.task(name="tests.faults.command", ignore_result=True)
def command(name: str, call: str, arguments: dict[str, Any]) -> None:
    """The operator's command ``call``, as the web process would carry it out; its commits are named ``name``."""
    for wire in WIRES:
        wire.command = f"{name}: {call}"
    try:
        arguments = {key: value.encode() if key == "content" else value for key, value in arguments.items()}
        operator = actor_for(Organisation.objects.get(is_operator=True))
        COMMANDS[call](actor=operator, **arguments)
    finally:
        for wire in WIRES:
            wire.command = ""


def be_worker(request: dict[str, Any]) -> None:
    """Become a Celery worker on the database and queue of ``request``, with its strike armed."""
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    log = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    facts = connections.settings["default"]
    facts.update(request["database"])
    facts["OPTIONS"] = facts.get("OPTIONS", {}) | request["options"]
    connections["default"].settings_dict.update(facts)
    issuing.INVOICES_A_STEP = INVOICES_A_STEP
    netting.COVERS_A_CHUNK = netting.POSITIONS_A_CHUNK = PARTICIPANTS_A_CHUNK
    posting.PARTICIPANTS_A_CHUNK = planning.PARTICIPANTS_A_CHUNK = PARTICIPANTS_A_CHUNK
    strike = Strike(**request["strike"]) if request["strike"] else None
    wire = Tripwire(strike, Path(request["journal"]))
    wire.install()
    WIRES.append(wire)
    app.conf.update(
        task_default_queue=request["queue"],
        task_routes=None,
        task_queues=None,
        broker_url=request["broker"],
        broker_read_url=None,
        broker_write_url=None,
    )
    worker = app.Worker(
        pool=request["pool"],
        concurrency=request["processes"],
        queues=[request["queue"], f"{request['queue']}_commands"],
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
        loglevel="INFO",
        hostname=f"faults{os.getpid()}@localhost",
        quiet=True,
    )
    worker.start()
    os._exit(worker.exitcode or 0)


def serve() -> None:
    """Fork a worker for each request, until standard input ends; then end them all."""
    app.finalize()
    app.loader.import_default_modules()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    pids: list[int] = []
    print("ready", flush=True)
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            try:
                be_worker(json.loads(line))
            except BaseException:  # a forked process must never go on as its parent
                traceback.print_exc()
            os._exit(1)
        pids.append(pid)
        print(pid, flush=True)
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)


if __name__ == "__main__":
    serve()
