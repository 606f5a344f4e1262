"""Events of participants: organisations, admissions, suspensions."""

from __future__ import annotations

from dataclasses import dataclass

from marketplace.events.schema import Event, seen_by


@dataclass(frozen=True, kw_only=True)
class OrganisationRegistered(Event):
    """An organisation was registered."""

    type = "organisation.registered"
    subject_field = "organisation"
    audience = seen_by("organisation")

    organisation: str


@dataclass(frozen=True, kw_only=True)
class AdmissionApplied(Event):
    """An organisation applied for admission to a segment. ``capacity``: ``seller`` or ``buyer``."""

    type = "admission.applied"
    subject_field = "admission"
    audience = seen_by("organisation")

    admission: str
    organisation: str
    segment: str
    capacity: str


@dataclass(frozen=True, kw_only=True)
class AdmissionDecided(Event):
    """The rules or the operator decided on an admission. ``state``: the new one; ``decision`` records the reasons."""

    type = "admission.decided"
    subject_field = "admission"
    audience = seen_by("organisation")

    admission: str
    organisation: str
    segment: str
    capacity: str
    state: str
    decision: str | None


@dataclass(frozen=True, kw_only=True)
class AdmissionEnding(Event):
    """An admission ends soon unless it is renewed. ``expires_on``: its last day (ISO 8601)."""

    type = "admission.ending"
    subject_field = "admission"
    audience = seen_by("organisation")

    admission: str
    organisation: str
    segment: str
    capacity: str
    expires_on: str


@dataclass(frozen=True, kw_only=True)
class AdmissionConditionMoved(Event):
    """A condition of an admission was stated, is due soon, or was settled. ``change``: ``stated``, ``due``, ``met``, ``missed`` or
    ``dropped``; ``qualification``: the kind (code) that is to be verified by ``due_on``."""

    type = "admission.condition_moved"
    subject_field = "admission"
    audience = seen_by("organisation")

    condition: str
    admission: str
    organisation: str
    qualification: str
    due_on: str
    change: str


@dataclass(frozen=True, kw_only=True)
class QualificationMoved(Event):
    """A qualification of an organisation was stated, verified or ended. ``kind``: its code; ``state``: the new one."""

    type = "qualification.moved"
    subject_field = "qualification"
    audience = seen_by("organisation")

    qualification: str
    organisation: str
    kind: str
    state: str


@dataclass(frozen=True, kw_only=True)
class QualificationExpiring(Event):
    """A verified qualification ends soon. ``valid_until``: its last day (ISO 8601)."""

    type = "qualification.expiring"
    subject_field = "qualification"
    audience = seen_by("organisation")

    qualification: str
    organisation: str
    kind: str
    valid_until: str


@dataclass(frozen=True, kw_only=True)
class DisqualificationMoved(Event):
    """An organisation, or an officer of it, was disqualified, or this ended. ``change``: ``stated``, ``ended`` (by two people) or
    ``over`` (its last day ``until`` has passed)."""

    type = "disqualification.moved"
    subject_field = "disqualification"
    audience = seen_by("organisation")

    disqualification: str
    organisation: str
    ground: str
    of_officer: bool
    until: str
    change: str


@dataclass(frozen=True, kw_only=True)
class ParticipantSuspended(Event):
    """An organisation was suspended: it begins nothing new; its obligations remain. ``kind``: ``breach``, ``insolvency``,
    ``attachment`` or ``sanctions``."""

    type = "participant.suspended"
    subject_field = "organisation"
    audience = seen_by("organisation")

    organisation: str
    suspension: str
    kind: str
    reason_code: str


@dataclass(frozen=True, kw_only=True)
class SuspensionEnded(Event):
    """A suspension of an organisation ended; ``is_active``: no other stands."""

    type = "suspension.ended"
    subject_field = "organisation"
    audience = seen_by("organisation")

    organisation: str
    suspension: str
    kind: str
    is_active: bool


@dataclass(frozen=True, kw_only=True)
class ParticipantReinstated(Event):
    """The last suspension of an organisation ended."""

    type = "participant.reinstated"
    subject_field = "organisation"
    audience = seen_by("organisation")

    organisation: str


@dataclass(frozen=True, kw_only=True)
class PayoutAccountProposed(Event):
    """A person of an organisation stated another payout account; somebody else confirms it until ``lapses_on``.

    ``by_staff``: the organisation has one person, so two of the operator's staff confirm.
    """

    type = "payout_account.proposed"
    subject_field = "change"
    audience = seen_by("organisation")

    change: str
    organisation: str
    lapses_on: str
    by_staff: bool


@dataclass(frozen=True, kw_only=True)
class PayoutAccountConfirmed(Event):
    """A changed payout account was confirmed; payments go to it from ``usable_from``, unless it is stopped before.

    ``by_staff``: two of the operator's staff confirmed it.
    """

    type = "payout_account.confirmed"
    subject_field = "change"
    audience = seen_by("organisation")

    change: str
    organisation: str
    usable_from: str
    by_staff: bool


@dataclass(frozen=True, kw_only=True)
class PayoutAccountEnded(Event):
    """A change of a payout account was stopped, or lapsed because nobody confirmed it. ``state`` says which."""

    type = "payout_account.ended"
    subject_field = "change"
    audience = seen_by("organisation")

    change: str
    organisation: str
    state: str


@dataclass(frozen=True, kw_only=True)
class TrusteeAppointed(Event):
    """Two people of the operator entered the trustee whom a court appointed for an organisation; the trustee acts for it."""

    type = "trustee.appointed"
    subject_field = "organisation"
    audience = seen_by("organisation")

    organisation: str
    appointment: str


@dataclass(frozen=True, kw_only=True)
class OrganisationFactsChanged(Event):
    """A person of an organisation changed its facts, named by ``facts`` (joined by commas).

    ``is_screened``: screenings compare some of them.
    """

    type = "organisation.facts_changed"
    subject_field = "organisation"
    audience = seen_by("organisation")

    organisation: str
    facts: str
    effective_on: str
    is_screened: bool


@dataclass(frozen=True, kw_only=True)
class RelationStated(Event):
    """That an organisation is related to another was ``declared`` by it, or ``found`` by the operator (``source``).

    Of whom another stated it may appeal ``relation``.
    """

    type = "relation.stated"
    subject_field = "relation"
    audience = seen_by("organisation", "related")

    relation: str
    organisation: str
    related: str
    kind: str
    source: str


@dataclass(frozen=True, kw_only=True)
class AffiliationStated(Event):
    """Two people of the operator stated that an organisation is its affiliate, which never trades. It may appeal ``relation``."""

    type = "affiliation.stated"
    subject_field = "relation"
    audience = seen_by("organisation")

    relation: str
    organisation: str
    kind: str
