"""Registers and ends witnesses of the log: a participant its own, two people of the operator those of third parties."""

from __future__ import annotations

from datetime import timedelta

from marketplace.approvals.services import require_two_people
from marketplace.evidence.models import Witness
from marketplace.evidence.witnesses import (
    end_witness,
    register_witness,
    standing_witness,
    witness_key_of,
)
from marketplace.kernel.actors import Actor, Role
from marketplace.kernel.permissions import Permission
from marketplace.kernel.refusals import record_refusals

from ..ground.parameters import second_person_hours


@record_refusals()
def register_witness_by_right(*, actor: Actor, verifier_key: str) -> Witness:
    """Register a witness: at once for the actor's own organisation, by two people of the operator for a third party.

    Raises SecondPersonNeeded, and as ``marketplace.evidence.witnesses.register_witness``.
    """
    if actor.role is Role.PARTICIPANT:
        return register_witness(actor=actor, verifier_key=verifier_key)
    actor.require(Permission.RULEBOOK_WRITE)
    key = witness_key_of(verifier_key)
    first_person = _first_person(actor, "evidence.register_witness", key.public.hex()[:60])
    return register_witness(actor=actor, verifier_key=verifier_key, first_person=first_person)


@record_refusals()
def end_witness_by_right(*, actor: Actor, witness: str) -> Witness:
    """End a witness as it was registered. Raises SecondPersonNeeded, and as ``marketplace.evidence.witnesses.end_witness``."""
    if actor.role is Role.PARTICIPANT:
        return end_witness(actor=actor, witness=witness)
    actor.require(Permission.RULEBOOK_WRITE)
    standing_witness(actor=actor, witness=witness)
    first_person = _first_person(actor, "evidence.end_witness", witness)
    return end_witness(actor=actor, witness=witness, first_person=first_person)


def _first_person(actor: Actor, command: str, subject: str) -> str:
    """Who gave the same command first; raises SecondPersonNeeded."""
    approval = require_two_people(
        actor=actor,
        permission=Permission.RULEBOOK_WRITE,
        organisation=actor.organisation or "",
        command=command,
        subject=subject,
        payload={},
        expires_in=timedelta(hours=second_person_hours()),
    )
    return str(approval.first_person)
