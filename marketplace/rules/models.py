"""Published rulebooks, the decisions made under them, and halts."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q

from marketplace.kernel.actors import PERSON_PATTERN
from marketplace.kernel.columns import BoundedJSONField, MomentField
from marketplace.kernel.commitments import SaltField
from marketplace.kernel.guards import append_only, dated_now, immutable, no_delete, set_now, set_once
from marketplace.kernel.identifiers import IDENTIFIER_LENGTH, IdentifierField
from marketplace.kernel.permissions import Permission
from marketplace.participants.acting import acted_by_person

from .drafts.models import RulebookDraft
from .guards import (
    gapless_rulebooks,
    neutral_vocabulary,
    notice_given,
    outcome_follows,
    rulebook_in_force,
    weakened_by_two,
)
from .neutrality.models import Counterfactual, NeutralityBundle
from .points import NEUTRAL_NAMESPACES
from .rescreening.models import Rescreening
from .states import STRENGTH, HaltScope, Lane, Outcome

__all__ = [
    "Counterfactual",
    "Decision",
    "Halt",
    "NeutralityBundle",
    "Rescreening",
    "Rulebook",
    "RulebookDraft",
]

DIGEST_LENGTH = 64
DIGEST_PATTERN = r"^[0-9a-f]{64}$"


class Rulebook(models.Model):
    """A published version of the market's rules.

    ``document`` is the readable text and ``digest`` its SHA-256 (RFC 8785 form). ``vocabulary`` fixes the facts and
    defaults of every decision point and the facts that each rule reads, so old decisions can be replayed with newer
    code. In force at an instant is, of the versions effective by then, the one with the highest number. Invariants:
    append-only; numbers have no gap, and each version but the first names the one before it, which it ``replaces``; it was
    given by two people, ``first_person`` and ``published_by``, and takes effect after the notice of the version before. In
    the urgent ``lane`` it takes effect at once, and changes nothing but lists and tables of law (``law_sections``). What
    weakens a control takes effect after ``control_notice_hours``. At neutral points the vocabulary has no facts about the
    parties. ``warnings`` are those that both people had acknowledged.
    """

    public_id = IdentifierField(prefix="rbk")
    number = models.PositiveIntegerField()
    document = BoundedJSONField()
    digest = models.CharField(max_length=DIGEST_LENGTH)
    vocabulary = BoundedJSONField()
    vocabulary_digest = models.CharField(max_length=DIGEST_LENGTH)
    published_at = MomentField()
    published_by = models.CharField(max_length=60, default="", db_default="")
    first_person = models.CharField(max_length=60, blank=True, default="", db_default="")
    effective_from = MomentField()
    replaces = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="+")
    lane = models.CharField(
        max_length=10, choices=Lane.choices, default=Lane.ORDINARY, db_default=Lane.ORDINARY.value
    )
    warnings = BoundedJSONField(default=list, db_default=[])

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(number=1)
                | Q(published_by__regex=PERSON_PATTERN)
                & ~Q(first_person="")
                & ~Q(first_person=F("published_by")),
                name="rulebook_by_two",
            ),
            models.CheckConstraint(
                condition=Q(number=1, replaces=None, lane=Lane.ORDINARY)
                | Q(number__gt=1, replaces__isnull=False, lane__in=Lane.values),
                name="rulebook_replaces",
            ),
            models.UniqueConstraint(fields=["number"], name="rulebook_number_once"),
            models.CheckConstraint(
                condition=Q(effective_from__gte=F("published_at")), name="rulebook_effective_later"
            ),
            models.CheckConstraint(
                condition=Q(digest__regex=DIGEST_PATTERN, vocabulary_digest__regex=DIGEST_PATTERN),
                name="rulebook_digests",
            ),
        ]
        triggers = [
            append_only(),
            dated_now("published_at", stated=["effective_from"]),
            gapless_rulebooks(),
            neutral_vocabulary(NEUTRAL_NAMESPACES),
            notice_given(),
            weakened_by_two(),
            acted_by_person(
                "published_by", Permission.RULEBOOK_WRITE, first="first_person", when="NEW.first_person <> ''"
            ),
        ]

    def __str__(self) -> str:
        """The number and the public identifier."""
        return f"{self.number} ({self.public_id})"


class Decision(models.Model):
    """What the rules decided about one subject at one decision point, with everything needed to replay it.

    ``facts`` are the recorded facts by their names in rules (``applicant.kind``), null if unknown. ``reasons`` are
    objects ``{"rule", "outcome", "basis", "text": {"ja", "en"}}``. ``parties`` are the public identifiers of the
    organisations concerned, which may read it. ``digest`` commits to the rulebook, the facts, the outcome and the
    reasons under ``salt``: whoever reads not all facts has no salt, and cannot test guesses of the others. ``engine`` is the version of the evaluator and of its library. Invariants: append-only; made under the rulebook in force; the outcome is the strongest of the reasons';
    a replay gives the same result.
    """

    public_id = IdentifierField(prefix="dec")
    point = models.CharField(max_length=40)
    subject = models.CharField(max_length=60)
    rulebook = models.ForeignKey(Rulebook, on_delete=models.PROTECT, related_name="+")
    facts = BoundedJSONField()
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    reasons = BoundedJSONField()
    salt = SaltField()
    digest = models.CharField(max_length=DIGEST_LENGTH)
    parties = ArrayField(models.CharField(max_length=IDENTIFIER_LENGTH), default=list, blank=True)
    actor = models.CharField(max_length=60)
    engine = models.CharField(max_length=60, default="", db_default="")
    decided_at = MomentField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(outcome__in=Outcome.values), name="decision_outcome"),
            models.CheckConstraint(condition=Q(digest__regex=DIGEST_PATTERN), name="decision_digest"),
        ]
        indexes = [
            models.Index("subject", "point", name="decision_subject"),
            GinIndex(fields=["parties"], name="decision_parties"),
        ]
        triggers = [append_only(), dated_now("decided_at"), rulebook_in_force(), outcome_follows(STRENGTH)]

    def __str__(self) -> str:
        """The outcome and the subject."""
        return f"{self.outcome} {self.subject} ({self.public_id})"


class Halt(models.Model):
    """A halt of new negotiations and agreements in a listing, a segment or the whole market; published.

    ``subject`` is the listing's public identifier or the segment's code, empty for the market. ``reason`` and
    ``lift_reason`` are ``{"ja", "en"}``, for participants. It is in force until it is lifted. Agreements concluded
    before it continue. One person halts; two lift: ``lift_first_person`` gave the command first, ``lifted_by`` is another.
    Invariants: one halt in force per scope and subject; the declaration never changes, the lifting is recorded once, by two
    people; rows are never deleted.
    """

    public_id = IdentifierField(prefix="hlt")
    scope = models.CharField(max_length=10, choices=HaltScope.choices)
    subject = models.CharField(max_length=60, blank=True, default="")
    reason = BoundedJSONField()
    started_at = MomentField()
    started_by = models.CharField(max_length=60)
    lifted_at = MomentField(null=True)
    lifted_by = models.CharField(max_length=60, null=True)
    lift_reason = BoundedJSONField(null=True)
    lift_first_person = models.CharField(max_length=60, null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["scope", "subject"], condition=Q(lifted_at=None), name="halt_one_live"
            ),
            models.CheckConstraint(
                condition=Q(scope=HaltScope.MARKET, subject="")
                | (Q(scope__in=(HaltScope.SEGMENT, HaltScope.LISTING)) & ~Q(subject="")),
                name="halt_of_what",
            ),
            models.CheckConstraint(condition=Q(reason__has_keys=["ja", "en"]), name="halt_says_why"),
            models.CheckConstraint(
                condition=Q(lifted_at=None, lifted_by=None, lift_reason=None, lift_first_person=None)
                | Q(
                    lifted_at__isnull=False,
                    lifted_by__isnull=False,
                    lift_reason__isnull=False,
                    lift_reason__has_keys=["ja", "en"],
                ),
                name="halt_lifted_whole",
            ),
            models.CheckConstraint(
                condition=Q(lifted_by=None)
                | Q(lift_first_person__isnull=False, lifted_by__regex=PERSON_PATTERN)
                & ~Q(lift_first_person="")
                & ~Q(lift_first_person=F("lifted_by")),
                name="halt_lifted_by_two",
            ),
        ]
        triggers = [
            immutable("public_id", "scope", "subject", "reason", "started_at", "started_by"),
            set_once("lifted_at", "lifted_by", "lift_reason", "lift_first_person"),
            no_delete(),
            dated_now("started_at"),
            set_now("lifted_at"),
            acted_by_person("lifted_by", Permission.RULEBOOK_WRITE, first="lift_first_person"),
        ]

    def __str__(self) -> str:
        """The scope and subject."""
        return f"{self.scope} {self.subject} ({self.public_id})"
