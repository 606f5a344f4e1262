"""Contracts in the API, and the input of their commands."""

from __future__ import annotations

import json
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from listings.rights import dataspace_policy
from listings.serializers import ChargingSerializer
from listings.states import SignatureLevel
from marketplace.api.principal import principal_of
from marketplace.api.serializers import (
    AmountField,
    BilingualField,
    ChoiceLabelField,
    RowSerializer,
    StrictSerializer,
)
from marketplace.kernel.bounds import FUNDING_DAYS_MAX, INSPECTION_DAYS_MAX
from marketplace.kernel.canonical import sha256_hex
from marketplace.participants.signing_keys import SIGNATURE_LENGTH_MAX

from .amending.queries import version_in_force
from .library.serializers import SpecialClauseSerializer
from .library.special import SPECIAL_MAX
from .models import Adjustment, Agreement, Instrument, Negotiation, Signature
from .negotiating.serializers import ProposalSerializer
from .plan import plan_of
from .signed_object import Drawn
from .states import (
    OPEN_DAYS,
    WAITS_FOR,
    AgreementState,
    NegotiationState,
    Party,
    SignatureMethod,
)


class SignatureSerializer(RowSerializer[Signature]):
    """A party's signature. ``method`` says whether the market made it as a witness, on the instruction of ``signer``
    (``evidence/keys/`` verify ``jws``), or the party with its own ``key``, which ``signer`` submitted.
    """

    id = serializers.CharField(source="public_id")
    organisation = serializers.CharField(source="organisation_identifier")
    method_label = ChoiceLabelField(SignatureMethod, source="method")
    key = serializers.CharField(source="key.public_id", default=None, allow_null=True)
    mandate = serializers.CharField(source="mandate.public_id", default=None, allow_null=True)
    jws_sha256 = serializers.SerializerMethodField()

    class Meta:
        model = Signature
        fields = (
            "id", "party", "organisation", "signer", "method", "method_label", "key", "mandate", "signed_hash", "jws",
            "jws_sha256", "signed_at",
        )  # fmt: skip

    def get_jws_sha256(self, row: Signature) -> str:
        """SHA-256 of the JWS: the signature hash in the document."""
        return sha256_hex(row.jws.encode())


class NegotiationSerializer(RowSerializer[Negotiation]):
    """A negotiation with its proposals and signatures. Prices exclude tax.

    What the parties wrote to each other (``note``, and the ``end_reason`` of a party) is empty to staff of the operator, unless a
    party has disclosed it; ``messages_withheld`` says so.
    """

    id = serializers.CharField(source="public_id")
    buyer = serializers.CharField(source="buyer_identifier")
    seller = serializers.CharField(source="seller_identifier")
    template = serializers.CharField(source="template.public_id")
    dataset = serializers.DictField()
    state_label = ChoiceLabelField(NegotiationState, source="state")
    waits_for = serializers.SerializerMethodField()
    proposals = ProposalSerializer(many=True)
    signed_hash = serializers.SerializerMethodField()
    signatures = serializers.SerializerMethodField()
    agreement = serializers.SerializerMethodField()
    amends = serializers.CharField(source="amends.public_id", default=None, allow_null=True)
    messages_withheld = serializers.SerializerMethodField()

    class Meta:
        model = Negotiation
        fields = (
            "id", "reference", "buyer", "seller", "listing", "listing_version", "segment", "dataset", "template",
            "amends", "negotiable", "state", "state_label", "waits_for", "respond_by", "opened_at", "proposals",
            "signed_hash", "signatures", "agreement", "ended_at", "ended_by", "end_reason_code", "end_reason", "salt",
            "messages_withheld",
        )  # fmt: skip

    def to_representation(self, instance: Negotiation) -> dict[str, Any]:
        """Without the messages, where they are withheld."""
        shown = super().to_representation(instance)
        if shown["messages_withheld"]:
            shown["proposals"] = [{**proposal, "note": ""} for proposal in shown["proposals"]]
            if instance.ended_by in Party.values:
                shown["end_reason"] = ""
            if not instance.ended_by or instance.ended_by in Party.values:
                # It opens what a party states, or may state yet.
                shown["salt"] = ""
        return shown

    def get_messages_withheld(self, row: Negotiation) -> bool:
        """Whether the caller is of the operator and no party has disclosed the messages to it."""
        request = self.context.get("request")
        is_party = request is not None and not principal_of(request).is_operator
        return not (is_party or getattr(row, "standing_disclosures", []))

    def get_waits_for(self, row: Negotiation) -> str | None:
        """Who must act next: ``buyer``, ``seller``, or null when the negotiation is over."""
        party = WAITS_FOR.get(NegotiationState(row.state))
        return party.value if party else None

    def get_signed_hash(self, row: Negotiation) -> str | None:
        """The hash of the contract that the seller signed, or null before."""
        instrument = _instrument(row)
        return instrument.signed_hash if instrument else None

    @extend_schema_field(SignatureSerializer(many=True))
    def get_signatures(self, row: Negotiation) -> Any:
        """The signatures so far."""
        instrument = _instrument(row)
        return SignatureSerializer(instrument.signatures.all(), many=True).data if instrument else []

    def get_agreement(self, row: Negotiation) -> str | None:
        """The concluded agreement, or null."""
        agreement: Agreement | None = getattr(row, "agreement", None)
        return agreement.public_id if agreement else None


