"""Evidence in the API. Hashes are hexadecimal."""

from __future__ import annotations

from rest_framework import serializers

from marketplace.api.serializers import StrictSerializer

from .announcement_models import REASON_LENGTH_MAX
from .models import Checkpoint, EvidenceRecord, KeyAnnouncement
from .queries import ConsistencyProof, RecordProof
from .verifier_keys import ED25519, verifier_key

VERIFIER_KEY_LENGTH_MAX = 300


class EvidenceRecordSerializer(serializers.ModelSerializer[EvidenceRecord]):
    """An evidence record, with the ``salt`` that hides it in the public log: who has both can open the commitment."""

    id = serializers.CharField(source="public_id")
    salt = serializers.SerializerMethodField()

    class Meta:
        model = EvidenceRecord
        fields = ("id", "kind", "subject", "actor", "payload", "occurred_at", "recorded_at", "salt")

    def get_salt(self, record: EvidenceRecord) -> str:
        """The salt in hexadecimal."""
        return bytes(record.salt).hex()


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
    ``path`` leads from it to the root of ``checkpoint`` (RFC 6962 section 2.1.1).
    """

    record = serializers.CharField()
    content = serializers.CharField()
    salt = serializers.CharField()
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
