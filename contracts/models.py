"""Templates, negotiations with their proposals, instruments and signatures, agreements; mandates and disputes beside."""

from __future__ import annotations

import json
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.functional import cached_property

from listings.guards import rights_usable
from marketplace.kernel.columns import BoundedJSONField, DayField, DaysField, MinorField, MomentField
from marketplace.kernel.commitments import SaltField
from marketplace.kernel.guards import (
    append_only,
    dated_now,
    immutable,
    no_delete,
    set_now,
    set_once,
    state_guard,
)
from marketplace.kernel.identifiers import IDENTIFIER_LENGTH, IdentifierField
from marketplace.participants.admission_guards import admission_not_run_out
from marketplace.rules.halt_guards import not_halted

from . import guards
from .adjusting.guards import has_clauses
from .adjusting.models import FiredAdjustment, IndexValue
from .amending.guards import amends_lawfully
from .amending.models import AgreementVersion
from .attachments.models import Attachment
from .commissions import talk_models as _commissions  # noqa: F401  Django finds models through this module
from .deletion.guards import ended_with_duty
from .deletion.models import DeletionCertificate, DeletionDuty
from .disclosures.models import MessageDisclosure
from .disputing.adjustment_models import Adjustment
from .disputing.models import ACTOR_LENGTH_MAX, Dispute, Mediator, Remedy, Settlement
from .disputing.statement_models import DisputeFile, Statement
from .ending import guards as ending_guards
from .ending.models import Ending
from .exclusive_grants import exclusively_granted
from .law import models as _law  # noqa: F401  as above
from .law.guards import lawful_when_signed
from .library.guards import clauses_agree, template_in_force
from .library.models import Clause, Template
from .mandates.authority_guards import signed_with_authority
from .mandates.guards import within_mandate
from .mandates.models import Mandate
from .notes.models import PrivateNote
from .plan.guards import plan_of_terms
from .pools import models as _pools  # noqa: F401  as above
from .reminders.models import Reminder
from .renewing.models import Renewal, RenewalDocument
from .states import (
    AGREEMENT,
    NEGOTIATION,
    OPEN_NEGOTIATIONS,
    RESPONSE_DAYS,
    AgreementState,
    NegotiationState,
    Party,
    SignatureMethod,
    TerminationReason,
)

REFERENCE_LENGTH_MAX = 60
SEGMENT_LENGTH_MAX = 40
SIGNER_NAME_LENGTH_MAX = 100

__all__ = [
    "Adjustment",
    "Agreement",
    "AgreementVersion",
    "Attachment",
    "Clause",
    "DeletionCertificate",
    "DeletionDuty",
    "Dispute",
    "DisputeFile",
    "Ending",
    "FiredAdjustment",
    "IndexValue",
    "Instrument",
    "Mandate",
    "Mediator",
    "MessageDisclosure",
    "Negotiation",
    "PrivateNote",
    "Proposal",
    "Remedy",
    "Reminder",
    "Renewal",
    "RenewalDocument",
    "Settlement",
    "Signature",
    "Statement",
    "Template",
]


