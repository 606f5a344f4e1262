"""Witnesses and cosignatures in the API."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from marketplace.api.serializers import StrictSerializer

from .cosignatures import is_witnessed, line_of
from .models import Checkpoint, Cosignature, Witness
from .serializers import CheckpointSerializer
from .verifier_keys import COSIGNATURE, verifier_key

VERIFIER_KEY_LENGTH_MAX = 300
LINE_LENGTH_MAX = 400


class WitnessSerializer(serializers.ModelSerializer[Witness]):
    """A witness of the log. ``organisation``: the participant that runs it, empty for a third party; ``until``: its end."""

    id = serializers.CharField(source="public_id")
    verifier_key = serializers.SerializerMethodField()

    class Meta:
        model = Witness
        fields = ("id", "name", "verifier_key", "organisation", "since", "until")

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
    """A cosignature of a checkpoint, as it was received; ``line`` stands in the note."""

    witness = serializers.CharField(source="witness.public_id")
    name = serializers.CharField(source="witness.name")
    organisation = serializers.CharField(source="witness.organisation")
    line = serializers.SerializerMethodField()

    class Meta:
        model = Cosignature
        fields = ("witness", "name", "organisation", "line", "received_at")

    def get_line(self, row: Cosignature) -> str:
        """The signature line, without its line feed."""
        return line_of(row).strip()


class WitnessedCheckpointSerializer(CheckpointSerializer):
    """A checkpoint with its cosignatures. ``is_witnessed``: at least ``witnesses_min`` of the rulebook, and one, have signed."""

    cosignatures = CosignatureSerializer(many=True)
    is_witnessed = serializers.SerializerMethodField()

    class Meta(CheckpointSerializer.Meta):
        fields = (*CheckpointSerializer.Meta.fields, "cosignatures", "is_witnessed")

    @extend_schema_field(serializers.BooleanField())
    def get_is_witnessed(self, checkpoint: Checkpoint) -> bool:
        """Each organisation counts once."""
        rows: Any = getattr(checkpoint, "cosignatures")  # noqa: B009 - the reverse of a key
        return is_witnessed(rows.all(), self.context.get("witnesses_min", 0))
