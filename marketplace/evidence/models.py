"""Records, their leaves in the Merkle tree, the tiles that hold its hashes, checkpoints, and the keys that sign them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Cast, Length, Now
from django.db.models.lookups import Exact, LessThanOrEqual

from marketplace.kernel.columns import INEXACT_NUMBERS, TOO_DEEP, MomentField, TransactionIdField
from marketplace.kernel.guards import (
    append_only,
    dated_now,
    immutable,
    no_delete,
    own_transaction,
    set_once,
)
from marketplace.kernel.identifiers import IDENTIFIER_LENGTH, IdentifierField
from marketplace.kernel.merkle import HASH_BYTES
from marketplace.kernel.tiles import TILE_WIDTH

from .announcement_models import KeyAnnouncement as KeyAnnouncement
from .guards import (
    key_follows,
    leaves_in_commit_order,
    note_states_checkpoint,
    parties_of_records,
    party_of_row,
    tile_grows,
)
from .plain_hashes import PLAIN_HASHES
from .secret_kinds import SECRET_KINDS
from .timestamp_models import CheckpointTimestamp as CheckpointTimestamp
from .witness_models import Cosignature as Cosignature
from .witness_models import Witness as Witness

# Who verifies openings of records reads no longer ones.
CONTENT_BYTES_MAX = 2**16 - 1
# What the members of a record beside the payload take at most, all of their characters escaped.
OTHER_MEMBERS_BYTES_MAX = 1_535
PAYLOAD_BYTES_MAX = CONTENT_BYTES_MAX - OTHER_MEMBERS_BYTES_MAX
SALT_BYTES = 32
COMMITMENT_BYTES = 32
NEW_SALT = models.Func(template="(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()))")
"""Drawn by the database, with 244 random bits."""


class EvidenceRecord(models.Model):
    """A fact, recorded in the transaction of the change itself.

    ``payload`` is a JSON object of identifiers, hashes, codes and amounts. ``occurred_at`` is business time,
    ``recorded_at`` real time, ``transaction`` the transaction that wrote the record. Services write records without a
    leaf, so they do not wait for each other; the sealer adds the leaves in the order of commits. ``salt`` hides the record
    in its public commitment, and is read only by who may read the record.

    Invariants: the payload takes at most PAYLOAD_BYTES_MAX bytes and holds no number beyond ``bounds.INTEGER_MAX`` and
    no deep nesting, so every record has a canonical form; it has no plain hash of what people wrote (``plain_hashes``); the
    transaction is the one that writes it. Append-only.
    """

    public_id = IdentifierField(prefix="evi")
    kind = models.CharField(max_length=60)
    subject = models.CharField(max_length=60)
    actor = models.CharField(max_length=60)
    payload = models.JSONField()
    occurred_at = MomentField()
    recorded_at = MomentField(db_default=Now())
    transaction = TransactionIdField(db_default=models.Func(function="pg_current_xact_id"))
    salt = models.BinaryField(db_default=NEW_SALT)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Exact(Length("salt"), models.Value(SALT_BYTES)), name="evidence_salt_length"
            ),
            models.CheckConstraint(
                condition=LessThanOrEqual(
                    models.Func(
                        Cast("payload", models.TextField()),
                        function="octet_length",
                        output_field=models.IntegerField(),
                    ),
                    PAYLOAD_BYTES_MAX,
                ),
                name="evidence_payload_bytes",
            ),
            models.CheckConstraint(
                condition=models.Func(
                    "payload",
                    models.Value(INEXACT_NUMBERS),
                    function="jsonb_path_exists",
                    template="NOT %(function)s(%(expressions)s)",
                    output_field=models.BooleanField(),
                ),
                name="evidence_payload_numbers",
            ),
            models.CheckConstraint(
                condition=models.Func(
                    "payload",
                    models.Value(TOO_DEEP),
                    function="jsonb_path_exists",
                    template="NOT %(function)s(%(expressions)s)",
                    output_field=models.BooleanField(),
                ),
                name="evidence_payload_depth",
            ),
            models.CheckConstraint(
                condition=~Q(payload__has_any_keys=PLAIN_HASHES), name="evidence_no_plain_hash"
            ),
        ]
        indexes = [
            models.Index("subject", "id", name="evidence_subject"),
            models.Index("transaction", "id", name="evidence_commit_order"),
            models.Index(
                "kind", "occurred_at", name="evidence_secret_at_first", condition=Q(kind__in=SECRET_KINDS)
            ),
        ]
        triggers = [
            append_only(),
            dated_now("occurred_at", real=["recorded_at"]),
            own_transaction(),
            parties_of_records(),
        ]


class RecordParty(models.Model):
    """An organisation that a record is about, and that reads it; ``is_whole`` unless fields of the payload are the other's.

    The database writes the parties with the record, from the row that it is about (``parties``). Invariants: they are those
    of the row; a party that the row gets later is added then, and none is taken away. Append-only.
    """

    record = models.ForeignKey(EvidenceRecord, on_delete=models.PROTECT, related_name="parties")
    organisation = models.CharField(max_length=IDENTIFIER_LENGTH)
    is_whole = models.BooleanField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["record", "organisation"], name="record_party_once"),
        ]
        indexes = [models.Index("organisation", "record", name="record_of_party")]
        triggers = [append_only(), party_of_row()]


class Leaf(models.Model):
    """The place of a sealed record in the tree: ``index`` counts from 0; ``commitment`` is all that the public log has of it.

    Invariants: indexes are 0, 1, 2, … without a gap, in the order of (transaction, id) of the records, none of which is
    passed over or sealed twice; a tile of level 0 has the hash of each one's entry. The statement trigger enforces the
    foreign key instead of a row constraint, because the sealer writes thousands of leaves. Append-only.
    """

    index = models.BigIntegerField(primary_key=True)
    record = models.OneToOneField(
        EvidenceRecord, on_delete=models.PROTECT, related_name="+", db_constraint=False
    )
    commitment = models.BinaryField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(index__gte=0), name="leaf_from_zero"),
            models.CheckConstraint(
                condition=Exact(Length("commitment"), models.Value(COMMITMENT_BYTES)),
                name="leaf_commitment_length",
            ),
        ]
        triggers = [append_only(), leaves_in_commit_order()]


class Tile(models.Model):
    """A tile of the tree: ``width`` concatenated hashes of ``level``, from number ``256 * index`` on.

    Invariants: a tile begins when the one before it is full, only grows, and so never changes once it is full; its
    length follows from its width. Rows are kept.
    """

    level = models.PositiveSmallIntegerField()
    index = models.BigIntegerField()
    width = models.PositiveSmallIntegerField()
    hashes = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["level", "index"], name="tile_once"),
            models.CheckConstraint(
                condition=Q(level__lt=8, index__gte=0, width__gte=1, width__lte=TILE_WIDTH),
                name="tile_place",
            ),
            models.CheckConstraint(
                condition=Exact(Length("hashes"), models.F("width") * HASH_BYTES), name="tile_length"
            ),
        ]
        triggers = [no_delete(), tile_grows()]


class Checkpoint(models.Model):
    """The root over the first ``size`` leaves, in hexadecimal, and the signed note that states both.

    ``note`` is a C2SP checkpoint: origin, size and root, signed by the market. Invariants: the note states this size and
    root and is signed in the name of its origin, by the key in force; as many leaves exist. Append-only.
    """

    public_id = IdentifierField(prefix="chk")
    size = models.BigIntegerField(unique=True)
    root = models.CharField(max_length=64)
    note = models.TextField()
    created_at = MomentField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(root__regex="^[0-9a-f]{64}$"), name="checkpoint_root")
        ]
        triggers = [append_only(), dated_now(real=["created_at"]), note_states_checkpoint()]


class MarketKey(models.Model):
    """A key by which the market signs (Ed25519): its public part, and from when to when it signed; the history is public.

    ``name`` is the origin of the log, ``key_id`` identifies the key in notes, ``kid`` in JWS. ``handover`` is a JWS of the
    key before it that names this one; empty for the first key, and where the one before was lost. ``announcement``: that of two
    people of the operator; null for the first key.

    Invariants: one key is in force; each begins when the one before it ends; each but the first is the one that two people
    announced last, after its notice, under a checkpoint that covers the announcement, or as an emergency; the key identifier
    is that of the key. Rows are kept, and change only by being ended once.
    """

    public_id = IdentifierField(prefix="mky")
    kid = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=200)
    key_id = models.CharField(max_length=8)
    public_key = models.BinaryField()
    handover = models.TextField(blank=True, default="")
    announcement = models.OneToOneField(
        KeyAnnouncement, on_delete=models.PROTECT, related_name="key", null=True, default=None
    )
    since = MomentField(db_default=Now())
    until = MomentField(null=True, default=None)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["name"], condition=Q(until=None), name="one_market_key_in_force"),
            models.UniqueConstraint(fields=["name", "key_id"], name="market_key_once"),
            models.CheckConstraint(
                condition=Exact(Length("public_key"), models.Value(32)), name="market_key_length"
            ),
        ]
        triggers = [
            no_delete(),
            dated_now(real=["since"]),
            immutable(
                "public_id", "kid", "name", "key_id", "public_key", "handover", "announcement_id", "since"
            ),
            set_once("until"),
            key_follows(),
        ]
