"""Cases that wait for two people of the operator, what is stated in an appeal, and how its outcome was carried out."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from marketplace.kernel.actors import PERSON_PATTERN
from marketplace.kernel.columns import BoundedJSONField, MomentField, TransactionIdField
from marketplace.kernel.commitments import SaltField
from marketplace.kernel.guards import (
    append_only,
    dated_now,
    immutable,
    no_delete,
    set_now,
    set_once,
    state_guard,
)
from marketplace.kernel.identifiers import IDENTIFIER_LENGTH, IdentifierField
from marketplace.kernel.permissions import Permission
from marketplace.participants.acting import acted_by_person
from marketplace.participants.interest_guards import unrelated
from marketplace.participants.models import Admission, AdmissionCondition

from . import guards
from .on_call_models import OnCallTurn
from .states import CASE, HELD, KEPT_MAX, OUTCOMES, CaseKindCode, CaseOutcome, CaseState

__all__ = ["Appeal", "Case", "OnCallTurn", "Remedy"]

REASON_LENGTH_MAX = 2_000
STATEMENT_LENGTH_MAX = 10_000
DOCUMENTS_MAX = 20
_OUTCOME_FITS = Q(outcome="") | Q(
    *(Q(kind=kind, outcome__in=outcomes) for kind, outcomes in OUTCOMES.items()), _connector=Q.OR
)
_UNDECIDED = Q(outcome="", reason="", first_person="", resolved_by="")
_BY_TWO = (
    Q(first_person__regex=PERSON_PATTERN, resolved_by__regex=PERSON_PATTERN, ended_at__isnull=False)
    & ~Q(first_person=F("resolved_by"))
    & ~Q(reason="")
    & ~Q(outcome="")
)


class Case(models.Model):
    """Something that waits for the decision of two people of the operator: what the rules put on hold, or an appeal.

    ``subject`` is the public identifier of what is on hold or appealed, ``thread`` that of what it belongs to (the listing of
    a version); ``organisation`` waits for it, and so does ``counterparty``, the seller, where the conclusion of an agreement is on hold. ``decision`` is the decision of the rules that put it on hold. It is due by
    ``decide_by``; ``reminded_at``: when that passed. ``resolved_in`` is the transaction in which it was decided. Evidence commits
    to ``reason`` with ``salt``. ``kept_until``: until when two people kept an admission that a new rulebook would not give;
    ``again_at``: when it was looked at again after that.

    Invariants: one open case per kind, subject and organisation, one appeal ever per subject and organisation; decided by two natural
    persons of the operator, neither with an interest in the organisation, the counterparty or a party of what is appealed, and an appeal by two who did not
    decide what is appealed. Rows are never deleted.
    """

    public_id = IdentifierField(prefix="cas")
    kind = models.CharField(max_length=12, choices=CaseKindCode.choices)
    subject = models.CharField(max_length=60)
    thread = models.CharField(max_length=60)
    organisation = models.ForeignKey("participants.Organisation", on_delete=models.PROTECT, related_name="+")
    counterparty = models.ForeignKey(
        "participants.Organisation", on_delete=models.PROTECT, related_name="+", null=True
    )
    decision = models.CharField(max_length=IDENTIFIER_LENGTH, blank=True, default="")
    state = models.CharField(max_length=10, choices=CaseState.choices, default=CaseState.OPEN)
    opened_at = MomentField()
    decide_by = MomentField()
    reminded_at = MomentField(null=True)
    outcome = models.CharField(max_length=8, choices=CaseOutcome.choices, blank=True, default="")
    reason = models.CharField(max_length=REASON_LENGTH_MAX, blank=True, default="")
    kept_until = MomentField(null=True)
    again_at = MomentField(null=True)
    first_person = models.CharField(max_length=60, blank=True, default="")
    resolved_by = models.CharField(max_length=60, blank=True, default="")
    ended_at = MomentField(null=True)
    resolved_in = TransactionIdField(null=True)
    salt = SaltField()
    recorded_at = MomentField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject", "organisation"],
                condition=Q(state="open"),
                name="case_open_once",
            ),
            models.UniqueConstraint(
                fields=["subject", "organisation"], condition=Q(kind="appeal"), name="case_one_appeal"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=CaseKindCode.values) & _OUTCOME_FITS, name="case_outcome"
            ),
            models.CheckConstraint(
                condition=(
                    Q(kind="conclusion", counterparty__isnull=False) & ~Q(counterparty=F("organisation"))
                )
                | (~Q(kind="conclusion") & Q(counterparty=None)),
                name="case_of_two_parties",
            ),
            models.CheckConstraint(
                condition=(Q(state="open", ended_at=None) & _UNDECIDED)
                | (Q(state__in=("withdrawn", "moot"), ended_at__isnull=False) & _UNDECIDED)
                | (Q(state="resolved") & _BY_TWO),
                name="case_resolved_by_two",
            ),
            models.CheckConstraint(condition=Q(decide_by__gt=F("opened_at")), name="case_has_time"),
            models.CheckConstraint(
                condition=(~Q(outcome="keep") & Q(kept_until=None, again_at=None))
                | Q(outcome="keep", kept_until__isnull=False)
                & Q(kept_until__gt=F("ended_at"), kept_until__lte=F("ended_at") + KEPT_MAX),
                name="case_kept_for_a_time",
            ),
            models.CheckConstraint(
                condition=Q(state="withdrawn", kind="appeal") | ~Q(state="withdrawn"), name="case_withdrawn"
            ),
        ]
        indexes = [
            models.Index("decide_by", name="case_due", condition=Q(state="open")),
            models.Index(fields=["organisation", "-id"], name="case_of_organisation"),
            models.Index(
                fields=["counterparty", "-id"],
                name="case_of_counterparty",
                condition=Q(counterparty__isnull=False),
            ),
            models.Index("kept_until", name="case_kept", condition=Q(outcome="keep", again_at=None)),
            models.Index("subject", name="case_subject"),
            models.Index("thread", name="case_thread", condition=Q(state="open")),
        ]
        triggers = [
            state_guard(CASE),
            immutable("public_id", "kind", "subject", "thread", "organisation_id", "counterparty_id", "decision",
                      "opened_at", "decide_by",
                      "salt", "recorded_at"),
            guards.ended_for_good(),
            set_once("reminded_at", "again_at"),
            no_delete(),
            dated_now("opened_at", real=["recorded_at"], stated=["decide_by", "kept_until"]),
            set_now("ended_at", "reminded_at", "again_at"),
            guards.resolved_in_its_transaction(),
            guards.appeal_by_others(),
            guards.rescreened_while_standing(),
            guards.appeal_has_its_statement(),
            guards.appealed_parties_recused(),
            unrelated("resolved_by", "first_person"),
            unrelated("resolved_by", "first_person", organisation="counterparty_id", name="counterparty_recused"),
            acted_by_person(
                "resolved_by", Permission.ADMISSION_WRITE, first="first_person",
                when="NEW.kind <> 'appeal' AND NEW.state = 'resolved' AND OLD.state IS DISTINCT FROM NEW.state",
                name="resolved_by_staff", watched=("state",),
            ),
            acted_by_person(
                "resolved_by", Permission.DISPUTES_WRITE, first="first_person",
                when="NEW.kind = 'appeal' AND NEW.state = 'resolved' AND OLD.state IS DISTINCT FROM NEW.state",
                name="appeal_decided_by_staff", watched=("state",),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        """The kind and the public identifier."""
        return f"{self.kind} ({self.public_id})"

    @property
    def is_appeal(self) -> bool:
        """Whether it is an appeal, not what the rules put on hold."""
        return self.kind not in HELD


class Appeal(models.Model):
    """What a participant states in an appeal, with the documents that it relies on, each ``{"name", "sha256"}``.

    Read by the participant and by who decides appeals; evidence commits to it with ``salt``. Invariants: one per case of an appeal, of what
    was decided against the participant itself. Append-only.
    """

    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="appeal")
    statement = models.CharField(max_length=STATEMENT_LENGTH_MAX)
    documents = BoundedJSONField(default=list)
    salt = SaltField()
    filed_by = models.CharField(max_length=60)
    filed_at = MomentField()
    recorded_at = MomentField(db_default=Now())

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(statement=""), name="appeal_states")]
        triggers = [append_only(), dated_now("filed_at", real=["recorded_at"]), guards.appeal_of_own()]


class Remedy(models.Model):
    """How a person of the operator carried out an appeal that changed the first decision. Append-only.

    ``reference`` is the public identifier of what it did (a reinstatement, a new admission). Invariants: one per case, whose
    appeal changed the first decision; that of a suspension, or of a relation, when this has ended; by somebody with no interest in a
    party of what is appealed.
    """

    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="remedy")
    how = models.CharField(max_length=REASON_LENGTH_MAX)
    reference = models.CharField(max_length=60, blank=True, default="")
    salt = SaltField()
    carried_out_by = models.CharField(max_length=60)
    carried_out_at = MomentField()
    recorded_at = MomentField(db_default=Now())

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(how=""), name="remedy_says_how")]
        triggers = [
            append_only(),
            dated_now("carried_out_at", real=["recorded_at"]),
            guards.remedies_changed_appeal(),
            guards.remedied_unrelated(),
            acted_by_person("carried_out_by", Permission.ADMISSION_WRITE, name="remedied_by_staff"),
        ]


pgtrigger.register(guards.decided_in_case("admission", {"admitted": "allow", "refused": "deny"}))(Admission)
pgtrigger.register(guards.stated_in_case())(AdmissionCondition)
