"""A small market in which contracts are made: participants, rules, a template, a listing on sale."""

from __future__ import annotations

import copy
import functools
import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from django.db import connection

from contracts import queries, services
from contracts.consequences import digest_of_consequences
from contracts.ending_queries import consequences_shown
from contracts.models import (
    Adjustment,
    Agreement,
    AgreementVersion,
    DeletionCertificate,
    DeletionDuty,
    Dispute,
    Ending,
    Instrument,
    Negotiation,
    Proposal,
    Signature,
    Template,
)
from contracts.states import TerminationReason
from listings import services as listings
from marketplace.events.models import OutboxEvent
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.participants.models import Organisation
from marketplace.rules.models import Decision
from tests.participants import factories as participants
from tests.rules import factories as rules

TEMPLATE_FILE = Path(__file__).parents[2] / "fixtures" / "contract_template.yaml"
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


@functools.cache
def _template_file() -> Any:
    return yaml.safe_load(TEMPLATE_FILE.read_text(encoding="utf-8"))


def template_document() -> dict[str, Any]:
    """The demo market's contract template, as its file has it."""
    document: dict[str, Any] = copy.deepcopy(_template_file())
    return document


def brief_template(**changes: Any) -> dict[str, Any]:
    """A template of two clauses."""
    clauses = [
        {
            "number": 1,
            "heading": {"ja": "提供", "en": "Provision"},
            "text": {
                "ja": "{provider}は{dataset}を{price}で提供する。",
                "en": "{provider} provides {dataset} for {price}.",
            },
        },
        {
            "number": 2,
            "heading": {"ja": "期間", "en": "Time"},
            "text": {
                "ja": "{funding_days}日以内。\n\n以上。",
                "en": "Within {funding_days} days.\n\nThat is all.",
            },
        },
    ]
    return {"code": "brief", "title": {"ja": "契約書", "en": "Agreement"}, "clauses": clauses, **changes}


def market(**offer: Any) -> Market:
    """An open market with one listing on sale."""
    organisations = {
        "operator": participants.operator(),
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
    template = services.publish_template(actor=actors["operator"], **template_document())
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


def deletion(market: Market) -> DeletionDuty:
    """The duty to delete of an agreement whose price was returned."""
    row = agreement(market)
    services.terminate_agreement(
        agreement=row.public_id, reason_code=TerminationReason.REFUNDED, cause="trade.refunded"
    )
    return DeletionDuty.objects.get(agreement=row)


def everything() -> dict[str, Any]:
    """All that a refusal must leave as it was: every row of contracts, and how much was told."""
    models = (
        AgreementVersion,
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
    models += (DeletionDuty, DeletionCertificate)
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
