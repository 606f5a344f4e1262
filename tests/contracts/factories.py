"""A small market in which contracts are made: participants, rules, a template, a listing on sale."""

from __future__ import annotations

import contextlib
import itertools
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from contracts import queries, services
from contracts.adjusting.services import enter_index_value
from contracts.commissions.models import SellerFault
from contracts.commissions.talk_models import PriceTalk
from contracts.ending.consequences import digest_of_consequences
from contracts.ending.queries import consequences_shown
from contracts.models import (
    Adjustment,
    Agreement,
    AgreementVersion,
    Clause,
    DeletionCertificate,
    DeletionDuty,
    Dispute,
    Ending,
    IndexValue,
    Instrument,
    Negotiation,
    Proposal,
    Renewal,
    RenewalDocument,
    Signature,
    Template,
)
from contracts.states import TerminationReason
from delivery.models import Download, EntitledDistribution, Entitlement, Inspection
from listings import services as listings
from marketplace.approvals.errors import SecondPersonNeeded
from marketplace.events.models import OutboxEvent
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.participants.models import Organisation, User
from marketplace.rules.models import Decision
from tests.participants import factories as participants
from tests.roles import unguarded
from tests.rules import factories as rules

from . import library

SEGMENT = "mobility"
HOLD_ABOVE_MINOR = 5_000_000
RIGHTS = {
    "contract_type": "licence",
    "purposes": ["commercial", "research"],
    "regions": ["JP"],
    "duration": "P1Y",
    "attribution": True,
    "delete_at_end": True,
}
OFFER = {
    "price_minor": 100_000,
    "currency": "JPY",
    "tax_category": "standard",
    "rights": RIGHTS,
    "template": "data-provision",
    "funding_days": 3,
    "inspection_days": 7,
    "negotiable": True,
}
RULES = rules.document(
    rules.rule("PUB-1", "true", "allow", "publication"),
    rules.rule("CON-1", "negotiation.buyer_admitted && negotiation.seller_admitted", "allow", "conclusion"),
    rules.rule("CON-2", "!negotiation.buyer_admitted || !negotiation.seller_admitted", "deny", "conclusion"),
    rules.rule("CON-3", f"negotiation.price_minor > {HOLD_ABOVE_MINOR}", "hold", "conclusion"),
    tax_rates=[{"category": "standard", "rate_bp": 1000, "from": "2019-10-01"}],
)

_references = itertools.count(1)


@dataclass(frozen=True)
class Market:
    """Who takes part, and what is on sale."""

    operator: Actor
    seller: Actor
    buyer: Actor
    stranger: Actor
    organisations: dict[str, Organisation]
    listing: str
    template: Template

    def organisation(self, name: str) -> Organisation:
        """``operator``, ``seller``, ``buyer`` or ``stranger``, as a row."""
        return self.organisations[name]


def brief_template(**changes: Any) -> dict[str, Any]:
    """A template of two clauses, as ``library.published`` takes it."""
    clauses = [
        {
            "heading": {"ja": "提供", "en": "Provision"},
            "text": {
                "ja": "{provider}は{dataset}を{price}で提供する。",
                "en": "{provider} provides {dataset} for {price}.",
            },
        },
        {
            "heading": {"ja": "期間", "en": "Time"},
            "text": {
                "ja": "{funding_days}日以内。\n\n以上。",
                "en": "Within {funding_days} days.\n\nThat is all.",
            },
        },
    ]
    return {"code": "brief", "title": {"ja": "契約書", "en": "Agreement"}, "clauses": clauses, **changes}


def market(*, operator: Organisation | None = None, **offer: Any) -> Market:
    """An open market with one listing on sale; ``operator``: who runs it already."""
    organisations = {
        "operator": operator or participants.operator(),
        "seller": participants.admitted("提供", capacity="seller"),
        "buyer": participants.admitted("利用"),
        "stranger": participants.admitted("他人"),
    }
    actors = {
        name: participants.actor_for(row, participants.person_of(row, name).public_id)
        for name, row in organisations.items()
    }
    for actor in actors.values():
        participants.keep_proved(actor.identifier)
    rules.publish(RULES)
    template = library.standard()
    return Market(
        **actors,
        organisations=organisations,
        listing=listing(actors["seller"], **offer),
        template=template,
    )


