"""The rest of the day, driven to its end whatever happens to the worker, and what it comes to.

A stage asks the worker for something and is over when the database says so. Meanwhile whoever died is replaced, beat's
sweeps are sent, and the operator repeats its command: as in production, only with less patience.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db.models import Count, Sum

from clearing.bank.pay_in_reference import pay_in_reference_of
from clearing.cycles.queries import cycle_summaries
from clearing.ledger.queries import balances, client_money, kind_totals, ledger_counts
from clearing.models import (
    BankAllocation,
    BankEntry,
    BankStatement,
    Cycle,
    Invoice,
    Obligation,
    SettlementInstruction,
    Trade,
    TransferFile,
)
from marketplace.events.queries import all_handled, handler_failures
from marketplace.evidence.queries import count_unsealed
from marketplace.kernel import clock
from marketplace.kernel.invariants import verify_all
from tests.clearing.factories import booking, statement
from tests.faults import market
from tests.faults.workers import Workers

SECONDS_MAX = 120.0
POLL_SECONDS = 0.01
BEAT_SECONDS = 0.15
TODAY = 3
"""The number of the cycle that is closed on the day."""

SWEEPS = ("marketplace.events.tasks.sweep", "clearing.tasks.sweep", "marketplace.evidence.tasks.seal")


class Stuck(AssertionError):
    """A stage does not come to its end."""


@dataclass(frozen=True)
class Stage:
    """What is asked, by the worker's task or by a service of others, and when it is done."""

    name: str
    done: Callable[[], bool]
    command: Callable[[], tuple[str, dict[str, Any]]] | None = None
    outside: Callable[[], None] | None = None


@dataclass
class Day:
    """A day on the current database, with its workers. ``before`` is called with a stage's name before it begins."""

    workers: Workers
    before: Callable[[str], None] = lambda _stage: None
    copies: int = 1
    directly: bool = False
    frozen: dict[str, tuple[str, dict[str, Any]]] = field(default_factory=dict)

    def run(self, *, first: int = 0, last: int | None = None) -> None:
        """Carry out the stages from ``first`` up to, not including, ``last``."""
        for stage in STAGES[first:last]:
            self.before(stage.name)
            if stage.outside:
                stage.outside()
            self.finish(stage)

    def finish(self, stage: Stage) -> None:
        """Ask until the stage is done."""
        deadline = time.monotonic() + SECONDS_MAX
        asked = 0.0
        while not stage.done():
            self.workers.ensure()
            if time.monotonic() - asked > BEAT_SECONDS:
                asked = time.monotonic()
                self.ask(stage)
            if time.monotonic() > deadline:
                raise Stuck(f"{stage.name}: {handler_failures()}\n{self.workers.log.read_text()[-4000:]}")
            time.sleep(POLL_SECONDS)

    def ask(self, stage: Stage) -> None:
        """Send the stage's command, or beat's sweeps, as many copies as the campaign wants."""
        if stage.command is None:
            for task in SWEEPS * self.copies:
                self.workers.ask(task)
            return
        call, arguments = self.frozen.setdefault(stage.name, stage.command())
        for _ in range(self.copies):
            self.workers.command(stage.name, call, arguments)


def receipts() -> tuple[str, dict[str, Any]]:
    """The morning's statement: payments for waiting trades, one of nobody, and one that came back."""
    returned = SettlementInstruction.objects.filter(cycle=market.cycle(1)).order_by("sequence")[0]
    waiting = Trade.objects.filter(reference__in=("PO-d", "PO-c"))
    rows = [
        booking(
            "credit",
            trade.gross_minor,
            f"振込 {_deposit_reference(trade)}",
            reference=f"S1-{trade.reference}",
        )
        for trade in waiting.order_by("reference")
    ]
    rows.append(booking("credit", 7_777, "名前だけの振込", reference="S1-nobody"))
    rows.append(booking("credit", returned.amount_minor, f"組戻 {returned.reference}", reference="S1-back"))
    return "import_bank_statement", {"content": statement(rows).decode(), "file_name": "receipts.csv"}