class Negotiation(models.Model):
    """A negotiation between a buyer and a seller over one version of a listing.

    ``reference`` is the buyer's own (its purchase order). ``dataset`` is a snapshot of the title and files.
    ``agreement_identifier`` is the future identifier of the agreement, which both parties sign, unless it ``amends`` one in force. ``respond_by`` is the
    deadline for the next answer, after which the negotiation ends; it does not run while trading is halted, and
    ``halts_counted_until`` says until when halts were counted into it.

    Invariants: buyer and seller are two organisations, neither the operator nor an affiliate; references are unique per
    buyer, but amendments, of which an agreement has one open at most, have that of their agreement; parties and subject never change; it has a deadline exactly while it is open; a terminated one records when,
    by whom and why; it is agreed only with the seller's signature, verified only with the buyer's, finalized only with
    its agreement; what the seller signed is open until the day that it states, and meanwhile withdrawn only on a reserved ground.
    """

    public_id = IdentifierField(prefix="ngt")
    salt = SaltField()
    agreement_identifier = IdentifierField(prefix="agr")
    amends = models.ForeignKey(
        "contracts.Agreement", on_delete=models.PROTECT, related_name="amendments", null=True
    )
    buyer = models.ForeignKey("participants.Organisation", on_delete=models.PROTECT, related_name="+")
    seller = models.ForeignKey("participants.Organisation", on_delete=models.PROTECT, related_name="+")
    buyer_identifier = models.CharField(max_length=IDENTIFIER_LENGTH)
    seller_identifier = models.CharField(max_length=IDENTIFIER_LENGTH)
    reference = models.CharField(max_length=REFERENCE_LENGTH_MAX)
    listing = models.CharField(max_length=IDENTIFIER_LENGTH)
    listing_version = models.CharField(max_length=IDENTIFIER_LENGTH)
    segment = models.CharField(max_length=SEGMENT_LENGTH_MAX)
    dataset = BoundedJSONField()
    template = models.ForeignKey(Template, on_delete=models.PROTECT, related_name="+")
    negotiable = models.BooleanField()
    state = models.CharField(
        max_length=10, choices=NegotiationState.choices, default=NegotiationState.REQUESTED
    )
    respond_by = MomentField(null=True)
    halts_counted_until = MomentField(null=True)
    opened_at = MomentField()
    ended_at = MomentField(null=True)
    ended_by = models.CharField(max_length=10, blank=True, default="")
    end_reason_code = models.CharField(max_length=40, blank=True, default="")
    end_reason = models.TextField(blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["buyer", "reference"], condition=Q(amends=None), name="negotiation_reference_once"
            ),
            models.UniqueConstraint(
                fields=["amends"], condition=Q(state__in=OPEN_NEGOTIATIONS), name="amendment_one_open"
            ),
            models.CheckConstraint(condition=~Q(reference=""), name="negotiation_reference_given"),
            models.CheckConstraint(condition=~Q(buyer=F("seller")), name="negotiation_two_parties"),
            models.CheckConstraint(
                condition=Q(state__in=OPEN_NEGOTIATIONS, respond_by__isnull=False)
                | (~Q(state__in=OPEN_NEGOTIATIONS) & Q(respond_by__isnull=True)),
                name="negotiation_respond_by",
            ),
            models.CheckConstraint(
                condition=(Q(state=NegotiationState.TERMINATED, ended_at__isnull=False)
                           & ~Q(ended_by="") & ~Q(end_reason_code=""))
                | (~Q(state=NegotiationState.TERMINATED)
                   & Q(ended_at__isnull=True, ended_by="", end_reason_code="", end_reason="")),
                name="negotiation_ended_why",
            ),
        ]  # fmt: skip
        indexes = [
            models.Index("respond_by", name="negotiation_expiring", condition=Q(state__in=OPEN_NEGOTIATIONS)),
            models.Index(
                "listing", name="negotiation_open_of_listing", condition=Q(state__in=OPEN_NEGOTIATIONS)
            ),
            models.Index(fields=["seller", "-id"], name="negotiation_of_seller"),
            models.Index(fields=["buyer", "-id"], name="negotiation_of_buyer"),
        ]
        triggers = [
            state_guard(NEGOTIATION),
            no_delete(),
            immutable(
                "public_id", "agreement_identifier", "buyer_id", "seller_id", "buyer_identifier",
                "seller_identifier", "reference", "listing", "listing_version", "segment", "dataset",
                "template_id", "negotiable", "salt", "opened_at", "amends_id",
            ),
            guards.independent_parties(),
            not_halted(),
            admission_not_run_out(buyer="buyer_id"),
            guards.steps_signed(),
            template_in_force(),
            guards.begins_with_proposal(),
            amends_lawfully(),
            guards.open_as_signed(),
            guards.answer_extended_as_halted(RESPONSE_DAYS),
        ]  # fmt: skip

    def __str__(self) -> str:
        """The public identifier."""
        return self.public_id

    @property
    def contract_identifier(self) -> str:
        """The public identifier of the agreement that both parties sign: of the one that it amends, or the future one."""
        return self.agreement_identifier if self.amends is None else self.amends.public_id


class Proposal(models.Model):
    """The complete terms that one party proposed to the other, with their ODRL policy; of an amendment, with the day on which it takes effect.

    Invariants: numbers are 1, 2, 3, … without a gap; a buyer's proposal is a request, a seller's an offer, made while
    the negotiation is in that state; proposals never change; their rights permit what they sell; they state how long
    they are open once they are signed, and meet what the clauses of the template, and the special clauses, demand.
    """

    negotiation = models.ForeignKey(Negotiation, on_delete=models.PROTECT, related_name="proposals")
    number = models.PositiveSmallIntegerField()
    party = models.CharField(max_length=6, choices=Party.choices)
    terms = BoundedJSONField()
    policy = BoundedJSONField()
    effective_on = DayField(null=True)
    note = models.TextField(blank=True, default="")
    made_by = models.CharField(max_length=ACTOR_LENGTH_MAX)
    made_at = MomentField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["negotiation", "number"], name="proposal_number_once"),
            models.CheckConstraint(condition=Q(party__in=Party.values), name="proposal_party"),
            models.CheckConstraint(condition=rights_usable("terms__rights"), name="proposal_rights_usable"),
        ]
        triggers = [append_only(), dated_now("made_at"), guards.proposal_in_turn(), clauses_agree()]

    def __str__(self) -> str:
        """Its number."""
        return f"{self.number}"


