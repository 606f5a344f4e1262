"""Deliveries for tests: listed, agreed and granted by the services that do so everywhere."""

from __future__ import annotations

import hashlib
import itertools
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from contracts import services as contracts
from contracts.models import Agreement
from delivery import handlers, queries, services
from delivery.models import Entitlement, Inspection
from listings import services as listings
from listings.models import ListingVersion
from marketplace.approvals.errors import SecondPersonNeeded
from marketplace.events.models import OutboxEvent
from marketplace.events.schemas.clearing import TradeSecured
from marketplace.events.services import emit, envelope_of
from marketplace.kernel.actors import Actor
from marketplace.kernel.identifiers import new_identifier
from marketplace.participants.models import Organisation
from marketplace.rules.models import Rulebook
from tests.contracts import library
from tests.participants import factories as participants
from tests.rules import factories as rules

SEGMENT = "environment"
CONTENTS = (b"station,reading\n1,21.5\n2,19.0\n",)
RIGHTS = {"contract_type": "licence", "derivatives": "prohibited", "attribution": True}
CLAUSE = {
    "code": "incidents",
    "heading": {"ja": "提供", "en": "Provision"},
    "text": {"ja": "提供者は{dataset}を提供する。", "en": "The provider provides {dataset}."},
}

_numbers = itertools.count(1)


def sha256(content: bytes) -> str:
    """The SHA-256 of what was received, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def sha512(content: bytes) -> str:
    """The SHA-512 of what was received, in hexadecimal."""
    return hashlib.sha512(content).hexdigest()


@dataclass(frozen=True)
class Granted:
    """A delivery to which access was granted, with everybody around it."""

    entitlement: str
    agreement: str
    trade: str
    secured_event: str
    buyer: Organisation
    seller: Organisation
    contents: tuple[bytes, ...]

    @property
    def buyer_actor(self) -> Actor:
        """Somebody who acts for the buyer."""
        return participants.actor_for(self.buyer, "app_buyer")

    @property
    def seller_actor(self) -> Actor:
        """Somebody who acts for the seller."""
        return participants.actor_for(self.seller, "app_seller")

    @property
    def row(self) -> Entitlement:
        """The entitlement as it stands."""
        return Entitlement.objects.get(public_id=self.entitlement)

    @property
    def inspection(self) -> Inspection:
        """The inspection of the latest round as it stands."""
        return Inspection.objects.filter(entitlement__public_id=self.entitlement).latest("round")

    @property
    def distributions(self) -> list[str]:
        """What there is to fetch, in the order of ``contents``."""
        names = {file.sha256: file.public_id for file in queries.distributions_of(self.entitlement)}
        return [names[sha256(content)] for content in self.contents]

    def fetch(self, at: int = 0, actor: Actor | None = None, **stated: str) -> bytes:
        """Download a file to its end, for the purpose and region stated."""
        transmission = services.download(
            actor=actor or self.buyer_actor,
            entitlement=self.entitlement,
            distribution=self.distributions[at],
            statement=services.Statement(**stated),
        )
        try:
            return b"".join(transmission)
        finally:
            transmission.close()

    def receive(self) -> None:
        """Download every file and report the hash of what arrived."""
        for at, distribution in enumerate(self.distributions):
            services.report_receipt(
                actor=self.buyer_actor,
                entitlement=self.entitlement,
                distribution=distribution,
                sha256=sha256(self.fetch(at)),
            )

    def dispute(self) -> str:
        """Complain; returns the dispute's identifier."""
        return services.dispute_delivery(
            actor=self.buyer_actor,
            entitlement=self.entitlement,
            reason_code="incomplete",
            text="December is missing.",
        ).public_id


def operator_actor(identifier: str = "usr_operator") -> Actor:
    """Somebody who acts for the operator."""
    existing = Organisation.objects.filter(is_operator=True).first()
    return participants.actor_for(existing or participants.operator(), identifier)


def resume_access(entitlement: str) -> Entitlement:
    """Access resumed by two people of the operator."""
    first = operator_actor()
    with suppress(SecondPersonNeeded):
        services.resume_access(actor=first, entitlement=entitlement)
    return services.resume_access(actor=operator_actor("usr_second_operator"), entitlement=entitlement)