def _deposit_reference(trade: Trade) -> str:
    return pay_in_reference_of(trade.buyer_id)


def confirmations(name: str, leave: int) -> tuple[str, dict[str, Any]]:
    """A statement that confirms the payments on their way, but for the last ``leave`` of them."""
    sent = list(
        SettlementInstruction.objects.filter(state__in=("sending", "unknown")).order_by(
            "cycle_id", "sequence"
        )
    )
    rows = [
        booking("debit", row.amount_minor, row.reference, reference=f"{name}-{row.reference}")
        for row in sent[: len(sent) - leave]
    ]
    return "import_bank_statement", {"content": statement(rows).decode(), "file_name": f"{name}.csv"}


def _imported(name: str) -> Callable[[], bool]:
    return lambda: BankStatement.objects.filter(file_name=f"{name}.csv").exists()


def _instruction(**lookup: Any) -> SettlementInstruction:
    return SettlementInstruction.objects.filter(**lookup).order_by("sequence").last()


def _states(*numbers_and_states: tuple[int, str]) -> bool:
    return all(market.cycle(number).state == state for number, state in numbers_and_states)


def _accept(references: tuple[str, ...]) -> None:
    trades = Trade.objects.filter(reference__in=references, state="secured").order_by("pk")
    market.tell(*(market.acceptance(trade) for trade in trades))


STAGES = (
    Stage("the morning's events", all_handled),
    Stage("import receipts", _imported("receipts"), receipts),
    Stage("the receipts' events", all_handled),
    Stage(
        "allocate a receipt",
        lambda: BankAllocation.objects.exists(),
        lambda: (
            "allocate_pay_in",
            {
                "bank_entry": BankEntry.objects.get(entry_reference="S1-nobody").public_id,
                "organisation": market.organisation("e").public_id,
            },
        ),
    ),
    Stage("a payment came back", lambda: _states((1, "partial"))),
    Stage(
        "pay again",
        lambda: SettlementInstruction.objects.filter(cycle=market.cycle(1), state="planned").exists(),
        lambda: (
            "retry_payment",
            {"instruction": _instruction(cycle=market.cycle(1), state="failed").public_id},
        ),
    ),
    Stage(
        "transfer file of the past",
        lambda: not SettlementInstruction.objects.filter(cycle=market.cycle(1), state="planned").exists(),
        lambda: ("create_transfer_file", {"cycle": market.cycle(1).public_id}),
    ),
    Stage("money that crossed", lambda: Trade.objects.get(reference="PO-k").state == "secured"),
    Stage("acceptances", all_handled, outside=lambda: _accept(("PO-d", "PO-k", "PO-c"))),
    Stage(
        "close",
        lambda: market.cycle(TODAY).state != "open",
        lambda: ("close_cycle", {"cycle": market.cycle(TODAY).public_id}),
    ),
    Stage("acceptances after the cut-off", all_handled, outside=lambda: _accept(("PO-late",))),
    Stage("the cycle", lambda: _states((TODAY, "settling"))),
    Stage(
        "transfer file",
        lambda: TransferFile.objects.filter(cycle=market.cycle(TODAY)).exists(),
        lambda: ("create_transfer_file", {"cycle": market.cycle(TODAY).public_id}),
    ),
    Stage("import confirmations", _imported("confirmed"), lambda: confirmations("confirmed", 2)),
    Stage(
        "the bank says no",
        lambda: SettlementInstruction.objects.filter(cycle=market.cycle(TODAY), state="failed").exists(),
        lambda: (
            "report_failed_payment",
            {
                "instruction": _instruction(cycle=market.cycle(TODAY), state="sending").public_id,
                "reason": "account closed",
            },
        ),
    ),
    Stage(
        "days later",
        lambda: (
            not SettlementInstruction.objects.filter(state="sending").exists()
            and not Trade.objects.filter(reference="PO-never", state="concluded").exists()
        ),
        outside=lambda: _let_pass(timedelta(days=5)),
    ),
    Stage(
        "pay once more",
        lambda: SettlementInstruction.objects.filter(cycle=market.cycle(TODAY), state="planned").exists(),
        lambda: (
            "retry_payment",
            {"instruction": _instruction(cycle=market.cycle(TODAY), state="failed").public_id},
        ),
    ),
    Stage(
        "second transfer file",
        lambda: TransferFile.objects.filter(cycle=market.cycle(TODAY)).count() == 2,
        lambda: ("create_transfer_file", {"cycle": market.cycle(TODAY).public_id}),
    ),
    Stage("import the last", _imported("last"), lambda: confirmations("last", 0)),
    Stage("the end", lambda: _states((1, "settled"), (2, "settled"), (TODAY, "settled")) and all_handled()),
    Stage("sealed", lambda: count_unsealed() == 0),
)
NAMES = tuple(stage.name for stage in STAGES)