def listing(seller: Actor, reference: str = "L-1", **offer: Any) -> str:
    """A listing on sale."""
    made = listings.create_listing(
        actor=seller,
        reference=reference,
        segment=SEGMENT,
        title={"ja": "人流データ", "en": "Flow of people"},
        description={"ja": "駅ごとの人流", "en": "Flow of people by station"},
        keywords=["flow"],
        source={"name": "own counts"},
        personal_data_class="none",
    )
    version = listings.add_version(
        actor=seller,
        listing=made.public_id,
        files=[listings.UploadedData("flow.csv", "text/csv", b"station,count\nTakamatsu,120\n")],
        offer={**OFFER, **offer},
    )
    listings.submit_version(actor=seller, listing_version=version.public_id)
    assert listings.judge_version(listing_version=version.public_id).state == "published"
    return made.public_id


def reference() -> str:
    """A reference that was not used before."""
    return f"PO-{next(_references)}"


def requested(market: Market, **terms: Any) -> Negotiation:
    """A negotiation that the buyer requested, at the published terms unless others are given."""
    return services.request_negotiation(
        actor=market.buyer, listing=market.listing, reference=reference(), terms=terms or None
    )


def offered(market: Market, **terms: Any) -> Negotiation:
    """A negotiation in which the seller offered terms."""
    return services.make_offer(actor=market.seller, negotiation=requested(market).public_id, terms=terms)


def accepted(market: Market, **terms: Any) -> Negotiation:
    """A negotiation in which the buyer accepted an offer."""
    return services.accept_offer(actor=market.buyer, negotiation=offered(market, **terms).public_id)


def agreed(market: Market, **terms: Any) -> Negotiation:
    """A negotiation that the seller signed."""
    return services.sign(actor=market.seller, negotiation=requested(market, **terms).public_id)


def finalized(market: Market, **terms: Any) -> Negotiation:
    """A negotiation that both signed."""
    return services.sign(actor=market.buyer, negotiation=agreed(market, **terms).public_id)


def agreement(market: Market, **terms: Any) -> Agreement:
    """An agreement in force."""
    found = queries.agreement_of(finalized(market, **terms).public_id)
    return Agreement.objects.get(public_id=found)


def dispute(market: Market) -> Dispute:
    """An open dispute over an agreement."""
    return services.open_dispute(
        actor=market.buyer,
        agreement=agreement(market).public_id,
        reason_code="incomplete",
        text="12月分がない",
    )


def ready(dispute: Dispute | str, mediator: Actor) -> str:
    """An open dispute that ``mediator`` may decide: it is assigned, and the other side has answered, or let its time pass; returns its identifier."""
    row = Dispute.objects.select_related("agreement").get(public_id=str(dispute))
    participants.keep_proved(mediator.identifier)
    services.assign_mediator(actor=mediator, dispute=row.public_id, person=mediator.identifier)
    if clock.now() >= row.answer_by:
        services.record_silences()
    elif not row.statements.exists():
        side = row.agreement.buyer if row.opened_as == "seller" else row.agreement.seller
        services.answer_dispute(actor=speaker(side), dispute=row.public_id, text="反論")
    return row.public_id


def speaker(organisation: Organisation) -> Actor:
    """A person who speaks for an organisation."""
    name = f"speaker-{organisation.pk}"
    known = User.objects.filter(email=f"{name}@example.jp").first()
    person = known or participants.person_of(organisation, name)
    participants.keep_proved(person.public_id)
    return participants.actor_for(organisation, person.public_id)


def resolve(dispute: Dispute | str, mediator: Actor, outcome: str, **more: Any) -> Dispute:
    """A dispute that its mediator has decided after it was answered."""
    return services.resolve_dispute(
        actor=mediator, dispute=ready(dispute, mediator), **{"outcome": outcome, "reason": "確認した", **more}
    )


