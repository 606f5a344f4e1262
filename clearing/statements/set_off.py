"""Reads the composition and settlement of net positions, for monthly statements."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.db.models import Q, Sum

from marketplace.kernel.clock import business_date

from ..bank.queries import entries_of_payments
from ..bank.states import CARRIED_OUT
from ..ledger.models import Posting
from ..ledger.states import AccountKind, EntryKind
from ..netting.models import POSITION_COLUMNS, NetPosition
from ..settlement.models import SettlementInstruction
from ..settlement.states import InstructionState, PaymentDirection
from ..trades.obligation_kinds import GROSS_LINES
from .document import Month, set_off, words


class SetOffs:
    """The cycles of some participants that were posted in a month, and earlier ones that were paid in it."""

    def __init__(self, organisations: Sequence[int], currency: str, month: Month) -> None:
        """``organisations`` are keys. Reads their payments and positions."""
        self.organisations, self.currency, self.month = list(organisations), currency, month
        self.payments = self._payments()
        self.positions = self._positions()

    def _payments(self) -> list[SettlementInstruction]:
        """Payments planned or set off, or that the bank confirmed or returned, in the month."""
        began, ended = self.month.began_at, self.month.ended_at
        moments = Q()
        for moment in ("planned_at", "confirmed_at", "failed_at", "cancelled_at"):
            moments |= Q(**{f"{moment}__gte": began, f"{moment}__lt": ended})
        return list(
            SettlementInstruction.objects.filter(
                moments, organisation_id__in=self.organisations, currency=self.currency
            ).order_by("pk")
        )

    def _positions(self) -> list[NetPosition]:
        posted = Q(cycle__posted_at__gte=self.month.began_at, cycle__posted_at__lt=self.month.ended_at)
        return list(
            NetPosition.objects.filter(
                posted | Q(cycle_id__in={payment.cycle_id for payment in self.payments}),
                organisation_id__in=self.organisations,
                currency=self.currency,
                cycle__posted_at__isnull=False,
            )
            .select_related("cycle")
            .order_by("cycle__number", "pk")
        )

    def cycles(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Pairs of participant and section of one cycle, cycle by cycle."""
        keys = {position.cycle_id for position in self.positions}
        ladders: dict[tuple[int, int], dict[str, int]] = {}
        paid: dict[tuple[int, int], int] = {}
        lines = Posting.objects.filter(
            entry__cycle_id__in=keys,
            entry__kind=EntryKind.CYCLE,
            entry__organisation_id__in=self.organisations,
            account__kind=AccountKind.RECEIVABLE,
        )
        for cycle, party, line, total in (
            lines.values_list("entry__cycle_id", "entry__organisation_id", "line")
            .annotate(total=Sum("amount_minor"))
            .order_by("entry__cycle_id", "line")
        ):
            paid[cycle, party] = paid.get((cycle, party), 0) - total
            if line not in GROSS_LINES:
                ladders.setdefault((cycle, party), {})[line] = -total
        payments = self._listed_payments()
        for position in self.positions:
            key = (position.cycle_id, position.organisation_id)
            parts, steps = set_off(
                parts={name: getattr(position, name) for name in POSITION_COLUMNS},
                ladder=ladders.get(key, {}),
                paid_minor=paid.get(key, 0),
            )
            posted_at = position.cycle.posted_at or position.cycle.opened_at
            yield (
                position.organisation_id,
                {
                    "cycle": position.cycle.business_key,
                    "posted_on": business_date(posted_at).isoformat(),
                    "parts": parts,
                    "net_minor": position.net_minor,
                    "settlement": steps,
                    "paid_minor": paid.get(key, 0),
                    "payments": payments.get(key, []),
                },
            )

    def _listed_payments(self) -> dict[tuple[int | None, int], list[dict[str, Any]]]:
        """Payments in their state at the end of the month."""
        ended = self.month.ended_at
        bank_entries = {
            payment: row
            for payment, row in entries_of_payments(self.payments)
            if row.match in CARRIED_OUT and row.booked_on < self.month.until
        }
        found: dict[tuple[int | None, int], list[dict[str, Any]]] = {}
        for payment in self.payments:
            state = InstructionState(payment.state)
            later = [
                moment for moment in (payment.confirmed_at, payment.failed_at) if moment and moment >= ended
            ]
            if later:
                state = InstructionState.SENDING
            if payment.cancelled_at and payment.cancelled_at >= ended:
                state = InstructionState.PLANNED
            bank_entry = bank_entries.get(payment.pk)
            found.setdefault((payment.cycle_id, payment.organisation_id), []).append(
                {
                    "reference": payment.reference,
                    "direction": payment.direction,
                    "direction_label": words(PaymentDirection, payment.direction),
                    "amount_minor": payment.amount_minor,
                    "state": state.value,
                    "state_label": words(InstructionState, state),
                    "value_on": payment.value_date.isoformat() if payment.value_date else None,
                    "booking": bank_entry.entry_reference if bank_entry else None,
                    "booked_on": bank_entry.booked_on.isoformat() if bank_entry else None,
                }
            )
        return found