def _let_pass(span: timedelta) -> None:
    if clock.now() < market.NOW + span:
        clock.move_to(market.NOW + span, running=False)


def outcome() -> dict[str, Any]:
    """What the day came to, without identifiers and times: it is the same after every fault."""
    return {
        "cycles": {row.pop("business_key"): _without(row, "id") for row in cycle_summaries()},
        "trades": dict(Trade.objects.order_by("business_key").values_list("business_key", "state")),
        "obligations": _obligations(),
        "balances": {organisation.pk: balances(organisation.pk) for organisation in market.organisations()},
        "kinds": kind_totals("JPY"),
        "ledger": ledger_counts(),
        "payments": list(
            SettlementInstruction.objects.order_by("reference").values_list(
                "reference", "organisation", "direction", "amount_minor", "state"
            )
        ),
        "files": list(TransferFile.objects.order_by("pk").values_list("records", "total_minor")),
        "invoices": sorted(
            Invoice.objects.values_list(
                "cycle__number",
                "purpose",
                "kind",
                "issuer",
                "recipient",
                "net_minor",
                "tax_minor",
                "total_minor",
            )
        ),
    }


def _without(row: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in names}


def _obligations() -> list[tuple[Any, ...]]:
    rows = Obligation.objects.values_list("cycle__number", "kind", "debtor", "creditor")
    return sorted(rows.annotate(Count("pk"), Sum("amount_minor"), Sum("tax_minor")))


OF_OTHER_APPLICATIONS = "evidence.rows_recorded"


def judge(expected: dict[str, Any] | None) -> dict[str, Any]:
    """Every invariant holds, the bank and the ledger agree to the yen, and the day came out as ``expected``.

    But for one: this market consists of clearing alone. The events of the other applications are made up here, and what
    they would record is not (``tests/faults/test_chaos.py`` has the whole market, and holds this one too).
    """
    broken = {
        name: breaches
        for name, breaches in verify_all().items()
        if breaches and name != OF_OTHER_APPLICATIONS
    }
    assert broken == {}, broken
    booked = dict(BankEntry.objects.values_list("direction").annotate(Sum("amount_minor")))
    kinds = kind_totals("JPY")
    assert sum(kinds.values()) == 0
    assert kinds["bank_client"] == booked["credit"] - booked["debit"]
    money = client_money("JPY")
    assert money.bank_minor == money.owed_minor + money.operator_minor
    found = outcome()
    if expected is not None:
        for name, value in expected.items():
            assert found[name] == value, name
    return found


def fingerprint(found: dict[str, Any]) -> str:
    """A short name of an outcome."""
    return hashlib.sha256(repr(found).encode()).hexdigest()[:16]


def cycle_of_the_day() -> Cycle:
    """The cycle that the day closes."""
    return market.cycle(TODAY)
