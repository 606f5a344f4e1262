"""Announces the market's next signing key by two people of the operator: with notice, or at once where the key is lost."""

from __future__ import annotations

from datetime import timedelta

from marketplace.approvals.services import require_two_people
from marketplace.events.schemas.evidence import KeyAnnounced
from marketplace.events.services import emit
from marketplace.evidence.announcement_models import KeyAnnouncement
from marketplace.evidence.announcing import announce_key, announced_reason, next_key_of, thumbprint_of
from marketplace.kernel.actors import Actor
from marketplace.kernel.permissions import Permission
from marketplace.kernel.refusals import record_refusals

from ..ground.parameters import second_person_hours

COMMANDS = {False: "evidence.announce_key", True: "evidence.replace_lost_key"}
"""Whether it is an emergency, and the command that both people give."""


@record_refusals()
def announce_key_by_two(
    *, actor: Actor, verifier_key: str, reason: str, is_emergency: bool
) -> KeyAnnouncement:
    """Announce the next key; emits evidence.key_announced.

    Raises SecondPersonNeeded, and as ``marketplace.evidence.announcing.announce_key``.
    """
    actor.require(Permission.RULEBOOK_WRITE)
    key, why = next_key_of(verifier_key), announced_reason(reason)
    approval = require_two_people(
        actor=actor,
        permission=Permission.RULEBOOK_WRITE,
        organisation=actor.organisation or "",
        command=COMMANDS[is_emergency],
        subject=thumbprint_of(key.public),
        payload={"verifier_key": verifier_key, "reason": why},
        expires_in=timedelta(hours=second_person_hours()),
    )
    row = announce_key(
        actor=actor,
        verifier_key=verifier_key,
        reason=why,
        is_emergency=is_emergency,
        first_person=str(approval.first_person),
    )
    emit(
        KeyAnnounced(
            announcement=row.public_id,
            kid=row.kid,
            effective_from=row.effective_from.isoformat(),
            is_emergency=is_emergency,
        )
    )
    return row
