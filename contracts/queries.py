"""Queries on contracts."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from functools import cache
from typing import Any

from django.conf import settings
from django.db.models import (
    Count,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    prefetch_related_objects,
)

from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.canonical import canonical_json, sha256_hex
from marketplace.kernel.errors import Forbidden, Missing
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission
from marketplace.kernel.prepared import columns_of, fetch_models
from marketplace.participants import queries as participants
from marketplace.participants.queries import OrganisationView
from marketplace.rules import queries as rules

from . import signed_object
from .amending.queries import Signed, amends_of, later_versions, version_in_force
from .attachments.queries import annexes_of
from .document.agreement import SignatureView, document_of
from .models import (
    Adjustment,
    Agreement,
    Dispute,
    Instrument,
    Mandate,
    MessageDisclosure,
    Negotiation,
    Proposal,
    RenewalDocument,
    Signature,
    Template,
)
from .renewing.claims import renewal_claims, renewal_faults
from .signed_object import Drawn
from .states import Party, SignatureMethod
from .terms import Terms, parse_terms

_INSTRUMENT = """
    SELECT {columns} FROM contracts_instrument i WHERE i.negotiation_id = %s
"""


def latest_proposal(negotiation: Negotiation) -> Proposal:
    """The current terms of a negotiation."""
    return Proposal.objects.filter(negotiation=negotiation).latest("number")


def instrument_of(negotiation: Negotiation) -> Instrument:
    """What the seller has signed, set as the negotiation's ``instrument`` too. Raises ValueError before."""
    statement = _INSTRUMENT.format(columns=columns_of(Instrument, "i"))
    (instrument,) = fetch_models(Instrument, statement, [negotiation.pk])
    negotiation.instrument = instrument
    return instrument


def contract_of(negotiation: Negotiation) -> Drawn:
    """The contract of a negotiation: the instrument if the seller has signed, else a draft over the current terms."""
    instrument = Instrument.objects.filter(negotiation=negotiation).first()
    if instrument is not None:
        return drawn_contract(instrument)
    return draft_of(negotiation, parse_terms(latest_proposal(negotiation).terms))


def draft_of(negotiation: Negotiation, terms: Terms) -> Drawn:
    """The contract over ``terms``, with the parties' current registration, today's tax rate and the files beside the latest proposal."""
    parties = participants.organisations_by_id([negotiation.buyer_id, negotiation.seller_id])
    proposal = latest_proposal(negotiation)
    template = Template.objects.get(pk=negotiation.template_id)
    said = signed_object.compose(
        market=settings.MARKET_IDENTIFIER,
        agreement=negotiation.contract_identifier,
        negotiation=negotiation.public_id,
        reference=negotiation.reference,
        provider=party_of(parties[negotiation.seller_id]),
        consumer=party_of(parties[negotiation.buyer_id]),
        dataset={
            "listing": negotiation.listing,
            "version": negotiation.listing_version,
            "segment": negotiation.segment,
            **negotiation.dataset,
        },
        template={
            "id": template.public_id,
            "code": template.code,
            "version": template.version,
            "title": template.title,
            "digest": template.digest,
        },
        terms=terms,
        tax_rate_bp=rules.tax_rate_bp(terms.tax_category, on=clock.today()),
        annexes=annexes_of(proposal),
        amends=amends_of(negotiation, proposal, terms),
    )
    return signed_object.draw_up(said, template.clauses)


def party_of(organisation: OrganisationView) -> dict[str, Any]:
    """A party as the signed content has it."""
    return {
        "id": organisation.public_id,
        "name": organisation.name,
        "corporate_number": organisation.corporate_number,
        "address": organisation.address,
        "representative": organisation.representative,
    }


def drawn_contract(instrument: Instrument | RenewalDocument) -> Drawn:
    """An instrument, or what the market signed of a renewal, in the form of ``signed_object``."""
    return Drawn(
        content=instrument.content,
        text_ja=instrument.text_ja,
        text_en=instrument.text_en,
        signed_hash=instrument.signed_hash,
    )


def document_data(agreement: Agreement, signed: Signed | None = None) -> dict[str, Any]:
    """The data of an agreement for ``document_templates/agreement``, with its signatures: of one version, without it of the first."""
    instrument = signed.instrument if signed else agreement.instrument
    signatures = [
        SignatureView(
            row.party,
            row.signer,
            row.signer_name,
            row.signed_at,
            row.method,
            row.jws,
            row.key.public_id if row.key else "",
            row.mandate.public_id if row.mandate else "",
        )
        for row in instrument.signatures.select_related("key", "mandate").order_by("pk")
    ]
    return document_of(
        drawn_contract(instrument),
        concluded_at=signed.made_at if signed else agreement.concluded_at,
        signatures=signatures,
    )


