"""Tells participants that the documents of a cycle are issued: one event for each participant and cycle."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef

from marketplace.events.schemas.invoices import InvoicesIssued
from marketplace.events.services import emit_all
from marketplace.participants.queries import identifiers_of, operator_organisation

from ...cycles.models import Cycle, CyclePart
from ...cycles.parts import part_of, record_chunk
from ...cycles.states import StepPart
from ...netting.models import NetPosition
from ...trades.obligation_kinds import OWED_TO_OPERATOR, Document
from ..documents_due import invoiced_obligations

PARTICIPANTS_A_CHUNK = 5_000


def tell_some_participants(cycle: Cycle) -> CyclePart:
    """Emit invoices.issued to the next participants that a document of the cycle names; the part, ended by the last.

    Call it when every document is issued. Participants follow each other by their party keys; everybody with an
    obligation in the cycle has a position.
    """
    part = part_of(cycle, StepPart.TOLD, count=NetPosition.objects.filter(cycle=cycle).count)
    rows = _next_parties(cycle, part.reached)
    operator = operator_organisation().id
    named = [key for _, key, is_named in rows if is_named and key != operator]
    public_ids = {key: public_id for key, public_id, _ in identifiers_of(named)}
    emit_all(
        [
            InvoicesIssued(
                organisation=public_ids[key], cycle=cycle.public_id, business_key=cycle.business_key
            )
            for key in named
        ]
    )
    record_chunk(
        part,
        done=len(rows),
        reached=rows[-1][0] if rows else "",
        ended=len(rows) < PARTICIPANTS_A_CHUNK,
    )
    return part


def _next_parties(cycle: Cycle, reached: str) -> list[tuple[Any, ...]]:
    """The next positions: party key, organisation, and whether a document of the cycle names it."""
    listed = invoiced_obligations(OuterRef("cycle_id"), *Document)
    owing = listed.filter(debtor_id=OuterRef("organisation_id"))
    owed = listed.filter(creditor_id=OuterRef("organisation_id")).exclude(kind__in=OWED_TO_OPERATOR)
    positions = NetPosition.objects.filter(cycle=cycle, party_key__gt=reached).annotate(
        is_named=Exists(owing) | Exists(owed)
    )
    rows = positions.order_by("party_key").values_list("party_key", "organisation_id", "is_named")
    return list(rows[:PARTICIPANTS_A_CHUNK])