def _instrument(row: Negotiation) -> Instrument | None:
    return getattr(row, "instrument", None)


class BilingualTextSerializer(serializers.Serializer[Any]):
    """A long text in both languages."""

    ja = serializers.CharField()
    en = serializers.CharField()


class ContractSerializer(serializers.Serializer[Drawn]):
    """A contract: the object that is signed, its hash, and its text in both languages.

    ``signed_hash`` is the SHA-256 of ``canonical``, and ``content.text`` has the SHA-256 of each text.
    """

    signed_hash = serializers.CharField()
    content = serializers.SerializerMethodField()
    canonical = serializers.CharField(source="content")
    text = serializers.SerializerMethodField()

    @extend_schema_field(serializers.DictField())
    def get_content(self, drawn: Drawn) -> dict[str, Any]:
        """The signed object, as JSON."""
        content: dict[str, Any] = json.loads(drawn.content)
        return content

    @extend_schema_field(BilingualTextSerializer())
    def get_text(self, drawn: Drawn) -> dict[str, str]:
        """The readable text."""
        return {"ja": drawn.text_ja, "en": drawn.text_en}


class SignatureKeySerializer(serializers.Serializer[Any]):
    """The key of a party with which it signed, and from when until when it signs."""

    id = serializers.CharField(source="public_id")
    kid = serializers.CharField()
    jwk = serializers.DictField(source="public_jwk")
    valid_from = serializers.DateTimeField()
    revoked_at = serializers.DateTimeField(allow_null=True)
    revoked_why = serializers.CharField(allow_null=True)


class VerifiedSignatureSerializer(serializers.Serializer[Any]):
    """A signature and the exact bytes (``content``) that it is over; ``key`` is the party's own, null if the market signed."""

    party = serializers.CharField()
    signer = serializers.CharField()
    method = serializers.CharField()
    method_label = ChoiceLabelField(SignatureMethod, source="method")
    content = serializers.CharField()
    jws = serializers.CharField()
    key = SignatureKeySerializer(allow_null=True)


class ToSignSerializer(serializers.Serializer[Any]):
    """What your organisation signs with its own key: the bytes of ``content``, whose SHA-256 is ``sha256``."""

    content = serializers.CharField()
    sha256 = serializers.CharField()
    signed_hash = serializers.CharField()


class VerifiedRenewalSerializer(serializers.Serializer[Any]):
    """The market's signature of a renewal, and the exact bytes (``content``) that it is over."""

    content = serializers.CharField()
    jws = serializers.CharField()


class VerificationSerializer(serializers.Serializer[Any]):
    """The result of recomputing every hash and verifying every signature of an agreement; ``renewal``: of a version that the market made by the signed clause."""

    agreement = serializers.CharField()
    signed_hash = serializers.CharField()
    verified = serializers.BooleanField()
    faults = serializers.ListField(child=serializers.CharField())
    signatures = VerifiedSignatureSerializer(many=True)
    renewal = VerifiedRenewalSerializer(allow_null=True)


class AgreementSerializer(RowSerializer[Agreement]):
    """An agreement: what both parties signed. Amounts exclude tax, in minor units. ``plan``, ``rights`` and policies are of the ``version`` in force."""

    id = serializers.CharField(source="public_id")
    negotiation = serializers.CharField(source="negotiation.public_id")
    buyer = serializers.CharField(source="buyer_identifier")
    seller = serializers.CharField(source="seller_identifier")
    plan = serializers.SerializerMethodField()
    rights = serializers.SerializerMethodField()
    policy = serializers.SerializerMethodField()
    dataspace_policy = serializers.SerializerMethodField()
    title = serializers.SerializerMethodField()
    signatures = serializers.SerializerMethodField()
    state_label = ChoiceLabelField(AgreementState, source="state")
    version = serializers.SerializerMethodField()

    class Meta:
        model = Agreement
        fields = (
            "id", "negotiation", "reference", "buyer", "seller", "listing", "listing_version", "segment", "title",
            "price_minor", "currency", "tax_category", "funding_days", "inspection_days", "version", "plan", "rights", "policy",
            "dataspace_policy", "signed_hash", "signatures", "decision", "state", "state_label", "concluded_at",
            "ends_at", "expired_at", "terminated_at", "termination_reason",
        )  # fmt: skip

    @extend_schema_field(serializers.DictField())
    def get_rights(self, row: Agreement) -> Any:
        """The rights of use, by choice."""
        return version_in_force(row).said["terms"]["rights"]

    @extend_schema_field(serializers.DictField())
    def get_plan(self, row: Agreement) -> Any:
        """The plan that both sides signed: the only thing that is executed."""
        return plan_of(version_in_force(row).said).as_dict()

    def get_version(self, row: Agreement) -> int:
        """The number of the version in force, whose plan, rights and policy are shown; `versions/` shows all."""
        return version_in_force(row).number

    @extend_schema_field(serializers.DictField())
    def get_policy(self, row: Agreement) -> Any:
        """The machine-readable policy (ODRL 2.2 Agreement)."""
        return version_in_force(row).said["policy"]

    def get_dataspace_policy(self, row: Agreement) -> dict[str, Any]:
        """The policy as messages of the Dataspace Protocol 2025-1 state it."""
        return dataspace_policy(version_in_force(row).said["policy"])

    @extend_schema_field(BilingualField())
    def get_title(self, row: Agreement) -> Any:
        """The signed title of the dataset."""
        return row.instrument.said["dataset"]["title"]

    @extend_schema_field(SignatureSerializer(many=True))
    def get_signatures(self, row: Agreement) -> Any:
        """The signatures of both parties."""
        return SignatureSerializer(row.instrument.signatures.all(), many=True).data


