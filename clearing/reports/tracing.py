"""Traces money from a posting back to trades, agreements and evidence, and forward to the bank."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from marketplace.evidence.queries import records_about

from ..bank.models import BankEntry
from ..bank.queries import entries_of_payments
from ..ledger.causes import CAUSES
from ..ledger.models import Entry
from ..ledger.states import EntryKind, LineKind
from ..settlement.models import SettlementInstruction
from ..shortfalls.models import Deferral
from ..trades.models import Obligation
from ..trades.obligation_kinds import GROSS_LINES
from ..trades.states import ObligationKind

EVIDENCE_MAX = 50


def obligations_behind(entry: Entry, line: str) -> QuerySet[Obligation]:
    """The obligations that a line of a cycle's entry sums up; none for any other line.

    ``fee_tax`` and ``fee_refund_tax`` are computed once per rate over the fees that they belong to.
    """
    rows = Obligation.objects.select_related("trade", "cycle")
    if entry.kind == EntryKind.CYCLE and line in (LineKind.DEFERRED, LineKind.AWAITED):
        # Net of both: the deferrals of the participant, less the deferrals of which it is creditor.
        deferred = Deferral.objects.filter(cycle=entry.cycle).values("obligation")
        own = Q(debtor_id=entry.organisation_id) | Q(creditor_id=entry.organisation_id)
        return rows.filter(own, pk__in=deferred)
    if line not in GROSS_LINES or entry.kind != EntryKind.CYCLE:
        return rows.none()
    gross = GROSS_LINES[LineKind(line)]
    return rows.filter(cycle=entry.cycle, kind__in=gross.kinds, **{f"{gross.side}_id": entry.organisation_id})


def trace_entry(entry: Entry) -> dict[str, Any]:
    """Where an entry comes from and where its money went, by public identifiers.

    ``back``: the trade with its agreement and listing, or the cycle; the bank entry that it records; evidence
    about them, oldest first. ``forward``: the settlement payments of the cycle for the participant, each with its bank
    entries, or the entries that ended the trade's hold and the cycle that cleared it.
    """
    return {"back": _origin(entry), "forward": _destination(entry)}


def _origin(entry: Entry) -> dict[str, Any]:
    trade, cycle = entry.trade, entry.cycle
    subjects = [row.public_id for row in (trade, cycle) if row is not None]
    bank_entry = _bank_entry(entry)
    if bank_entry is not None:
        subjects.append(bank_entry.statement.public_id)
    return {
        "trade": trade.public_id if trade else None,
        "agreement": trade.agreement if trade else None,
        "listing": trade.listing if trade else None,
        "cycle": cycle.public_id if cycle else None,
        "bank_entry": _bank_entry_fields(bank_entry) if bank_entry else None,
        "evidence": [row.public_id for subject in subjects for row in records_about(subject)[:EVIDENCE_MAX]],
    }


def _bank_entry(entry: Entry) -> BankEntry | None:
    """The bank entry that caused a journal entry."""
    if CAUSES[EntryKind(entry.kind)].table != BankEntry._meta.db_table:
        return None
    return BankEntry.objects.filter(public_id=entry.cause).select_related("statement").first()


def _bank_entry_fields(bank_entry: BankEntry) -> dict[str, Any]:
    return {
        "bank_entry": bank_entry.public_id,
        "entry_reference": bank_entry.entry_reference,
        "booked_on": bank_entry.booked_on.isoformat(),
        "direction": bank_entry.direction,
        "amount_minor": bank_entry.amount_minor,
        "currency": bank_entry.currency,
    }


def _destination(entry: Entry) -> dict[str, Any]:
    forward: dict[str, Any] = {"payments": [], "entries": [], "cycle": None}
    if entry.kind == EntryKind.CYCLE:
        forward["payments"] = _payments(entry)
    elif entry.kind == EntryKind.COVER:
        used = Entry.objects.filter(
            kind=EntryKind.CYCLE, cycle=entry.cycle, organisation=entry.organisation_id
        )
        forward["entries"] = list(used.values_list("public_id", flat=True))
        forward["cycle"] = entry.cycle.public_id if entry.cycle else None
    elif entry.trade_id is not None:
        later = Entry.objects.filter(trade_id=entry.trade_id, pk__gt=entry.pk).order_by("pk")
        forward["entries"] = list(later.values_list("public_id", flat=True))
        purchase = Obligation.objects.filter(trade_id=entry.trade_id, kind=ObligationKind.PURCHASE)
        forward["cycle"] = purchase.values_list("cycle__public_id", flat=True).first()
    return forward


def _payments(entry: Entry) -> list[dict[str, Any]]:
    instructions = list(
        SettlementInstruction.objects.filter(cycle=entry.cycle, organisation=entry.organisation_id).order_by(
            "pk"
        )
    )
    bank_entries: dict[int, list[dict[str, Any]]] = {}
    for payment, bank_entry in entries_of_payments(instructions):
        bank_entries.setdefault(payment, []).append(_bank_entry_fields(bank_entry))
    return [
        {
            "instruction": row.public_id,
            "reference": row.reference,
            "state": row.state,
            "direction": row.direction,
            "amount_minor": row.amount_minor,
            "currency": row.currency,
            "bank": bank_entries.get(row.pk, []),
        }
        for row in instructions
    ]
