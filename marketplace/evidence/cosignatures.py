"""Cosignatures of witnesses (C2SP ``tlog-cosignature``, cosignature/v1): taken, counted, and written into notes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from marketplace.kernel.errors import Missing
from marketplace.kernel.labels import Label
from marketplace.kernel.parameters import parameter

from .errors import SignatureInvalid
from .models import Checkpoint, Cosignature, Witness
from .notes import signature_line, signature_lines
from .verifier_keys import KEY_ID_BYTES
from .witness_errors import CosignatureInvalid

TIME_BYTES, SIGNATURE_BYTES = 8, 64
CLOCKS_DIFFER = timedelta(minutes=5)
_ROWS_READ = 256
LINES_MAX = 64
"""So many cosignatures stand in a note."""

NO_LINE = Label("it is no signature line of cosignature/v1", "cosignature/v1 の署名行ではありません")
UNKNOWN = Label("no registered witness has this name and key", "この名称と鍵の証人は登録されていません")
OF_AFFILIATE = Label(
    "the organisation of the witness is an affiliate of the operator",
    "証人の組織は運営者の関係会社です",
)
OF_ANOTHER = Label("the witness did not sign this checkpoint", "証人はこのチェックポイントに署名していません")
AT_ANOTHER_TIME = Label(
    "its time is to come, or before the checkpoint", "時刻が未来か、チェックポイントより前です"
)


class _Line(NamedTuple):
    """What a signature line of a witness states."""

    name: str
    key_id: str
    signed_at: int
    signature: bytes


@transaction.atomic
def cosign(*, size: int, cosignature: str) -> Cosignature:
    """Take the cosignature of the checkpoint of ``size`` leaves; what was taken before is returned again.

    ``cosignature`` is the witness's signature line. Raises Missing, CosignatureInvalid.
    """
    line = _read_line(cosignature)
    witness = Witness.objects.filter(name=line.name, key_id=line.key_id, until=None).first()
    if witness is None:
        ended = Witness.objects.filter(name=line.name, key_id=line.key_id, ended_as_affiliate=True)
        raise CosignatureInvalid(reason=OF_AFFILIATE if ended.exists() else UNKNOWN)
    checkpoint = Checkpoint.objects.filter(size=size).first()
    if checkpoint is None:
        raise Missing(kind="checkpoint", identifier=str(size))
    earliest = (checkpoint.created_at - CLOCKS_DIFFER).timestamp()
    if not earliest <= line.signed_at <= (timezone.now() + CLOCKS_DIFFER).timestamp():
        raise CosignatureInvalid(reason=AT_ANOTHER_TIME)
    if not is_cosigned(checkpoint.note, bytes(witness.public_key), line.signed_at, line.signature):
        raise CosignatureInvalid(reason=OF_ANOTHER)
    row = Cosignature(
        checkpoint=checkpoint, witness=witness, signed_at=line.signed_at, signature=line.signature
    )
    # A witness that polls twice signs twice, maybe at once.
    Cosignature.objects.bulk_create([row], ignore_conflicts=True)
    return Cosignature.objects.select_related("checkpoint", "witness").get(
        checkpoint=checkpoint, witness=witness
    )


def is_cosigned(note: str, public: bytes, signed_at: int, signature: bytes) -> bool:
    """Whether the key signed the body of ``note`` at the UNIX time ``signed_at``."""
    body = note.partition("\n\n")[0]
    message = f"cosignature/v1\ntime {signed_at}\n{body}\n".encode()
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def _read_line(text: str) -> _Line:
    try:
        ((name, value),) = signature_lines(text)
    except (SignatureInvalid, ValueError) as error:
        raise CosignatureInvalid(reason=NO_LINE) from error
    if len(value) != KEY_ID_BYTES + TIME_BYTES + SIGNATURE_BYTES:
        raise CosignatureInvalid(reason=NO_LINE)
    timed = value[KEY_ID_BYTES:]
    return _Line(
        name,
        value[:KEY_ID_BYTES].hex(),
        int.from_bytes(timed[:TIME_BYTES], "big"),
        timed[TIME_BYTES:],
    )


def cosigned_note(checkpoint: Checkpoint) -> str:
    """The note of a checkpoint with the lines of its witnesses, at most LINES_MAX; the API has the others.

    Of each organisation the first comes before any second: clients read no note with more than a hundred signatures.
    """
    rows = list(Cosignature.objects.filter(checkpoint=checkpoint).select_related("witness").order_by("id"))
    first: dict[str, int] = {}
    for row in rows:
        first.setdefault(row.witness.organisation or row.witness.public_id, row.pk)
    rows.sort(key=lambda row: row.pk not in first.values())
    return checkpoint.note + "".join(map(line_of, rows[:LINES_MAX]))


def line_of(row: Cosignature) -> str:
    """The signature line of a cosignature."""
    value = bytes.fromhex(row.witness.key_id) + row.signed_at.to_bytes(TIME_BYTES, "big")
    return signature_line(row.witness.name, value + bytes(row.signature))


class Relation(NamedTuple):
    """Two organisations (public identifiers) that are or were related: from when to when, None while they are.

    ``one`` stated it, or the operator found it of both (``is_found``).
    """

    one: str
    other: str
    since: datetime
    until: datetime | None
    is_found: bool = False


def witness_relations() -> list[Relation]:
    """The relations between organisations that run or ran witnesses, by ``settings.WITNESS_RELATIONS_READER``."""
    organisations = set(Witness.objects.exclude(organisation="").values_list("organisation", flat=True))
    if len(organisations) < 2:
        return []
    return [Relation(*each) for each in import_string(settings.WITNESS_RELATIONS_READER)(organisations)]


def witnesses_count(cosignatures: Iterable[Cosignature], relations: Iterable[Relation] = ()) -> int:
    """How many have cosigned: each organisation once, however many witnesses it runs, and each group of organisations that
    were related when they cosigned once.

    What an organisation alone states counts against itself alone: it is of the group of whom it names, who is not of its own.
    So the groups that count are those that name nobody else, the sinks of who names whom; by one false statement nobody
    discounts others. Third parties count once together: the operator registers them, and might run them all itself.
    """
    signed: dict[str, datetime] = {}
    for row in cosignatures:
        signed.setdefault(row.witness.organisation, row.received_at)
    named: dict[str, set[str]] = {organisation: set() for organisation in signed}
    for one, other, since, until, is_found in relations:
        if one in signed and other in signed:
            last = max(signed[one], signed[other])
            if since <= last and (until is None or until > last):
                named[one].add(other)
                if is_found:
                    named[other].add(one)
    reached = {organisation: _reached(organisation, named) for organisation in named}
    return len({reach for of, reach in reached.items() if all(of in reached[other] for other in reach)})


def _reached(organisation: str, named: Mapping[str, set[str]]) -> frozenset[str]:
    """The organisation, whom it names, whom these name, and so on."""
    found, fresh = {organisation}, [organisation]
    while fresh:
        for other in named[fresh.pop()] - found:
            found.add(other)
            fresh.append(other)
    return frozenset(found)


def is_witnessed(
    cosignatures: Iterable[Cosignature], witnesses_min: int, relations: Iterable[Relation] = ()
) -> bool:
    """Whether as many witnesses have cosigned as the rulebook asks for, and at least one that a participant runs."""
    rows = list(cosignatures)
    is_by_participant = any(row.witness.organisation for row in rows)
    return is_by_participant and witnesses_count(rows, relations) >= witnesses_min


def witnessed_counts() -> dict[str, int]:
    """How many checkpoints there are, and how many are witnessed."""
    least, relations = parameter("witnesses_min"), witness_relations()
    signed: dict[int, list[Cosignature]] = {}
    for row in Cosignature.objects.select_related("witness").iterator(_ROWS_READ):
        signed.setdefault(row.checkpoint_id, []).append(row)
    return {
        "checkpoints": Checkpoint.objects.count(),
        "witnessed": sum(is_witnessed(rows, least, relations) for rows in signed.values()),
    }


def faults_of_cosignatures() -> Iterator[str]:
    """Cosignatures that their witness did not make."""
    reached = 0
    while rows := list(
        Cosignature.objects.filter(pk__gt=reached)
        .select_related("checkpoint", "witness")
        .order_by("pk")[:_ROWS_READ]
    ):
        for row in rows:
            public = bytes(row.witness.public_key)
            if not is_cosigned(row.checkpoint.note, public, row.signed_at, bytes(row.signature)):
                yield (
                    f"the cosignature of checkpoint {row.checkpoint.public_id} by witness"
                    f" {row.witness.public_id} is not valid"
                )
        reached = rows[-1].pk