class AdjustmentSerializer(RowSerializer[Adjustment]):
    """An adjustment of a price: ``debtor`` pays ``amount_minor``, without tax, to ``creditor``, less ``unmoved_minor``, which clearing could
    not carry out."""

    id = serializers.CharField(source="public_id")
    agreement = serializers.CharField(source="agreement.public_id")
    debtor = serializers.SerializerMethodField()
    creditor = serializers.SerializerMethodField()

    class Meta:
        model = Adjustment
        fields = (
            "id", "agreement", "charge", "debtor", "creditor", "amount_minor", "unmoved_minor", "currency", "reason_code", "reason",
            "ordered_at", "salt",
        )  # fmt: skip

    def get_debtor(self, row: Adjustment) -> str:
        """The public identifier of the party that pays."""
        return str(getattr(row.agreement, f"{row.debtor}_identifier"))

    def get_creditor(self, row: Adjustment) -> str:
        """The public identifier of the party that is paid."""
        agreement = row.agreement
        parties = {agreement.buyer_identifier, agreement.seller_identifier}
        return (parties - {self.get_debtor(row)}).pop()


class ChangedTermsSerializer(StrictSerializer):
    """Terms to change; omitted terms stay. ``effective_on``: of an amendment, the day from which it holds."""

    price_minor = AmountField(required=False, min_value=0)
    funding_days = serializers.IntegerField(required=False, min_value=0, max_value=FUNDING_DAYS_MAX)
    inspection_days = serializers.IntegerField(required=False, min_value=1, max_value=INSPECTION_DAYS_MAX)
    open_days = serializers.IntegerField(required=False, min_value=OPEN_DAYS[0], max_value=OPEN_DAYS[1])
    withdrawal_reserved = serializers.BooleanField(required=False)
    ending = serializers.DictField(required=False)
    signature_level = serializers.ChoiceField(choices=SignatureLevel.choices, required=False)
    rights = serializers.DictField(required=False)
    charging = ChargingSerializer(required=False)
    special_clauses = SpecialClauseSerializer(many=True, required=False, max_length=SPECIAL_MAX)  # type: ignore[call-arg]  # the stubs lack it
    commission = serializers.DictField(required=False, allow_null=True)
    renewal = serializers.DictField(required=False)
    effective_on = serializers.DateField(required=False)


class RequestNegotiationSerializer(StrictSerializer):
    """A buyer's request, under its own reference."""

    listing = serializers.CharField(max_length=31)
    reference = serializers.CharField(max_length=60, trim_whitespace=False)
    terms = ChangedTermsSerializer(required=False)
    note = serializers.CharField(max_length=2_000, required=False, default="", allow_blank=True)


class ProposeTermsSerializer(StrictSerializer):
    """Terms to propose to the other party."""

    terms = ChangedTermsSerializer(required=False)
    note = serializers.CharField(max_length=2_000, required=False, default="", allow_blank=True)


class SignContractSerializer(StrictSerializer):
    """The hash of the contract that the party has read and signs."""

    signed_hash = serializers.RegexField(r"^[0-9a-f]{64}$")


class SubmitSignatureSerializer(SignContractSerializer):
    """The hash, and the signature that the party made with its own key."""

    signature = serializers.CharField(max_length=SIGNATURE_LENGTH_MAX)


class TerminateNegotiationSerializer(StrictSerializer):
    """Why a negotiation ends."""

    reason_code = serializers.RegexField(r"^[a-z][a-z0-9_]{0,39}$", required=False, default="withdrawn")
    reason = serializers.CharField(max_length=2_000, required=False, default="", allow_blank=True)


class AdjustPriceSerializer(StrictSerializer):
    """An adjustment of the price of a charge, without tax; ``charge`` is its number where there are several."""

    debtor = serializers.CharField(max_length=31)
    charge = serializers.IntegerField(min_value=1, required=False)
    amount_minor = AmountField()
    reason = serializers.CharField(max_length=2_000)
    reason_code = serializers.RegexField(
        r"^[a-z][a-z0-9_]{0,39}$", required=False, default="price_correction"
    )
