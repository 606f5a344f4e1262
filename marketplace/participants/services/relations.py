"""State relations between organisations, by themselves or by the operator, and end them by two of its people."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from marketplace.approvals.services import require_two_people
from marketplace.events.schemas.participants import AffiliationStated, RelationStated
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.evidence.witnesses import end_witnesses_of_affiliate
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor, Role
from marketplace.kernel.commitments import commitment_to
from marketplace.kernel.errors import FieldInvalid, Missing
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission
from marketplace.kernel.refusals import record_refusals
from marketplace.kernel.texts import stated_text

from ..errors import HasAdmissions
from ..interest_queries import related_to, require_unrelated
from ..models import Admission, Organisation, OrganisationRelation
from ..models.relations import DOCUMENT_LENGTH_MAX
from ..people_fields import checked_effective_day, checked_sha256
from ..relation_errors import RelationEnded, RelationStands
from ..relation_kinds import RelationKind, RelationSource
from ..relation_queries import standing_to_operator
from ..states import HELD_ADMISSIONS
from ..uniqueness import translate_duplicates

APPROVED_WITHIN: Final = timedelta(hours=24)
REASON_LENGTH_MAX: Final = 500


@record_refusals()
def state_relation(
    *,
    actor: Actor,
    related: str,
    kind: str,
    document: str,
    document_sha256: str = "",
    since: date | None = None,
    organisation: str | None = None,
) -> OrganisationRelation:
    """State that an organisation is related to another; rules read it as a fact of both from now on.

    A participant declares relations of its own; the operator's people state what they found of ``organisation``. A relation
    to the operator makes an affiliate, which never trades: it is refused while the organisation is admitted anywhere; where the
    operator states it, two of its people do, with the digest of a document. Of whom another stated it is told, and may appeal
    (affiliation.stated, relation.stated). Raises SecondPersonNeeded, RelationStands, HasAdmissions, Recused, FieldInvalid, Missing, PermissionNeeded, ProofNeeded, Forbidden.
    """
    actor.require(Permission.ORGANISATION_WRITE, Permission.ADMISSION_WRITE)
    actor.require_person()
    is_found = actor.role is Role.OPERATOR
    actor.require(Permission.ADMISSION_WRITE if is_found else Permission.ORGANISATION_WRITE)
    if kind not in RelationKind.values:
        known = ", ".join(RelationKind.values)
        raise FieldInvalid("kind", Label(f"choose one of {known}", f"{known} から選んでください"))
    proof, day = stated_text("document", document, DOCUMENT_LENGTH_MAX), checked_effective_day(since, "since")
    if document_sha256:
        checked_sha256("document_sha256", document_sha256)
    subject, other = _both(actor, organisation if is_found else actor.organisation, related)
    require_unrelated(actor, subject.pk, other.pk)
    bars = is_found and other.is_operator
    if other.is_operator:
        _affiliate(subject, actor)
    stated = {"organisation": subject, "related": other, "kind": kind}
    same = OrganisationRelation.objects.filter(**stated, ended_at=None).first()
    taken = RelationStands(relation=same.public_id if same else related)
    if same is not None:
        raise taken
    first_person = _first_of_two(actor, subject, kind, proof, document_sha256, since) if bars else ""
    with translate_duplicates({"relation_stated_once": taken}):
        relation = OrganisationRelation.objects.create(
            **stated,
            source=RelationSource.FOUND if is_found else RelationSource.DECLARED,
            document=proof,
            document_sha256=document_sha256,
            since=day,
            first_person=first_person,
            stated_by=actor.identifier,
            stated_at=clock.now(),
        )
    _record_and_tell(actor, relation, bars=bars)
    return relation


def _record_and_tell(actor: Actor, relation: OrganisationRelation, *, bars: bool) -> None:
    """Record what was stated, and tell of whom another stated it. ``bars``: the operator stated it of its affiliate."""
    organisation, related = relation.organisation.public_id, relation.related.public_id
    record(
        kind="participants.relation_stated",
        subject=relation.public_id,
        actor=actor,
        payload={
            "organisation": organisation,
            "related": related,
            "kind": relation.kind,
            "source": str(relation.source),
            "since": relation.since.isoformat(),
            "document_sha256": relation.document_sha256,
            **({"first_person": relation.first_person} if bars else {}),
        },
    )
    named = {"relation": relation.public_id, "organisation": organisation, "kind": relation.kind}
    if bars:
        emit(AffiliationStated(**named))
    else:
        emit(RelationStated(**named, related=related, source=str(relation.source)))


def _first_of_two(
    actor: Actor, subject: Organisation, kind: str, document: str, document_sha256: str, since: date | None
) -> str:
    """Who of the operator stated first that an organisation is its affiliate. Raises SecondPersonNeeded, FieldInvalid, Recused."""
    if not document_sha256:
        raise FieldInvalid(
            "document_sha256",
            Label(
                "state the SHA-256 of the document that proves it", "証拠書類の SHA-256 を指定してください"
            ),
        )
    approval = require_two_people(
        actor=actor,
        permission=Permission.ADMISSION_WRITE,
        organisation=actor.organisation or "",
        command="participants.state_affiliation",
        subject=subject.public_id,
        payload={
            "kind": kind,
            "document": document,
            "document_sha256": document_sha256,
            # As it was stated: without a day it is that on which the second person gives the command.
            "since": since.isoformat() if since else None,
        },
        expires_in=APPROVED_WITHIN,
        barred=related_to(subject.pk),
    )
    return approval.first_person


def _both(actor: Actor, organisation: str | None, related: str) -> tuple[Organisation, Organisation]:
    """The organisation, locked, and the other. Raises FieldInvalid, Missing."""
    if not organisation:
        raise FieldInvalid(
            "organisation",
            Label("name the organisation that is related", "関係のある組織を指定してください"),
        )
    if organisation == related:
        raise FieldInvalid("related", Label("name another organisation", "別の組織を指定してください"))
    subject = Organisation.objects.select_for_update(no_key=True).filter(public_id=organisation).first()
    if subject is None or subject.is_operator:
        raise Missing(kind="organisation", identifier=organisation)
    other = Organisation.objects.filter(public_id=related).first()
    if other is None:
        raise Missing(kind="organisation", identifier=related)
    return subject, other


def _affiliate(subject: Organisation, actor: Actor) -> None:
    """Make an organisation an affiliate of the operator; raises HasAdmissions while it is admitted or applies.

    Its witnesses end.
    """
    if Admission.objects.filter(organisation=subject, state__in=HELD_ADMISSIONS).exists():
        raise HasAdmissions(organisation=subject.public_id)
    if not subject.operator_affiliate:
        subject.operator_affiliate = True
        subject.save(update_fields=["operator_affiliate"])
    end_witnesses_of_affiliate(actor=actor, organisation=subject.public_id)


@record_refusals()
def end_relation(*, actor: Actor, relation: str, reason: str) -> OrganisationRelation:
    """End a relation when two people of the operator gave the command; with the last to the operator, who was its affiliate is none.

    Raises SecondPersonNeeded, RelationEnded, Recused, FieldInvalid, Missing, PermissionNeeded, ProofNeeded.
    """
    actor.require(Permission.ADMISSION_WRITE)
    actor.require_person()
    why = stated_text("reason", reason, REASON_LENGTH_MAX)
    subject = _locked_relation(relation)
    if subject.ended_at is not None:
        raise RelationEnded(relation=relation, ended_at=subject.ended_at.isoformat())
    require_unrelated(actor, subject.organisation_id, subject.related_id)
    approval = require_two_people(
        actor=actor,
        permission=Permission.ADMISSION_WRITE,
        organisation=actor.organisation or "",
        command="participants.end_relation",
        subject=relation,
        payload={"reason": why},
        expires_in=APPROVED_WITHIN,
        barred=related_to(subject.organisation_id, subject.related_id),
    )
    subject.ended_at, subject.ended_by = clock.now(), actor.identifier
    subject.end_first_person, subject.end_reason = approval.first_person, why
    subject.save(update_fields=["ended_at", "ended_by", "end_first_person", "end_reason"])
    freed = subject.related.is_operator and not standing_to_operator(subject.organisation_id).exists()
    if freed:
        Organisation.objects.filter(pk=subject.organisation_id).update(operator_affiliate=False)
    record(
        kind="participants.relation_ended",
        subject=relation,
        actor=actor,
        payload={
            "first_person": approval.first_person,
            "reason_commitment": commitment_to(subject.salt, why),
            **({"organisation": subject.organisation.public_id, "affiliate": False} if freed else {}),
        },
    )
    return subject


def _locked_relation(relation: str) -> OrganisationRelation:
    """The relation, locked after its organisation, as where one is stated. Raises Missing."""
    found = OrganisationRelation.objects.filter(public_id=relation)
    Organisation.objects.select_for_update(no_key=True).filter(pk__in=found.values("organisation")).first()
    subject = (
        found.select_for_update(no_key=True, of=("self",)).select_related("organisation", "related").first()
    )
    if subject is None:
        raise Missing(kind="relation", identifier=relation)
    return subject
