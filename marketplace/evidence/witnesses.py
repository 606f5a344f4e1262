"""Registering and ending witnesses: a participant for itself, two people of the operator for third parties."""

from __future__ import annotations

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from psycopg.errors import CheckViolation

from marketplace.kernel.actors import Actor, Role
from marketplace.kernel.errors import FieldInvalid, Forbidden, Missing
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission

from .models import MarketKey, Witness
from .services import record
from .verifier_keys import COSIGNATURE, VerifierKey, key_id, read_verifier_key
from .witness_errors import TooManyWitnesses, WitnessEnded, WitnessTaken
from .witness_models import LIVE_MAX

UNREADABLE = Label(
    "give the verifier key of a witness: name+key identifier+base64 of the byte 0x04 and the Ed25519 key",
    "証人の検証鍵（名称+鍵識別子+base64（バイト 0x04 と Ed25519 鍵））を指定してください",
)
OF_THE_LOG = Label(
    "this is the log's own name: give the witness another one",
    "ログ自身の名称です。証人には別の名称を付けてください",
)
BY_RIGHT = "witness_by_right"
"""The guard that knows who may register a witness (``participants.witness_guards``)."""
INDEPENDENT = Label(
    "who manages the keys of a participant that is no affiliate of the operator",
    "運営者の関係会社でない参加者の鍵管理者",
)


def witness_key_of(verifier_key: str) -> VerifierKey:
    """The key of a witness; raises FieldInvalid for ``verifier_key``, WitnessTaken."""
    key = read_verifier_key(verifier_key)
    if key is None or key.algorithm != COSIGNATURE:
        raise FieldInvalid("verifier_key", UNREADABLE)
    if MarketKey.objects.filter(name=key.name).exists() or key.name == settings.EVIDENCE_ORIGIN:
        raise FieldInvalid("verifier_key", OF_THE_LOG)
    taken = Witness.objects.filter(public_key=key.public) | Witness.objects.filter(name=key.name, until=None)
    if taken.exists():
        raise WitnessTaken(name=key.name)
    return key


@transaction.atomic
def register_witness(*, actor: Actor, verifier_key: str, first_person: str = "") -> Witness:
    """Register a witness by the key that it cosigns with, in C2SP's form.

    A participant registers one for itself, at most LIVE_MAX; the operator one of a third party, as the second person, after
    ``first_person`` gave the same command (``clearing.approvals.witnesses``). Records ``evidence.witness_registered``. Raises
    FieldInvalid, WitnessTaken, TooManyWitnesses, PermissionNeeded, Forbidden.
    """
    organisation = _acts_for(actor, first_person)
    key = witness_key_of(verifier_key)
    if organisation and Witness.objects.filter(organisation=organisation, until=None).count() >= LIVE_MAX:
        raise TooManyWitnesses(count=LIVE_MAX)
    try:
        with transaction.atomic():
            witness = Witness.objects.create(
                name=key.name,
                key_id=key_id(*key).hex(),
                public_key=key.public,
                organisation=organisation,
                registered_by=actor.identifier,
                first_person=first_person,
            )
    except IntegrityError as error:
        cause = error.__cause__
        if isinstance(cause, CheckViolation) and cause.diag.constraint_name == BY_RIGHT:
            raise Forbidden(needed=INDEPENDENT) from error
        if organisation and Witness.objects.filter(organisation=organisation, until=None).count() >= LIVE_MAX:
            raise TooManyWitnesses(count=LIVE_MAX) from error
        # Somebody registered the same at the same time; whatever else the database refuses is no matter of names.
        if Witness.objects.filter(name=key.name, until=None).exists():
            raise WitnessTaken(name=key.name) from error
        raise
    payload = {"name": key.name, "key_id": witness.key_id, "organisation": organisation}
    record(
        kind="evidence.witness_registered",
        subject=witness.public_id,
        actor=actor,
        payload={**payload, "first_person": first_person},
    )
    return witness


def standing_witness(*, actor: Actor, witness: str) -> Witness:
    """The witness that the actor may end, locked; raises Missing if it is another's, WitnessEnded."""
    organisation = actor.organisation if actor.role is Role.PARTICIPANT else ""
    row = Witness.objects.select_for_update().filter(public_id=witness, organisation=organisation).first()
    if row is None:
        raise Missing(kind="witness", identifier=witness)
    if row.until is not None:
        raise WitnessEnded(witness=witness)
    return row


@transaction.atomic
def end_witness(*, actor: Actor, witness: str, first_person: str = "") -> Witness:
    """End a witness, as it was registered: by the participant itself, or by two people of the operator.

    What it cosigned stays. Records ``evidence.witness_ended``. Raises Missing, WitnessEnded, PermissionNeeded, Forbidden.
    """
    _acts_for(actor, first_person)
    row = standing_witness(actor=actor, witness=witness)
    row.until, row.ended_by, row.ended_first_person = timezone.now(), actor.identifier, first_person
    row.save(update_fields=["until", "ended_by", "ended_first_person"])
    record(
        kind="evidence.witness_ended",
        subject=witness,
        actor=actor,
        payload={"name": row.name, "organisation": row.organisation, "first_person": first_person},
    )
    return row


@transaction.atomic
def end_witnesses_of_affiliate(*, actor: Actor, organisation: str) -> list[Witness]:
    """End the witnesses of an organisation that becomes an affiliate of the operator: from now on they count no more.

    What they cosigned before stays, and says so. The organisation is locked by the caller. Records
    ``evidence.witness_affiliated`` for each.
    """
    rows = list(
        Witness.objects.select_for_update().filter(organisation=organisation, until=None).order_by("pk")
    )
    for row in rows:
        row.until, row.ended_as_affiliate = timezone.now(), True
        row.save(update_fields=["until", "ended_as_affiliate"])
        payload = {"name": row.name, "organisation": organisation}
        record(kind="evidence.witness_affiliated", subject=row.public_id, actor=actor, payload=payload)
    return rows


def _acts_for(actor: Actor, first_person: str) -> str:
    """The participant that the actor acts for; empty for the operator's second person."""
    if actor.role is Role.PARTICIPANT:
        actor.require(Permission.KEYS_WRITE)
        actor.require_person()
        return actor.organisation or ""
    actor.require(Permission.RULEBOOK_WRITE)
    actor.require_second_to(first_person)
    return ""
