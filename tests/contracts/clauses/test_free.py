"""What costs nothing is open data or a trial: it is published, concluded, delivered and accepted without a payment."""

from __future__ import annotations

import pytest
from django.db import connection

from clearing import handlers as clearing
from clearing.models import Obligation, Trade
from contracts.models import Agreement, Proposal
from delivery import handlers as delivery
from delivery import queries as deliveries
from delivery import services as delivering
from listings.models import Listing, ListingVersion, Offer
from marketplace.events.models import OutboxEvent
from marketplace.events.schema import parse
from marketplace.events.services import envelope_of
from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.invariants import REGISTER, verify_all
from tests.clearing import factories as money
from tests.clearing.factories import declare_funds_regime, open_first_cycle
from tests.participants.factories import client_of
from tests.roles import assert_refused, unguarded
from tests.rules import factories as rulebooks

from .. import factories, library

pytestmark = pytest.mark.django_db
OPEN = {
    "contract_type": "licence",
    "onward_transfer": "permitted",
    "derivatives": "permitted",
    "model_training": "permitted",
    "disclosure_scope": "unrestricted",
    "attribution": True,
}
FREE = {"price_minor": 0, "template": "open-data", "rights": OPEN, "negotiable": False}
API = "/api/v1"


@pytest.fixture
def opened(market):
    """The market with the template of open data, tariffs, and an open cycle."""
    library.standard("open-data")
    rulebooks.publish({**factories.RULES, "tariffs": [rulebooks.tariff()]})
    operator = money.Market(market.organisation("operator"))
    money.by_two(operator, declare_funds_regime, currency="JPY", **money.FUNDS_REGIME)
    open_first_cycle(actor=operator.actor, currency="JPY")
    return market


def hear(kind: str, *handlers) -> None:
    row = OutboxEvent.objects.filter(type=kind).latest("pk")
    for handler in handlers:
        handler(parse(row.type, row.data), envelope_of(row))


def broken() -> list[str]:
    return [
        name
        for name, found in verify_all().items()
        if found and name.startswith(("contracts.", "clearing.", "delivery.", "listings."))
    ]


def test_open_data_is_published_concluded_and_fetched_without_a_payment(opened):
    listing = factories.listing(opened.seller, "FREE", **FREE)
    buyer, seller = (client_of(opened.organisation(name)) for name in ("buyer", "seller"))
    made = buyer.post(f"{API}/negotiations/", {"listing": listing, "reference": "FREE-1"}, format="json")
    assert made.status_code == 201, made.json()
    negotiation = made.json()["id"]
    for client in (seller, buyer):
        contract = client.get(f"{API}/negotiations/{negotiation}/contract/").json()
        signed = client.post(
            f"{API}/negotiations/{negotiation}/sign/", {"signed_hash": contract["signed_hash"]}, format="json"
        )
        assert signed.status_code == 200, signed.json()
    agreement = Agreement.objects.get(negotiation__public_id=negotiation)
    assert agreement.price_minor == 0
    hear("agreement.concluded", clearing.on_agreement_concluded)
    trade = Trade.objects.get(agreement=agreement.public_id)
    assert (trade.state, trade.gross_minor, trade.fee_minor) == ("secured", 0, 0)
    hear("trade.secured", delivery.on_trade_secured)
    entitlement = deliveries.entitlement_of(agreement.public_id)
    assert buyer.get(f"{API}/deliveries/{entitlement}/").status_code == 200
    (file,) = deliveries.distributions_of(entitlement)
    sent = delivering.download(
        actor=opened.buyer,
        entitlement=entitlement,
        distribution=file.public_id,
        statement=delivering.Statement(),
    )
    assert b"".join(sent).startswith(b"station")
    sent.close()
    delivering.report_receipt(
        actor=opened.buyer, entitlement=entitlement, distribution=file.public_id, sha256=file.sha256
    )
    hear("delivery.matched", clearing.on_delivery_matched)
    delivering.accept_delivery(actor=opened.buyer, entitlement=entitlement)
    hear("delivery.accepted", clearing.on_delivery_accepted)
    trade.refresh_from_db()
    assert (trade.state, trade.captured_price_minor) == ("accepted", 0)
    owed = Obligation.objects.filter(trade=trade).values_list("amount_minor", flat=True)
    assert set(owed) == {0}
    assert broken() == []


def test_a_price_of_0_without_an_open_licence_is_not_published(opened):
    with pytest.raises(FieldInvalid) as refused:
        factories.listing(opened.seller, "FREE", price_minor=0)
    assert refused.value.name == "offer.price_minor"
    with pytest.raises(FieldInvalid) as refused:
        factories.listing(opened.seller, "FREE-2", **{**FREE, "rights": {**OPEN, "exclusive": True}})
    assert refused.value.name == "offer.rights.exclusive"
    assert not ListingVersion.objects.filter(offer__price_minor=0, state="published").exists()


@pytest.mark.parametrize(
    "charging",
    [
        {"kind": "instalment", "charges": 3},
        {"kind": "subscription", "charges": 3},
        {"kind": "one_off", "shares": [{"organisation": "org_01JABCDEFGHJKMNPQRSTVWXYZ0", "share_bp": 100}]},
    ],
)
def test_what_costs_nothing_is_charged_once(opened, charging):
    with pytest.raises(FieldInvalid) as refused:
        factories.listing(
            opened.seller, "FREE", **{**FREE, "rights": {**OPEN, "duration": "P1Y"}}, charging=charging
        )
    assert refused.value.name.startswith("offer.charging")


def test_no_price_is_negotiated_down_to_0(opened):
    with pytest.raises(FieldInvalid) as refused:
        factories.requested(opened, price_minor=0)
    assert refused.value.name == "terms.price_minor"


def test_the_policy_of_open_data_demands_no_payment(opened):
    factories.listing(opened.seller, "FREE", **FREE)
    policy = Offer.objects.get(price_minor=0).policy
    duties = [duty for rule in policy["permission"] for duty in rule.get("duty", ())]
    assert [duty["action"] for duty in duties if duty["action"] != "attribute"] == []


def run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def test_what_costs_nothing_without_its_clause_is_named(opened):
    factories.requested(opened)
    with unguarded("contracts_proposal"):
        Proposal.objects.update(terms={**Proposal.objects.get().terms, "price_minor": 0})
    with unguarded("listings_offer"):
        Offer.objects.update(price_minor=0)
    found = {row["public_id"] for row in REGISTER["contracts.free_as_open"].check()}
    version = ListingVersion.objects.get()
    assert found == {version.public_id, Proposal.objects.get().negotiation.public_id}
    with unguarded("listings_listingversion"):
        ListingVersion.objects.update(state="submitted", decision=None, decided_at=None, published_at=None)
    assert_refused(
        lambda: run(
            "UPDATE listings_listingversion SET state = 'published', decision = 'dec_1', decided_at = public.business_now(), published_at = public.business_now()"
        ),
        because="neither open data nor a trial",
    )
    assert_refused(
        lambda: run(
            "INSERT INTO contracts_proposal (negotiation_id, number, party, terms, policy, note, made_by, made_at)"
            " SELECT negotiation_id, 2, 'seller', terms, policy, '', made_by, public.business_now() FROM contracts_proposal"
        ),
        because="open data or a trial|in turn",
    )
    assert Listing.objects.count() == 1