class Instrument(models.Model):
    """The one object that both parties sign: canonical JSON (RFC 8785) of parties, terms, policy and text hashes.

    ``content`` is that JSON, ``signed_hash`` its SHA-256; ``text_ja`` and ``text_en`` are the readable contract, whose
    hashes are in the content. Invariants: the hashes match; parties, subject and terms are those of the negotiation and
    its latest proposal, and the plan carries out those terms; one per negotiation; append-only.
    """

    public_id = IdentifierField(prefix="ins")
    negotiation = models.OneToOneField(Negotiation, on_delete=models.PROTECT, related_name="instrument")
    proposal = models.OneToOneField(Proposal, on_delete=models.PROTECT, related_name="+")
    content = models.TextField()
    text_ja = models.TextField()
    text_en = models.TextField()
    signed_hash = models.CharField(max_length=64)
    drawn_at = MomentField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["signed_hash"], name="instrument_hash_once"),
        ]
        indexes = [models.Index(fields=["id"], name="instrument_adjusted", condition=has_clauses("content"))]
        triggers = [append_only(), dated_now("drawn_at"), guards.instrument_whole(), plan_of_terms()]

    def __str__(self) -> str:
        """The signed hash."""
        return self.signed_hash

    @cached_property
    def said(self) -> dict[str, Any]:
        """The content as JSON."""
        said: dict[str, Any] = json.loads(self.content)
        return said


class Signature(models.Model):
    """A party's signature of an instrument: made by the market on a person's instruction (立会人型), or with the party's key.

    ``signer`` is the public identifier of who gave the instruction or submitted the signature, ``signer_name`` the person's name at
    that moment, which PostgreSQL writes (empty for a program); both parties read it in the contract's document. ``jws`` is the market's
    compact JWS over the content of this row, or the party's detached one over ``signed_object.own_claims`` with ``key``.
    Invariants: a party signs once, the seller first; it signs the instrument's hash; the signer is a signatory of the party,
    or a program within its ``mandate``; the party's own key is live; it is within a limit of authority; the listing was not withdrawn; signatures never change.
    """

    public_id = IdentifierField(prefix="sgn")
    instrument = models.ForeignKey(Instrument, on_delete=models.PROTECT, related_name="signatures")
    party = models.CharField(max_length=6, choices=Party.choices)
    organisation = models.ForeignKey("participants.Organisation", on_delete=models.PROTECT, related_name="+")
    organisation_identifier = models.CharField(max_length=IDENTIFIER_LENGTH)
    signer = models.CharField(max_length=ACTOR_LENGTH_MAX)
    signer_name = models.CharField(max_length=SIGNER_NAME_LENGTH_MAX, blank=True, default="", db_default="")
    method = models.CharField(max_length=12, choices=SignatureMethod.choices)
    key = models.ForeignKey(
        "participants.OrganisationKey", on_delete=models.PROTECT, related_name="+", null=True
    )
    mandate = models.ForeignKey(Mandate, on_delete=models.PROTECT, related_name="+", null=True)
    signed_hash = models.CharField(max_length=64)
    jws = models.TextField()
    signed_at = MomentField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["instrument", "party"], name="signature_party_once"),
            models.CheckConstraint(condition=Q(party__in=Party.values), name="signature_party"),
            models.CheckConstraint(condition=Q(method__in=SignatureMethod.values), name="signature_method"),
            models.CheckConstraint(
                condition=Q(method=SignatureMethod.MARKET_SIDE, key=None, mandate=None)
                | Q(method=SignatureMethod.OWN_KEY, key__isnull=False),
                name="signature_key",
            ),
        ]
        triggers = [
            append_only(),
            dated_now("signed_at"),
            guards.signature_of_instrument(),
            guards.not_withdrawn(),
            lawful_when_signed(),
            within_mandate(),
            signed_with_authority(),
        ]

    def __str__(self) -> str:
        """The public identifier."""
        return self.public_id


