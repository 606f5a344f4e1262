"""Legal holds."""

from __future__ import annotations

from datetime import timedelta

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from marketplace.kernel.actors import PERSON_PATTERN
from marketplace.kernel.columns import MomentField
from marketplace.kernel.commitments import SaltField
from marketplace.kernel.guards import dated_now, immutable, no_delete, set_now
from marketplace.kernel.identifiers import IDENTIFIER_LENGTH, IdentifierField
from marketplace.kernel.permissions import Permission
from marketplace.kernel.texts import AMBIGUOUS
from marketplace.participants.acting import acted_by_person

from ..acting import by_staff
from .guards import lifted_by_unrelated, parties_of_subject, periods_bounded
from .states import (
    PERIOD_DAYS_MAX,
    REASON_LENGTH_MAX,
    REFERENCE_LENGTH_MAX,
    REVIEW_DAYS_MAX,
    SUBJECT_LENGTH_MAX,
)

STAFF = (Permission.ADMISSION_WRITE, Permission.DISPUTES_WRITE, Permission.SUPPORT_WRITE)
"""One of these opens a hold."""
LIFTS = Permission.DISPUTES_WRITE
"""Two of these lift it."""


def lifted_once() -> pgtrigger.Trigger:
    """A hold begins in force, and what lifted it does not change."""
    return pgtrigger.Trigger(
        name="lifted_once",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update,
        func="""
IF TG_OP = 'INSERT' THEN
    IF NEW.lifted_at IS NOT NULL THEN
        RAISE EXCEPTION 'a hold begins in force' USING ERRCODE = 'check_violation';
    END IF;
ELSIF OLD.lifted_at IS NOT NULL AND (NEW.lifted_at, NEW.lifted_by, NEW.lifted_first, NEW.lifted_reason)
        IS DISTINCT FROM (OLD.lifted_at, OLD.lifted_by, OLD.lifted_first, OLD.lifted_reason) THEN
    RAISE EXCEPTION 'a hold is lifted once' USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
""",
    )


def subject_exists(of: str = "hold") -> pgtrigger.Trigger:
    """What a hold, or an incident, names is there: some table of the market has a row with this public identifier."""
    return pgtrigger.Trigger(
        name="subject_exists",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("holder", "regclass"), ("found", "boolean")],
        func=f"""
IF NEW.subject = '' THEN
    RETURN NEW;
END IF;
FOR holder IN
    SELECT c.oid::regclass FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'public_id'
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY c.oid
LOOP
    EXECUTE format('SELECT EXISTS (SELECT FROM %s WHERE public_id = $1)', holder) INTO found USING NEW.subject;
    IF found THEN
        RETURN NEW;
    END IF;
END LOOP;
RAISE EXCEPTION 'nothing has the identifier % that the {of} names', NEW.subject
    USING ERRCODE = 'check_violation', CONSTRAINT = 'subject_exists';
""",  # noqa: S608  our own words
    )


class LegalHold(models.Model):
    """What must not be deleted: rows about ``subject`` (an organisation, an agreement), of a period, or both.

    ``reference`` names the proceedings or the authority's document. ``parties``: whose ``subject`` is, by public identifier,
    sorted. One person opens it; two lift it, who have declared no interest in a party, or in anybody where it has no party.
    At ``review_at`` people look whether it is still needed; it never ends by itself. Invariants: by people of the operator; it
    holds something that there is, and everything of ``PERIOD_DAYS_MAX`` days at most, which have begun; reviewed within
    ``REVIEW_DAYS_MAX`` days; lifted once; the same one, for the same ``reference``, stands once. Rows are never deleted.
    """

    public_id = IdentifierField(prefix="lhd")
    salt = SaltField()
    subject = models.CharField(max_length=SUBJECT_LENGTH_MAX, blank=True, default="")
    since = MomentField(null=True)
    until = MomentField(null=True)
    parties = ArrayField(models.CharField(max_length=IDENTIFIER_LENGTH))
    review_at = MomentField()
    reason = models.CharField(max_length=REASON_LENGTH_MAX)
    reference = models.CharField(max_length=REFERENCE_LENGTH_MAX)
    opened_by = models.CharField(max_length=60)
    opened_at = MomentField()
    lifted_first = models.CharField(max_length=60, blank=True, default="")
    lifted_by = models.CharField(max_length=60, blank=True, default="")
    lifted_at = MomentField(null=True)
    lifted_reason = models.CharField(max_length=REASON_LENGTH_MAX, blank=True, default="")
    recorded_at = MomentField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "since", "until", "reference"],
                condition=Q(lifted_at=None),
                nulls_distinct=False,
                name="hold_once",
            ),
            models.CheckConstraint(
                condition=(~Q(subject="") | Q(since__isnull=False, until__isnull=False))
                & (Q(since=None) | Q(until=None) | Q(until__gt=F("since")))
                & ~Q(reason="")
                & ~Q(reference="")
                & ~Q(reference__regex=AMBIGUOUS),
                name="hold_stated",
            ),
            models.CheckConstraint(
                condition=Q(review_at__gt=F("opened_at"))
                & Q(review_at__lte=F("opened_at") + timedelta(days=REVIEW_DAYS_MAX))
                & (
                    ~Q(subject="")
                    | Q(
                        since__lte=F("opened_at"),
                        until__lte=F("since") + timedelta(days=PERIOD_DAYS_MAX),
                    )
                ),
                name="hold_bounded",
            ),
            models.CheckConstraint(
                condition=Q(lifted_at=None, lifted_by="", lifted_first="", lifted_reason="")
                | (
                    Q(
                        lifted_at__isnull=False,
                        lifted_by__regex=PERSON_PATTERN,
                        lifted_first__regex=PERSON_PATTERN,
                    )
                    & ~Q(lifted_by=F("lifted_first"))
                    & ~Q(lifted_reason="")
                ),
                name="hold_lifted_by_two",
            ),
        ]
        indexes = [models.Index("subject", name="hold_in_force", condition=Q(lifted_at=None))]
        triggers = [
            immutable(
                "public_id",
                "salt",
                "subject",
                "since",
                "until",
                "parties",
                "review_at",
                "reason",
                "reference",
                "opened_by",
                "opened_at",
                "recorded_at",
            ),
            lifted_once(),
            subject_exists(),
            parties_of_subject(),
            periods_bounded(),
            lifted_by_unrelated(),
            set_now("lifted_at"),
            no_delete(),
            dated_now("opened_at", real=["recorded_at"], stated=["since", "until", "review_at", "lifted_at"]),
            by_staff("opened_by", STAFF, name="opened_by_staff"),
            acted_by_person("lifted_by", LIFTS, first="lifted_first", name="lifted_by_two"),
        ]

    def __str__(self) -> str:
        """Its identifier."""
        return self.public_id