def signature_claims(signature: Signature, agreement: str) -> dict[str, Any]:
    """The claims that ``signature`` must be over: the market's, or the party's own."""
    if signature.method == SignatureMethod.OWN_KEY:
        return signed_object.own_claims(
            agreement=agreement,
            signed_hash=signature.signed_hash,
            party=signature.party,
            organisation=signature.organisation_identifier,
        )
    return signed_object.claims(
        agreement=agreement,
        signed_hash=signature.signed_hash,
        party=signature.party,
        organisation=signature.organisation_identifier,
        signer=signature.signer,
        signed_at=signature.signed_at,
    )


def verify_instrument(instrument: Instrument, agreement: str) -> list[str]:
    """The errors of an instrument and its signatures, with all hashes recomputed and signatures verified; empty if
    none. ``agreement``: the identifier that the instrument was drawn up for."""
    faults = signed_object.drawn_faults(drawn_contract(instrument))
    for signature in instrument.signatures.all():
        if signature.signed_hash != instrument.signed_hash:
            faults.append(f"the {signature.party} signed another hash")
        faults += _faults_of(signature, agreement)
    return faults


def _faults_of(signature: Signature, agreement: str) -> list[str]:
    """The errors of a signature; of a party's own, also that its key was not live, or was another's."""
    claims = signature_claims(signature, agreement)
    key = signature.key
    if key is None:
        return signed_object.signature_faults(signature.jws, claims)
    faults = signed_object.own_signature_faults(signature.jws, claims, key.public_jwk)
    ended = key.revoked_at is not None and key.revoked_at < signature.signed_at
    if key.organisation_id != signature.organisation_id or ended or signature.signed_at < key.valid_from:
        faults.append(
            f"the {signature.party} had no right to sign with the key {key.public_id} at that moment"
        )
    return faults


def signatures_shown() -> QuerySet[Signature]:
    """Signatures in order, with their keys."""
    return Signature.objects.select_related("key", "mandate").order_by("pk")


def to_sign(actor: Actor, negotiation: Negotiation) -> dict[str, str]:
    """What the actor's organisation signs with its own key: ``content``, canonical JSON, and its ``sha256``.

    ``signed_hash`` is the hash of the contract over the current terms, which the content names. Raises Forbidden unless the
    actor acts for a party.
    """
    parties = {negotiation.seller_id: Party.SELLER, negotiation.buyer_id: Party.BUYER}
    party = parties.get(actor.require_organisation())
    if party is None:
        raise Forbidden(needed=Label("a party of the negotiation", "交渉の当事者"))
    signed_hash = contract_of(negotiation).signed_hash
    claims = signed_object.own_claims(
        agreement=negotiation.contract_identifier,
        signed_hash=signed_hash,
        party=party.value,
        organisation=str(actor.organisation),
    )
    content = canonical_json(claims)
    return {"content": content.decode(), "sha256": sha256_hex(content), "signed_hash": signed_hash}


def verify_renewal(document: RenewalDocument) -> list[str]:
    """The errors of what the market signed of a renewal, with all hashes recomputed and its signature verified; empty if none."""
    return signed_object.drawn_faults(drawn_contract(document)) + renewal_faults(
        document.jws, claims_of(document)
    )


def claims_of(document: RenewalDocument) -> dict[str, Any]:
    """What the market's signature of a renewal is over."""
    return renewal_claims(document.renewal.public_id, document.said["amends"], document.signed_hash)


def verification_of(agreement: Agreement, instrument: Instrument | RenewalDocument) -> dict[str, Any]:
    """The result of verifying a version of an agreement, with what each signature is over, so that anyone can repeat it offline."""
    renewal = instrument if isinstance(instrument, RenewalDocument) else None
    if isinstance(instrument, RenewalDocument):
        faults = verify_renewal(instrument)
    else:
        faults = verify_instrument(instrument, agreement.public_id)
    return {
        "agreement": agreement.public_id,
        "signed_hash": instrument.signed_hash,
        "verified": not faults,
        "faults": faults,
        "signatures": [
            {
                "party": row.party,
                "signer": row.signer,
                "method": row.method,
                "content": canonical_json(signature_claims(row, agreement.public_id)).decode(),
                "jws": row.jws,
                "key": row.key,
            }
            for row in instrument.signatures.all()
        ],
        "renewal": renewal and {"content": canonical_json(claims_of(renewal)).decode(), "jws": renewal.jws},
    }


@cache
def _negotiations() -> QuerySet[Negotiation]:
    """Every negotiation as it is shown: of the related rows, whose texts are long, only what is shown of them."""
    own = [field.name for field in Negotiation._meta.concrete_fields]
    rows = Negotiation.objects.select_related(
        "template", "instrument", "agreement", "amends"
    ).prefetch_related(
        Prefetch("proposals", Proposal.objects.order_by("number")),
        Prefetch("instrument__signatures", signatures_shown()),
    )
    return rows.only(
        *own, "template__public_id", "instrument__signed_hash", "agreement__public_id", "amends__public_id"
    )


def visible_negotiations(actor: Actor) -> QuerySet[Negotiation]:
    """Negotiations of the actor's organisation, as buyer or seller; all, for the operator."""
    return _negotiations().all() if actor.may_see() else _negotiations().filter(_party_is(actor))