class Agreement(models.Model):
    """What both parties signed. In force until its rights of use end (``expired``) or it is terminated.

    Amounts exclude tax, in minor units of ``currency``. ``decision`` is the decision of the rules to allow it. ``ends_at``: when the
    signed rights end, later by the access that was given back; null without a term. ``end_announced_at``: when both were told that
    they end soon. Every column but these and the state repeats the instrument.

    Invariants: both parties signed one hash, and every column matches it; the rules let it be concluded, or two people of the
    operator did in the case of what they held; only the state changes, once, with its time
    and reason; what is granted exclusively is granted once, and nothing beside it, while it is in force; its negotiation is finalized;
    neither party is the operator or an affiliate; it expires at the end of the signed rights, not before.
    """

    public_id = IdentifierField(prefix="agr")
    negotiation = models.OneToOneField(Negotiation, on_delete=models.PROTECT, related_name="agreement")
    instrument = models.OneToOneField(Instrument, on_delete=models.PROTECT, related_name="+")
    buyer = models.ForeignKey("participants.Organisation", on_delete=models.PROTECT, related_name="+")
    seller = models.ForeignKey("participants.Organisation", on_delete=models.PROTECT, related_name="+")
    buyer_identifier = models.CharField(max_length=IDENTIFIER_LENGTH)
    seller_identifier = models.CharField(max_length=IDENTIFIER_LENGTH)
    reference = models.CharField(max_length=REFERENCE_LENGTH_MAX)
    listing = models.CharField(max_length=IDENTIFIER_LENGTH)
    listing_version = models.CharField(max_length=IDENTIFIER_LENGTH)
    segment = models.CharField(max_length=SEGMENT_LENGTH_MAX)
    price_minor = MinorField()
    currency = models.CharField(max_length=3)
    tax_category = models.CharField(max_length=20)
    funding_days = DaysField()
    inspection_days = DaysField()
    exclusive = models.BooleanField(default=False, db_default=False)
    signed_hash = models.CharField(max_length=64)
    decision = models.CharField(max_length=IDENTIFIER_LENGTH)
    state = models.CharField(max_length=10, choices=AgreementState.choices, default=AgreementState.IN_FORCE)
    concluded_at = MomentField()
    ends_at = MomentField(null=True)
    end_announced_at = MomentField(null=True)
    expired_at = MomentField(null=True)
    terminated_at = MomentField(null=True)
    termination_reason = models.CharField(max_length=20, choices=TerminationReason.choices, null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["signed_hash"], name="agreement_hash_once"),
            *exclusively_granted(),
            models.CheckConstraint(condition=Q(price_minor__gte=0), name="agreement_price"),
            models.CheckConstraint(
                condition=Q(
                    state=AgreementState.TERMINATED,
                    terminated_at__isnull=False,
                    termination_reason__isnull=False,
                    termination_reason__in=TerminationReason.values,
                )
                | Q(
                    ~Q(state=AgreementState.TERMINATED),
                    terminated_at__isnull=True,
                    termination_reason__isnull=True,
                ),
                name="agreement_terminated_why",
            ),
            ending_guards.expired_after_its_end(),
        ]
        indexes = [
            models.Index("ends_at", name="agreement_ending", condition=Q(state=AgreementState.IN_FORCE)),
            models.Index(fields=["seller", "-id"], name="agreement_of_seller"),
            models.Index(fields=["buyer", "-id"], name="agreement_of_buyer"),
            models.Index(fields=["listing"], name="agreement_of_listing"),
        ]
        triggers = [
            state_guard(AGREEMENT),
            no_delete(),
            immutable(
                "public_id", "negotiation_id", "instrument_id", "buyer_id", "seller_id", "buyer_identifier",
                "seller_identifier", "reference", "listing", "listing_version", "segment", "price_minor",
                "currency", "tax_category", "funding_days", "inspection_days", "exclusive", "signed_hash", "decision",
                "concluded_at",
            ),
            # A version that moves the end has it announced anew.
            set_once("terminated_at", "termination_reason", "expired_at"),
            set_now("expired_at", "end_announced_at"),
            ending_guards.ends_as_signed(),
            ending_guards.terminated_as_ended(),
            ending_guards.ends_whole(),
            ended_with_duty(),
            guards.independent_parties(),
            not_halted(),
            admission_not_run_out(buyer="buyer_id", seller="seller_id"),
            guards.agreed_as_signed(),
            guards.concluded_whole(),
            guards.concluded_as_decided(),
        ]  # fmt: skip

    def __str__(self) -> str:
        """The public identifier."""
        return self.public_id
