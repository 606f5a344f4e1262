"""Decide on applications: two people of the operator accept one, one refuses it."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from marketplace.evidence.services import add_parties
from marketplace.jobs.services import enqueue
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.commitments import commitment_to
from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission
from marketplace.kernel.states import advance
from marketplace.kernel.texts import is_visible, stated_text
from marketplace.participants.models import Organisation
from marketplace.participants.queries import acts_for_operator
from marketplace.participants.services import invite_first_owner, register_organisation

from ..errors import ProposerMayNoMore
from ..facts import representative_of
from ..jobs import SEND_OUTCOME
from ..models import Registration
from ..queries import last_screening
from ..rows import lock_registration, record_move
from ..states import REASON_LENGTH_MAX, REGISTRATION, ScreeningOutcome

NO_PROPOSAL: dict[str, Any] = {"proposed_by": None, "proposed_at": None, "acceptance_reason": ""}


@transaction.atomic
def propose(*, actor: Actor, registration: str, reason: str = "") -> Registration:
    """Propose to accept an application, as the first of two people of the operator.

    ``reason`` says what the findings of the newest screening mean; it is needed where there are some. Raises FieldInvalid,
    IllegalTransition, Missing, Forbidden.
    """
    _require_decider(actor)
    row = lock_registration(registration)
    screening = last_screening(row)
    if screening is not None and screening.outcome == ScreeningOutcome.HELD and not is_visible(reason):
        raise FieldInvalid(
            "reason",
            Label(
                "state why the findings of the screening do not matter",
                "照合結果に問題がないと判断した理由を入力してください",
            ),
        )
    advance(
        row,
        REGISTRATION,
        command="propose",
        role="operator",
        proposed_by=actor.identifier,
        proposed_at=clock.now(),
        acceptance_reason=reason.strip(),
    )
    record_move(
        row,
        actor,
        screening=screening.public_id if screening else None,
        reason_commitment=commitment_to(row.salt, row.acceptance_reason),
    )
    return row


@transaction.atomic
def return_to_review(*, actor: Actor, registration: str, reason: str) -> Registration:
    """Void the proposal to accept an application, with the reason, which the operator's people read.

    Raises FieldInvalid, IllegalTransition, Missing, Forbidden.
    """
    _require_decider(actor)
    why = stated_text("reason", reason, REASON_LENGTH_MAX)
    row = lock_registration(registration)
    advance(row, REGISTRATION, command="return", role="operator", return_reason=why, **NO_PROPOSAL)
    record_move(row, actor, reason_commitment=commitment_to(row.salt, why))
    return row


@transaction.atomic
def accept(*, actor: Actor, registration: str) -> Registration:
    """Accept an application as the second person: registers the organisation, and invites the applicant as its first owner.

    Raises ProposerMayNoMore, IllegalTransition, Missing, Forbidden, and what ``register_organisation`` raises:
    CorporateNumberTaken, InvoiceNumberTaken.
    """
    _require_decider(actor)
    row = lock_registration(registration)
    REGISTRATION.target(state=row.state, command="accept", role="operator")
    first = row.proposed_by or ""
    actor.require_second_to(first)
    if not acts_for_operator(first, Permission.ADMISSION_WRITE):
        raise ProposerMayNoMore(proposed_by=first)
    organisation = _register(row, actor)
    # The operator has no part in an organisation that is not its own: the market itself invites the first owner.
    invitation = invite_first_owner(
        organisation=organisation.public_id, email=row.email, language=row.language
    )
    _close(row, actor, "accept", organisation=organisation)
    screening = last_screening(row)
    record_move(
        row,
        actor,
        organisation=organisation.public_id,
        invitation=invitation.public_id,
        proposed_by=first,
        screening=screening.public_id if screening else None,
    )
    add_parties(row.public_id)
    return row


@transaction.atomic
def refuse(*, actor: Actor, registration: str, reason: str) -> Registration:
    """Refuse an application with the reason, which the applicant reads. Raises FieldInvalid, IllegalTransition, Missing,
    Forbidden."""
    _require_decider(actor)
    why = stated_text("reason", reason, REASON_LENGTH_MAX)
    row = lock_registration(registration)
    _close(row, actor, "refuse", refusal_reason=why)
    record_move(row, actor, reason_commitment=commitment_to(row.salt, row.refusal_reason))
    return row


def _require_decider(actor: Actor) -> None:
    """Raise Forbidden unless a person of the operator acts: no program decides who takes part."""
    actor.require(Permission.ADMISSION_WRITE)
    actor.require_person()


def _register(row: Registration, actor: Actor) -> Organisation:
    """The organisation that an application registers."""
    return register_organisation(
        actor=actor,
        name={"ja": row.name_ja, "en": row.name_en},
        corporate_number=row.corporate_number,
        kind=row.kind,
        address=row.address,
        representative=representative_of(row),
        invoice_registration_number=row.invoice_registration_number,
        country=row.country,
        payout_account=row.payout_account,
    )


def _close(row: Registration, actor: Actor, command: str, **changes: Any) -> None:
    """End an application, and have the applicant told by mail."""
    closed = {"closed_by": actor.identifier, "closed_at": clock.now()}
    advance(row, REGISTRATION, command=command, role="operator", **closed, **changes)
    enqueue(kind=SEND_OUTCOME, subject=row.public_id)
