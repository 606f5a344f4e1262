"""Agreements and ended negotiations as the surveillance knows them, from events, and the reviews that it opened."""

from __future__ import annotations

from datetime import timedelta

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from marketplace.kernel.actors import PERSON_PATTERN
from marketplace.kernel.canonical import digest_of
from marketplace.kernel.columns import BoundedJSONField, MinorField, MomentField
from marketplace.kernel.commitments import SALTED
from marketplace.kernel.guards import append_only, dated_now, immutable, no_delete, set_now, set_once
from marketplace.kernel.identifiers import IDENTIFIER_LENGTH, IdentifierField
from marketplace.kernel.permissions import Permission
from marketplace.participants.acting import acted_by_person
from marketplace.participants.interest_guards import unrelated

from .states import ENDED_BY, REASON_LENGTH_MAX, SEALED_DAYS_MAX, Detector, Outcome

STAFF = Permission.ADMISSION_WRITE
"""Who looks into a review, and closes it."""


def closed_once() -> pgtrigger.Trigger:
    """A review begins open, and what closed it does not change."""
    return pgtrigger.Trigger(
        name="closed_once",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update,
        func="""
IF TG_OP = 'INSERT' THEN
    IF NEW.closed_at IS NOT NULL OR NEW.told_at IS NOT NULL THEN
        RAISE EXCEPTION 'a review begins open' USING ERRCODE = 'check_violation';
    END IF;
ELSIF OLD.closed_at IS NOT NULL AND (NEW.closed_at, NEW.closed_by, NEW.closed_first, NEW.outcome, NEW.reason, NEW.sealed_until)
        IS DISTINCT FROM (OLD.closed_at, OLD.closed_by, OLD.closed_first, OLD.outcome, OLD.reason, OLD.sealed_until) THEN
    RAISE EXCEPTION 'a review is closed once' USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
""",
    )


class SeenAgreement(models.Model):
    """An agreement that was concluded, from its event. Append-only."""

    agreement = models.CharField(max_length=IDENTIFIER_LENGTH, unique=True)
    segment = models.CharField(max_length=60)
    buyer = models.CharField(max_length=IDENTIFIER_LENGTH)
    seller = models.CharField(max_length=IDENTIFIER_LENGTH)
    price_minor = MinorField()
    currency = models.CharField(max_length=3)
    concluded_at = MomentField()
    recorded_at = MomentField(db_default=Now())

    class Meta:
        indexes = [
            models.Index(fields=["buyer", "seller", "concluded_at"], name="seen_between"),
            models.Index(fields=["segment", "currency", "concluded_at"], name="seen_in_segment"),
        ]
        triggers = [append_only(), dated_now(real=["recorded_at"], past=["concluded_at"])]


class SeenNegotiation(models.Model):
    """A negotiation that ended without agreement, from its event; ``by`` says whose act it was. Append-only."""

    negotiation = models.CharField(max_length=IDENTIFIER_LENGTH, unique=True)
    buyer = models.CharField(max_length=IDENTIFIER_LENGTH)
    seller = models.CharField(max_length=IDENTIFIER_LENGTH)
    by = models.CharField(max_length=6)
    ended_at = MomentField()
    recorded_at = MomentField(db_default=Now())

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(by__in=ENDED_BY), name="seen_ended_by")]
        indexes = [models.Index(fields=["buyer", "seller", "ended_at"], name="seen_ends_between")]
        triggers = [append_only(), dated_now(real=["recorded_at"], past=["ended_at"])]


class Review(models.Model):
    """What a detector saw (``facts``) about ``parties``, to be looked into by ``look_by``; closed by a person with a reason.

    Nothing follows from it by itself. The parties are told when it is closed, or at ``sealed_until``, which two people set.
    ``commitment`` is the SHA-256 over ``facts`` and ``salt``, which evidence holds. Invariants: closed once, by a person of the
    operator without an interest in a party; sealed by two, for ``SEALED_DAYS_MAX`` at most; one open review of the same thing.
    """

    public_id = IdentifierField(prefix="rvw")
    detector = models.CharField(max_length=14, choices=Detector.choices)
    key = models.CharField(max_length=2 * IDENTIFIER_LENGTH + 1)
    parties = ArrayField(models.CharField(max_length=IDENTIFIER_LENGTH))
    facts = BoundedJSONField()
    opened_at = MomentField()
    look_by = MomentField()
    salt = models.CharField(max_length=64)
    commitment = models.CharField(max_length=64)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, blank=True, default="")
    reason = models.CharField(max_length=REASON_LENGTH_MAX, blank=True, default="")
    closed_first = models.CharField(max_length=60, blank=True, default="")
    closed_by = models.CharField(max_length=60, blank=True, default="")
    closed_at = MomentField(null=True)
    sealed_until = MomentField(null=True)
    told_at = MomentField(null=True)
    recorded_at = MomentField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(detector__in=Detector.values, look_by__gt=F("opened_at")) & SALTED,
                name="review_stated",
            ),
            models.UniqueConstraint(
                fields=["detector", "key"], condition=Q(closed_at=None), name="review_open_once"
            ),
            models.CheckConstraint(
                condition=Q(
                    closed_at=None,
                    closed_by="",
                    closed_first="",
                    outcome="",
                    reason="",
                    sealed_until=None,
                    told_at=None,
                )
                | (
                    Q(closed_at__isnull=False, closed_by__regex=PERSON_PATTERN, outcome__in=Outcome.values)
                    & ~Q(reason="")
                ),
                name="review_closed",
            ),
            models.CheckConstraint(
                condition=Q(sealed_until=None, closed_first="")
                | (
                    Q(
                        closed_first__regex=PERSON_PATTERN,
                        sealed_until__isnull=False,
                        sealed_until__gt=F("closed_at"),
                    )
                    & Q(sealed_until__lte=F("closed_at") + timedelta(days=SEALED_DAYS_MAX))
                    & ~Q(closed_by=F("closed_first"))
                ),
                name="review_sealed_by_two",
            ),
        ]
        indexes = [
            GinIndex(fields=["parties"], name="review_of_parties"),
            models.Index("opened_at", name="review_opened"),
            models.Index("sealed_until", name="review_untold", condition=Q(told_at=None)),
        ]
        triggers = [
            immutable(
                "public_id",
                "detector",
                "key",
                "parties",
                "facts",
                "opened_at",
                "look_by",
                "salt",
                "commitment",
                "recorded_at",
            ),
            closed_once(),
            set_once("told_at"),
            set_now("closed_at", "told_at"),
            no_delete(),
            dated_now(
                "opened_at", real=["recorded_at"], stated=["look_by", "closed_at", "sealed_until", "told_at"]
            ),
            acted_by_person("closed_by", STAFF, first="closed_first", name="closed_by_staff"),
            unrelated(
                "closed_by",
                "closed_first",
                of="SELECT o.id FROM public.participants_organisation o WHERE o.public_id = ANY (NEW.parties)",
            ),
        ]

    def __str__(self) -> str:
        """What was noticed, and its identifier."""
        return f"{self.detector} ({self.public_id})"

    def digest_of_facts(self) -> str:
        """The salted SHA-256 over what was seen."""
        return digest_of({"facts": self.facts, "salt": self.salt})