def open_market() -> None:
    """A rulebook that lets everything pass and a contract template, once."""
    if not Rulebook.objects.exists():
        rules.publish(
            rules.document(
                rules.rule("PUB-01", "true", "allow", "publication"),
                rules.rule("CON-01", "true", "allow", "conclusion"),
                tax_rates=rules.fixture_document()["tax_rates"],
            )
        )
    library.published(
        code="data-provision",
        title={"ja": "データ提供契約", "en": "Data provision"},
        clauses=[CLAUSE],
    )


def listed(
    seller: Organisation,
    contents: tuple[bytes, ...] = CONTENTS,
    rights: dict[str, Any] | None = None,
    **offer: Any,
) -> str:
    """The public identifier of a listing on sale."""
    version = drafted(seller, contents, rights, **offer)
    listings.submit_version(
        actor=participants.actor_for(seller, "app_seller"), listing_version=version.public_id
    )
    assert listings.judge_version(listing_version=version.public_id).state == "published"
    return version.listing.public_id


def drafted(
    seller: Organisation,
    contents: tuple[bytes, ...] = CONTENTS,
    rights: dict[str, Any] | None = None,
    source: dict[str, str] | None = None,
    **offer: Any,
) -> ListingVersion:
    """A version that its seller has not submitted."""
    actor = participants.actor_for(seller, "app_seller")
    listing = listings.create_listing(
        actor=actor,
        reference=f"DATA-{next(_numbers)}",
        segment=SEGMENT,
        title={"ja": "観測値", "en": "Readings"},
        description={"ja": "観測所の値。", "en": "Values of stations."},
        keywords=["観測"],
        source=source or {"name": "Station", "url": "https://station.example/", "licence": "CC BY 4.0"},
        personal_data_class="none",
    )
    return listings.add_version(
        actor=actor,
        listing=listing.public_id,
        files=[
            listings.UploadedData(f"readings {at}.csv", "text/csv", content)
            for at, content in enumerate(contents, start=1)
        ],
        offer={
            "price_minor": 48_000,
            "currency": "JPY",
            "tax_category": "standard",
            "rights": rights or RIGHTS,
            "template": "data-provision",
            "funding_days": 1,
            "inspection_days": 2,
            "negotiable": False,
            **offer,
        },
    )


def agreed(buyer: Organisation, seller: Organisation, listing: str) -> Agreement:
    """An agreement that both signed."""
    actor = participants.actor_for(buyer, "app_buyer")
    negotiation = contracts.request_negotiation(
        actor=actor, listing=listing, reference=f"DATA-{next(_numbers)}"
    ).public_id
    contracts.sign(actor=participants.signing_actor(seller), negotiation=negotiation)
    contracts.sign(actor=participants.signing_actor(buyer), negotiation=negotiation)
    return Agreement.objects.get(negotiation__public_id=negotiation)


def secured(agreement: Agreement) -> tuple[TradeSecured, str]:
    """The event that the trade of an agreement is secured, and its public identifier in the outbox."""
    event = TradeSecured(
        trade=new_identifier("trd"),
        agreement=agreement.public_id,
        listing=agreement.listing,
        listing_version=agreement.listing_version,
        buyer=agreement.buyer_identifier,
        seller=agreement.seller_identifier,
        inspection_days=agreement.inspection_days,
    )
    with transaction.atomic():
        return event, emit(event)


def handle_secured(event: TradeSecured, identifier: str) -> None:
    """What delivery does when it hears of the event."""
    handlers.on_trade_secured(event, envelope_of(OutboxEvent.objects.get(public_id=identifier)))


def granted(
    contents: tuple[bytes, ...] = CONTENTS,
    rights: dict[str, Any] | None = None,
    buyer: Organisation | None = None,
    seller: Organisation | None = None,
    **offer: Any,
) -> Granted:
    """A delivery to which access was granted."""
    open_market()
    buyer = buyer or participants.admitted("buyer", SEGMENT, "buyer")
    seller = seller or participants.admitted("seller", SEGMENT, "seller")
    agreement = agreed(buyer, seller, listed(seller, contents, rights, **offer))
    event, identifier = secured(agreement)
    handle_secured(event, identifier)
    return Granted(
        entitlement=queries.entitlement_of(agreement.public_id),
        agreement=agreement.public_id,
        trade=event.trade,
        secured_event=identifier,
        buyer=buyer,
        seller=seller,
        contents=contents,
    )