def adjustment(market: Market) -> Adjustment:
    """A correction of a price."""
    return services.adjust_price(
        actor=market.operator,
        agreement=agreement(market).public_id,
        debtor=str(market.seller.organisation),
        amount_minor=1_000,
        reason="座標が古い",
    )


def ending(market: Market) -> Ending:
    """An end, after today, that the buyer of an agreement proposed."""
    row = agreement(market)
    asked: dict[str, Any] = {"ground": "mutual", "last_day": clock.today(), "refund": "none"}
    digest = digest_of_consequences(consequences_shown(row, **asked))
    return services.end_early(actor=market.buyer, agreement=row.public_id, digest=digest, **asked)


def sent(row: Agreement, granted_at: datetime | None = None) -> None:
    """Something of the data was sent under an agreement, as delivery's rows say, past every guard of them."""
    tables = ("entitlement", "entitleddistribution", "inspection", "download")
    with unguarded(*(f"delivery_{name}" for name in tables)):
        entitlement = Entitlement.objects.create(
            agreement=row.public_id,
            trade=f"trd_{row.public_id[4:]}",
            listing=row.negotiation.listing,
            listing_version="lsv_1",
            buyer_id=row.buyer_id,
            seller_id=row.seller_id,
            buyer_identifier=row.buyer_identifier,
            seller_identifier=row.seller_identifier,
            inspection_days=7,
            secured_event=f"evt_{row.public_id[4:]}",
            state="terminated",
            granted_at=granted_at or row.concluded_at,
            ended_at=clock.now(),
            ended_reason="refunded",
        )
        file = EntitledDistribution.objects.create(
            entitlement=entitlement,
            distribution="dst_1",
            file_name="a.csv",
            media_type="text/csv",
            size_bytes=1,
            sha256="0" * 64,
            sha512="0" * 128,
        )
        inspection = Inspection.objects.create(
            entitlement=entitlement, state="undone", opened_at=row.concluded_at
        )
        Download.objects.create(
            entitlement=entitlement,
            inspection=inspection,
            distribution=file,
            requested_by="usr_1",
            length_bytes=1,
            state="aborted",
            started_at=row.concluded_at,
            ended_at=clock.now(),
            abort_reason="abandoned",
        )


def deletion(market: Market) -> DeletionDuty:
    """The duty to delete of an agreement whose price was returned after something was sent."""
    row = agreement(market)
    sent(row)
    services.terminate_agreement(
        agreement=row.public_id, reason_code=TerminationReason.REFUNDED, cause="trade.refunded"
    )
    return DeletionDuty.objects.get(agreement=row)


def index_value(market: Market, **changes: Any) -> IndexValue:
    """The value of an index as of today, which two people of the operator entered."""
    stated = {"index": "cpi_jp", "as_of": clock.today(), "value_milli": 104_000, "source": "総務省統計局"}
    stated |= changes
    with contextlib.suppress(SecondPersonNeeded):
        enter_index_value(actor=market.operator, **stated)
    row = market.organisation("operator")
    person = participants.person_of(row, "second").public_id
    participants.keep_proved(person)
    return enter_index_value(actor=participants.actor_for(row, person), **stated)


def everything() -> dict[str, Any]:
    """All that a refusal must leave as it was: every row of contracts, and how much was told."""
    models: tuple[Any, ...] = (
        AgreementVersion,
        Clause,
        Template,
        Negotiation,
        Proposal,
        Instrument,
        Signature,
        Agreement,
        Dispute,
        Adjustment,
        Ending,
    )
    models += (Renewal, RenewalDocument, DeletionDuty, DeletionCertificate, SellerFault, PriceTalk)
    rows = {model.__name__: list(model.objects.order_by("pk").values()) for model in models}
    told = {model.__name__: model.objects.count() for model in (OutboxEvent, EvidenceRecord, Decision)}
    return {**rows, **told}


def check_deferred() -> None:
    """Have the database check now what it checks at the end of a transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def events(kind: str) -> list[dict[str, Any]]:
    """Data of the events of a type, in the order they were emitted."""
    return list(OutboxEvent.objects.filter(type=kind).order_by("pk").values_list("data", flat=True))
