"""Witnesses and cosignatures in the API."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from marketplace.api.serializers import StrictSerializer

from .cosignatures import is_witnessed, line_of
from .models import Checkpoint, CheckpointTimestamp, Cosignature, Witness
from .serializers import VERIFIER_KEY_LENGTH_MAX, CheckpointSerializer
from .timestamps import is_configured
from .verifier_keys import COSIGNATURE, verifier_key

LINE_LENGTH_MAX = 400


class WitnessSerializer(serializers.ModelSerializer[Witness]):
    """A witness of the log. ``organisation``: the participant that runs it, empty for a third party; ``until``: its end.

    ``ended_as_affiliate``: it ended when its organisation became an affiliate of the operator; what it cosigned before stays.
    """

    id = serializers.CharField(source="public_id")
    verifier_key = serializers.SerializerMethodField()

    class Meta:
        model = Witness
        fields = ("id", "name", "verifier_key", "organisation", "since", "until", "ended_as_affiliate")

    def get_verifier_key(self, witness: Witness) -> str:
        """The key as programs of C2SP take it."""
        return verifier_key(witness.name, COSIGNATURE, bytes(witness.public_key))


class RegisterWitnessSerializer(StrictSerializer):
    """The key of a witness, as its program prints it."""

    verifier_key = serializers.CharField(max_length=VERIFIER_KEY_LENGTH_MAX)


class CosignSerializer(StrictSerializer):
    """A cosignature: the ``size`` of the checkpoint, and the signature line of the witness."""

    size = serializers.IntegerField(min_value=1, max_value=2**63 - 1)
    cosignature = serializers.CharField(max_length=LINE_LENGTH_MAX)


class CosignatureSerializer(serializers.ModelSerializer[Cosignature]):
    """A cosignature of a checkpoint, as it was received; ``line`` stands in the note.

    ``ended_as_affiliate``: the organisation of the witness became an affiliate of the operator later, and cosigns no more.
    """

    witness = serializers.CharField(source="witness.public_id")
    name = serializers.CharField(source="witness.name")
    organisation = serializers.CharField(source="witness.organisation")
    line = serializers.SerializerMethodField()
    ended_as_affiliate = serializers.BooleanField(source="witness.ended_as_affiliate")

    class Meta:
        model = Cosignature
        fields = ("witness", "name", "organisation", "line", "received_at", "ended_as_affiliate")

    def get_line(self, row: Cosignature) -> str:
        """The signature line, without its line feed."""
        return line_of(row).strip()


class TimestampSerializer(serializers.ModelSerializer[CheckpointTimestamp]):
    """A timestamp (RFC 3161) of a checkpoint's note, by an authority that is not the market: ``stated_at`` is its time.

    Its answer, byte for byte, is at ``log/timestamp/<size>.tsr``.
    """

    id = serializers.CharField(source="public_id")

    class Meta:
        model = CheckpointTimestamp
        fields = ("id", "authority", "stated_at", "hash_algorithm", "serial", "policy")


class WitnessedCheckpointSerializer(CheckpointSerializer):
    """A checkpoint with its cosignatures. ``is_witnessed``: at least ``witnesses_min`` of the rulebook, and one, have signed.

    ``timestamp``: that of a timestamp authority, null while there is none; ``timestamping`` says why: ``stamped``, ``none``
    where the market has no authority, else ``due``.
    """

    cosignatures = CosignatureSerializer(many=True)
    is_witnessed = serializers.SerializerMethodField()
    timestamp = serializers.SerializerMethodField()
    timestamping = serializers.SerializerMethodField()

    class Meta(CheckpointSerializer.Meta):
        fields = (
            *CheckpointSerializer.Meta.fields,
            "cosignatures",
            "is_witnessed",
            "timestamp",
            "timestamping",
        )

    @extend_schema_field(TimestampSerializer(allow_null=True))
    def get_timestamp(self, checkpoint: Checkpoint) -> dict[str, Any] | None:
        """The timestamp, or null."""
        row = getattr(checkpoint, "timestamp", None)
        return None if row is None else dict(TimestampSerializer(row).data)

    @extend_schema_field(serializers.ChoiceField(choices=("none", "due", "stamped")))
    def get_timestamping(self, checkpoint: Checkpoint) -> str:
        """Whether it has a timestamp, and if not, whether one comes."""
        if getattr(checkpoint, "timestamp", None) is not None:
            return "stamped"
        return "due" if is_configured() else "none"

    @extend_schema_field(serializers.BooleanField())
    def get_is_witnessed(self, checkpoint: Checkpoint) -> bool:
        """Each organisation, and each group of related ones, counts once."""
        rows: Any = getattr(checkpoint, "cosignatures")  # noqa: B009 - the reverse of a key
        least, relations = self.context.get("witnesses_min", 0), self.context.get("witness_relations", ())
        return is_witnessed(rows.all(), least, relations)
