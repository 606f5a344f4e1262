"""Evidence in the API. Hashes are hexadecimal."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from marketplace.api.serializers import StrictSerializer

from .announcement_models import REASON_LENGTH_MAX
from .models import Checkpoint, EvidenceRecord, KeyAnnouncement
from .parties import withheld_fields
from .queries import ConsistencyProof, RecordProof, prove_records
from .verifier_keys import ED25519, verifier_key

VERIFIER_KEY_LENGTH_MAX = 300


class EvidenceRecordSerializer(serializers.ModelSerializer[EvidenceRecord]):
    """An evidence record, with the ``salt`` that hides it in the public log: who has both can open the commitment.

    ``withheld`` names the fields of the payload that are another party's; with one, there is no salt.
    """

    id = serializers.CharField(source="public_id")
    payload = serializers.SerializerMethodField()
    withheld = serializers.SerializerMethodField()
    salt = serializers.SerializerMethodField()

    class Meta:
        model = EvidenceRecord
        fields = (
            "id", "kind", "subject", "actor", "payload", "withheld", "occurred_at", "recorded_at", "salt",
        )  # fmt: skip

    @extend_schema_field({"type": "object", "additionalProperties": True})
    def get_payload(self, record: EvidenceRecord) -> dict[str, Any]:
        """The payload, without what is withheld."""
        withheld = self._withheld(record)
        payload: dict[str, Any] = record.payload
        return (
            {name: value for name, value in payload.items() if name not in withheld} if withheld else payload
        )

    def get_withheld(self, record: EvidenceRecord) -> list[str]:
        """The fields of the payload that the caller does not see, because they are another party's."""
        return list(self._withheld(record))

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_salt(self, record: EvidenceRecord) -> str | None:
        """The salt in hexadecimal; nothing with a payload from which fields are withheld."""
        return None if self._withheld(record) else bytes(record.salt).hex()

    @staticmethod
    def _withheld(record: EvidenceRecord) -> tuple[str, ...]:
        return () if vars(record)["whole"] else withheld_fields(record.kind, record.subject)


class ProvedRecordListSerializer(serializers.ListSerializer[Any]):
    """Records with their proofs under the ``checkpoint`` of the context, a few at a time."""

    def to_representation(self, data: Any) -> list[Any]:
        """The rows, each with what opens its commitment and leads to the checkpoint."""
        rows, checkpoint = list(data), self.context["checkpoint"]
        proofs = {proof.record: proof for proof in prove_records(rows, checkpoint)} if checkpoint else {}
        return [
            {**shown, "proof": _proof_of(proofs.get(shown["id"]))}
            for shown in super().to_representation(rows)
        ]


class ProvedRecordSerializer(EvidenceRecordSerializer):
    """An evidence record with its ``proof``; null where the checkpoint does not cover it yet."""

    class Meta(EvidenceRecordSerializer.Meta):
        list_serializer_class = ProvedRecordListSerializer


def _proof_of(proof: RecordProof | None) -> dict[str, Any] | None:
    if proof is None:
        return None
    return {"content": proof.content, "entry": proof.entry, "index": proof.index, "path": proof.path}


class CheckpointSerializer(serializers.ModelSerializer[Checkpoint]):
    """The root over the first ``size`` leaves of the log; ``note`` is the signed note (C2SP tlog-checkpoint)."""

    id = serializers.CharField(source="public_id")

    class Meta:
        model = Checkpoint
        fields: tuple[str, ...] = ("id", "size", "root", "note", "created_at")


class KeyAnnouncementSerializer(serializers.ModelSerializer[KeyAnnouncement]):
    """The announcement of the market's next signing key; it may sign from ``effective_from`` on.

    ``handover`` is a compact JWS by the key before it; empty in an emergency. ``reason`` is the operator's own statement.
    """

    id = serializers.CharField(source="public_id")
    verifier_key = serializers.SerializerMethodField()

    class Meta:
        model = KeyAnnouncement
        fields = (
            "id", "kid", "verifier_key", "handover", "is_emergency", "reason", "announced_at", "effective_from",
        )  # fmt: skip

    def get_verifier_key(self, row: KeyAnnouncement) -> str:
        """The key as programs of C2SP take it."""
        return verifier_key(row.name, ED25519, bytes(row.public_key))


class AnnounceKeySerializer(StrictSerializer):
    """The next key, as ``rotate_market_key --show`` prints it, and why."""

    verifier_key = serializers.CharField(max_length=VERIFIER_KEY_LENGTH_MAX)
    reason = serializers.CharField(max_length=REASON_LENGTH_MAX)


class RecordProofSerializer(serializers.Serializer[RecordProof]):
    """A record's place in the log. Its commitment is SHA-256 of the bytes of ``salt`` and the UTF-8 bytes of ``content``.

    ``entry`` states the commitment; the leaf hash is SHA-256 of 0x00 and the UTF-8 bytes of ``entry``.
    ``path`` leads from it to the root of ``checkpoint`` (RFC 6962 section 2.1.1). Where fields are withheld from the caller,
    ``content`` and ``salt`` are null: only that the log has the entry can be verified.
    """

    record = serializers.CharField()
    content = serializers.CharField(allow_null=True)
    salt = serializers.CharField(allow_null=True)
    entry = serializers.CharField()
    index = serializers.IntegerField()
    path = serializers.ListField(child=serializers.CharField())
    checkpoint = CheckpointSerializer()


class ConsistencyProofSerializer(serializers.Serializer[ConsistencyProof]):
    """Proof that the log of ``older`` begins that of ``newer``: nothing was changed, removed or inserted in between.

    ``path`` is that of RFC 6962 section 2.1.2; empty if both have one size.
    """

    older = CheckpointSerializer()
    newer = CheckpointSerializer()
    path = serializers.ListField(child=serializers.CharField())