def load_shown(negotiation: Negotiation) -> Negotiation:
    """The negotiation, which a service has just changed, with the related rows that are shown; what it has is kept."""
    prefetch_related_objects(
        [negotiation],
        Prefetch("template", Template.objects.only("public_id")),
        Prefetch("agreement", Agreement.objects.only("public_id", "negotiation")),
        Prefetch("proposals", Proposal.objects.order_by("number")),
        Prefetch("instrument__signatures", signatures_shown()),
    )
    return negotiation


@cache
def _agreements() -> QuerySet[Agreement]:
    """Every agreement as it is shown: without the readable texts, which are the long part of it."""
    own = [field.name for field in Agreement._meta.concrete_fields]
    rows = Agreement.objects.select_related("negotiation", "instrument").prefetch_related(
        Prefetch("instrument__signatures", signatures_shown()), Prefetch("versions", later_versions())
    )
    return rows.only(*own, "negotiation__public_id", "instrument__content")


def visible_agreements(actor: Actor) -> QuerySet[Agreement]:
    """Agreements of the actor's organisation, without the contract's texts; all, for the operator."""
    return _agreements().all() if actor.may_see() else _agreements().filter(_party_is(actor))


def with_texts(rows: QuerySet[Agreement]) -> QuerySet[Agreement]:
    """The agreements with every column, for those who read the contract."""
    return rows.defer(None)


def visible_mandates(actor: Actor) -> QuerySet[Mandate]:
    """Mandates of the actor's organisation; all, for the operator."""
    rows = Mandate.objects.select_related("key")
    return rows if actor.may_see() else rows.filter(organisation_id=actor.require_organisation())


def with_disclosures(rows: QuerySet[Negotiation], actor: Actor) -> QuerySet[Negotiation]:
    """The negotiations with what shows their messages to staff: a party's disclosure, to whom disputes or support are work."""
    if not actor.may(Permission.DISPUTES_WRITE, Permission.SUPPORT_WRITE):
        return rows
    standing = MessageDisclosure.objects.filter(revoked_at=None)
    return rows.prefetch_related(Prefetch("disclosures", standing, to_attr="standing_disclosures"))


def visible_disclosures(actor: Actor) -> QuerySet[MessageDisclosure]:
    """Disclosures of the messages of the actor's negotiations; all, for the operator."""
    rows = MessageDisclosure.objects.select_related("negotiation")
    return rows if actor.may_see() else rows.filter(_party_is(actor, "negotiation__"))


def visible_adjustments(actor: Actor) -> QuerySet[Adjustment]:
    """Adjustments of agreements of the actor's organisation; all, for the operator."""
    rows = Adjustment.objects.select_related("agreement")
    return rows if actor.may_see() else rows.filter(_party_is(actor, "agreement__"))


def _party_is(actor: Actor, path: str = "") -> Q:
    own = actor.organisation_id
    return Q(**{f"{path}buyer_id": own}) | Q(**{f"{path}seller_id": own})


def signed_content(agreement: str, at: datetime | None = None) -> tuple[dict[str, Any], datetime]:
    """What was signed (``signed_object.compose``) and is in force at a moment, now without one, and when the agreement was concluded;
    raises Missing."""
    found = Agreement.objects.select_related("instrument").filter(public_id=agreement).first()
    if found is None:
        raise Missing(kind="agreement", identifier=agreement)
    return version_in_force(found, at).said, found.concluded_at


def agreement_of(negotiation: str) -> str:
    """The public identifier of the agreement of a negotiation; raises Missing while there is none."""
    found = (
        Agreement.objects.filter(negotiation__public_id=negotiation)
        .values_list("public_id", flat=True)
        .first()
    )
    if found is None:
        raise Missing(kind="agreement of negotiation", identifier=negotiation)
    return found


def negotiation_count() -> int:
    """The number of all negotiations."""
    return Negotiation.objects.count()


def agreement_count() -> int:
    """The number of all agreements."""
    return Agreement.objects.count()


def counts() -> dict[str, dict[str, int]]:
    """Numbers of ``negotiations``, ``agreements`` and ``disputes`` by state."""
    return {
        name: dict(model.objects.values_list("state").annotate(count=Count("pk")).order_by("state"))
        for name, model in (
            ("negotiations", Negotiation),
            ("agreements", Agreement),
            ("disputes", Dispute),
        )
    }


def segments_of_agreements(agreements: Collection[str]) -> dict[str, str]:
    """The segment (code) of each of these agreements, by public identifier."""
    rows = Agreement.objects.filter(public_id__in=agreements)
    return dict(rows.values_list("public_id", "segment"))


def segment_of(agreement: OuterRef) -> Subquery:
    """The segment (code) of an agreement, by its public identifier in an outer query."""
    return Subquery(Agreement.objects.filter(public_id=agreement).values("segment"))


def agreements_of_segment(segment: str) -> QuerySet[Agreement, str]:
    """The public identifiers of the agreements in a segment (code), for a subquery."""
    return Agreement.objects.filter(segment=segment).values_list("public_id", flat=True)
