"""The payout accounts of organisations, with their history."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import F, Q

from marketplace.kernel.actors import PERSON_PATTERN
from marketplace.kernel.columns import DayField, MomentField
from marketplace.kernel.guards import dated_now, immutable, no_delete, set_now, set_once, state_guard
from marketplace.kernel.identifiers import IdentifierField

from ..payout_accounts import (
    ACCOUNT_NUMBER_PATTERN,
    BANK_CODE_PATTERN,
    BRANCH_CODE_PATTERN,
    HOLDER_LENGTH_MAX,
    HOLDER_PATTERN,
    REASON_LENGTH_MAX,
)
from ..payout_guards import payout_account_by_two
from ..states import PAYOUT_CHANGE, AccountType, PayoutChangeState
from .organisations import Organisation

UNCONFIRMED: dict[str, Any] = {"confirmed_by": None, "confirmed_at": None, "usable_from": None}


class PayoutAccountChange(models.Model):
    """An account that an organisation states to be paid at: with its registration, or as a change of it.

    Of the confirmed ones whose ``usable_from`` has come, the newest is in use. ``proposed_by`` is a person of the
    organisation, ``confirmed_by`` another; of an organisation with one person two of the operator's staff confirm,
    ``reviewed_by`` first, who is replaced if an interest is declared since. A change that is not confirmed until the end of ``lapses_on`` lapses. Personal data: never in
    an event or an evidence record.

    Invariants: an account is well-formed and never changes; a changed one is confirmed by another person who proved a
    second factor just before, and used only after the waiting time; it is stopped only within it; one change at a time is
    under way. Rows are never deleted.
    """

    public_id = IdentifierField(prefix="pac")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    bank_code = models.CharField(max_length=4)
    branch_code = models.CharField(max_length=3)
    account_type = models.CharField(max_length=10, choices=AccountType.choices)
    account_number = models.CharField(max_length=7)
    account_holder_kana = models.CharField(max_length=HOLDER_LENGTH_MAX)
    is_registered = models.BooleanField(default=False)
    state = models.CharField(
        max_length=10, choices=PayoutChangeState.choices, default=PayoutChangeState.PROPOSED
    )
    proposed_by = models.CharField(max_length=60)
    proposed_at = MomentField()
    lapses_on = DayField(null=True)
    reviewed_by = models.CharField(max_length=60, null=True)
    reviewed_at = MomentField(null=True)
    confirmed_by = models.CharField(max_length=60, null=True)
    confirmed_at = MomentField(null=True)
    usable_from = DayField(null=True)
    ended_by = models.CharField(max_length=60, null=True)
    ended_at = MomentField(null=True)
    end_reason = models.CharField(max_length=REASON_LENGTH_MAX, blank=True, default="")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    bank_code__regex=BANK_CODE_PATTERN,
                    branch_code__regex=BRANCH_CODE_PATTERN,
                    account_type__in=AccountType.values,
                    account_number__regex=ACCOUNT_NUMBER_PATTERN,
                    account_holder_kana__regex=HOLDER_PATTERN,
                ),
                name="payout_account_well_formed",
            ),
            models.CheckConstraint(
                condition=Q(is_registered=True, state="confirmed", lapses_on=None, reviewed_by=None)
                & Q(confirmed_by=None, confirmed_at=None, usable_from__isnull=False)
                | Q(is_registered=False, lapses_on__isnull=False, proposed_by__regex=PERSON_PATTERN)
                & (
                    Q(state__in=("proposed", "lapsed", "stopped"), **UNCONFIRMED)
                    | Q(state__in=("confirmed", "stopped"), confirmed_by__isnull=False)
                    & Q(confirmed_at__isnull=False, usable_from__isnull=False)
                ),
                name="payout_account_confirmed_when",
            ),
            models.CheckConstraint(
                condition=Q(state__in=("stopped", "lapsed"), ended_by__isnull=False, ended_at__isnull=False)
                | Q(state__in=("proposed", "confirmed"), ended_by=None, ended_at=None),
                name="payout_account_ended_when",
            ),
            models.CheckConstraint(
                condition=(
                    Q(confirmed_by=None)
                    | Q(confirmed_by__regex=PERSON_PATTERN) & ~Q(confirmed_by=F("proposed_by"))
                )
                & (
                    Q(reviewed_by=None, reviewed_at=None)
                    | Q(reviewed_by__regex=PERSON_PATTERN, reviewed_at__isnull=False)
                    & ~Q(reviewed_by=F("proposed_by"))
                    & (Q(confirmed_by=None) | ~Q(confirmed_by=F("reviewed_by")))
                ),
                name="payout_account_two_people",
            ),
            models.UniqueConstraint(
                fields=["organisation"],
                condition=Q(is_registered=True),
                name="payout_account_registered_once",
            ),
            models.UniqueConstraint(
                fields=["organisation"], condition=Q(state="proposed"), name="payout_account_proposed_once"
            ),
        ]
        indexes = [
            models.Index(fields=["organisation", "-usable_from", "-id"], name="payout_account_in_use", condition=Q(state="confirmed")),
            models.Index("lapses_on", name="payout_account_lapsing", condition=Q(state="proposed")),
        ]  # fmt: skip
        triggers = [
            state_guard(PAYOUT_CHANGE),
            no_delete(),
            immutable(
                "public_id", "organisation_id", "bank_code", "branch_code", "account_type", "account_number",
                "account_holder_kana", "is_registered", "proposed_by", "proposed_at", "lapses_on",
            ),
            set_once("confirmed_by", "confirmed_at", "usable_from", "ended_by", "ended_at"),
            dated_now("proposed_at"),
            set_now("reviewed_at", "confirmed_at", "ended_at"),
            payout_account_by_two(),
        ]  # fmt: skip

    def __str__(self) -> str:
        """The public identifier, so that logs contain no account."""
        return self.public_id
