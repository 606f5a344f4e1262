"""The measured process of the settling benchmark: it takes a cycle from posted to settling, as a worker does.

With ``--post`` it clears the cycle up to posted instead, which is not measured. Prints one line of JSON: the seconds until
every payment was planned and until every invoice was written, both from posted on; those until every participant was told;
its chunks, statements of the longest chunk of invoices, longest transaction and peak of memory. Off the clock it verifies
every invariant of clearing and counts what each participant was told.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from typing import Any

import django

from ._clear_worker import CURRENCY, TransactionWatch


def main() -> None:
    """Work on the database named by the environment."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--post", action="store_true", help="take the open cycle to posted, off the clock")
    arguments = parser.parse_args()
    django.setup()
    print(json.dumps(post() if arguments.post else settle()))


def post() -> dict[str, Any]:
    """Close the open cycle and take it to posted."""
    # deferred: Django set up
    from clearing.models import Cycle
    from clearing.run.services.cycles import advance_cycle, close_cycle

    from ._market import operator_actor

    cycle = Cycle.objects.get(currency=CURRENCY, state="open")
    close_cycle(actor=operator_actor(), cycle=cycle.public_id)
    state = ""
    while state != "posted":
        state = advance_cycle(cycle=cycle.public_id) or ""
        if not state:
            raise RuntimeError("the cycle does not become posted")
    return {"cycle": cycle.public_id}


def settle() -> dict[str, Any]:
    """Plan the payments, write the invoices and tell the participants of the posted cycle; then verify."""
    # deferred: Django set up
    from celery import current_app

    from clearing.cycles.parts import has_ended
    from clearing.cycles.states import StepPart
    from clearing.invoices.services.issuing import all_issued
    from clearing.models import Cycle, Invoice, SettlementInstruction
    from clearing.run.services.cycles import advance_cycle

    watch = TransactionWatch()
    cycle = Cycle.objects.get(currency=CURRENCY, state="posted")
    # A worker that gets a task has its application loaded, and its connections.
    current_app.loader.import_default_modules()
    with current_app.producer_pool.acquire(block=True) as producer:
        producer.connection.ensure_connection(max_retries=1)
    reached: dict[str, float] = {}
    chunks: list[float] = []
    begun = last = time.perf_counter()
    state = ""
    while state != "settling":
        state = advance_cycle(cycle=cycle.public_id) or ""
        if not state:
            raise RuntimeError("the cycle does not become settling")
        now = time.perf_counter()
        chunks.append(now - last)
        last = now
        if "plan" not in reached and has_ended(cycle, StepPart.PAYMENTS):
            reached["plan"] = now - begun
        elif "invoice" not in reached and all_issued(cycle):
            reached["invoice"] = now - begun
    reached["told"] = last - begun
    reached.setdefault("invoice", reached["told"])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "plan_seconds": reached["plan"],
        "invoice_seconds": reached["invoice"],
        "told_seconds": reached["told"],
        "chunks": len(chunks),
        "chunk_seconds": [round(seconds, 2) for seconds in chunks],
        "longest_transaction_seconds": round(max(watch.seconds), 3),
        "peak_rss_mb": round(peak, 1),
        "trades": cycle.trades,
        "payments": SettlementInstruction.objects.filter(cycle=cycle).count(),
        "invoices": Invoice.objects.filter(cycle=cycle).count(),
        "broken": _broken(cycle.public_id),
    }


def _broken(cycle: str) -> dict[str, Any]:
    """The invariants of clearing that do not hold, and participants that were not told exactly once."""
    # deferred: Django set up
    from django.db.models import Count

    from marketplace.events.models import OutboxEvent
    from marketplace.events.services import deliver_due
    from marketplace.kernel.invariants import verify_all
    from marketplace.notices.models import Notice
    from marketplace.participants.models import Organisation

    while deliver_due():
        pass
    broken: dict[str, Any] = {name: found for name, found in verify_all("clearing").items() if found}
    events = OutboxEvent.objects.filter(type="invoices.issued").values("subject").annotate(count=Count("pk"))
    notices = Notice.objects.filter(subject=cycle).values("organisation").annotate(count=Count("pk"))
    participants = Organisation.objects.filter(is_operator=False).count()
    for what, rows in {"events": events, "notices": notices}.items():
        counts = list(rows.values_list("count", flat=True))
        if len(counts) != participants or set(counts) != {1}:
            broken[f"one of the {what} a participant"] = [
                f"{sum(counts)} for {len(counts)} of {participants}"
            ]
    return dict(json.loads(json.dumps(broken, default=str)))


if __name__ == "__main__":
    main()
