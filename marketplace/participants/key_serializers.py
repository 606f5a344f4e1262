"""Keys of organisations in the API, and the input of their commands."""

from __future__ import annotations

from rest_framework import serializers

from marketplace.api.serializers import ChoiceLabelField, RowSerializer, StrictSerializer

from .models import OrganisationKey
from .models.keys import KEY_LABEL_LENGTH_MAX
from .signing_keys import SIGNATURE_LENGTH_MAX
from .states import KeyRevocation


class OrganisationKeySerializer(RowSerializer[OrganisationKey]):
    """A public key with which an organisation signs. It signs from ``valid_from`` until ``revoked_at``."""

    id = serializers.CharField(source="public_id")
    organisation = serializers.CharField(source="organisation.public_id")
    jwk = serializers.DictField(source="public_jwk")
    replaces = serializers.CharField(source="replaces.public_id", default=None, allow_null=True)
    revoked_why_label = ChoiceLabelField(KeyRevocation, source="revoked_why", allow_null=True)

    class Meta:
        model = OrganisationKey
        fields = (
            "id", "organisation", "kid", "jwk", "label", "replaces", "challenge", "proof", "registered_by",
            "valid_from", "revoked_at", "revoked_by", "revoked_why", "revoked_why_label",
        )  # fmt: skip


class KeyChallengeSerializer(serializers.Serializer[dict[str, object]]):
    """What to sign with a key, as a detached JWS whose header is ``alg`` and ``kid``, to prove that you hold it."""

    challenge = serializers.CharField()
    kid = serializers.CharField()
    expires_at = serializers.DateTimeField()


class JwkSerializer(StrictSerializer):
    """A public key as JWK: Ed25519 (kty OKP) or P-256 (kty EC). A private part is refused."""

    kty = serializers.CharField(max_length=3)
    crv = serializers.CharField(max_length=10)
    x = serializers.CharField(max_length=43)
    y = serializers.CharField(max_length=43, required=False)
    d = serializers.CharField(max_length=100, required=False)
    kid = serializers.CharField(max_length=200, required=False)
    use = serializers.CharField(max_length=10, required=False)
    alg = serializers.CharField(max_length=10, required=False)


class ChallengeKeySerializer(StrictSerializer):
    """The key to prove."""

    jwk = JwkSerializer()


class RegisterKeySerializer(StrictSerializer):
    """A key with the proof that you hold it. ``label`` says who or what signs with it."""

    jwk = JwkSerializer()
    label = serializers.CharField(max_length=KEY_LABEL_LENGTH_MAX)  # type: ignore[assignment]  # a field of that name
    challenge = serializers.CharField(max_length=SIGNATURE_LENGTH_MAX)
    proof = serializers.CharField(max_length=SIGNATURE_LENGTH_MAX)
    replaces = serializers.CharField(max_length=31, required=False)


class RevokeKeySerializer(StrictSerializer):
    """Why a key is revoked."""

    reason = serializers.ChoiceField(choices=KeyRevocation.choices)
