"""What a seller states of beneficiaries is in the offer, in what both sign, and in what clearing posts."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.db import connection

from clearing import handlers
from clearing.models import ChargePlan, PlannedShare, Trade
from contracts.amending.services import amend_agreement
from contracts.plan import plan_lines, plan_of
from contracts.pools.models import Pool, PoolVersion
from contracts.services import sign
from contracts.terms import parse_terms, revise_terms
from listings import services as listings
from marketplace.events.models import OutboxEvent
from marketplace.events.schemas.contracts import AgreementConcluded, Beneficiary
from marketplace.kernel import clock
from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.invariants import REGISTER
from tests.clearing.trades.test_charged_as_signed import concluded
from tests.contracts import factories as contracts
from tests.contracts.factories import OFFER
from tests.contracts.standing.test_holds import conclude_again
from tests.notices.factories import handle
from tests.participants import factories as participants
from tests.participants.accounts import use_account
from tests.roles import assert_refused, unguarded
from tests.rules import factories as rulebooks

pytestmark = pytest.mark.django_db


@pytest.fixture
def author():
    made = participants.admitted("著者")
    use_account(made, participants.PAYOUT_ACCOUNT)
    return made


def shared(organisation, share_bp=2_500):
    return {"kind": "one_off", "shares": [{"organisation": organisation.public_id, "share_bp": share_bp}]}


@pytest.fixture
def market(author):
    made = contracts.market()
    rulebooks.publish({**contracts.RULES, "tariffs": [rulebooks.tariff()]})
    return replace(made, listing=contracts.listing(made.seller, "L-2", charging=shared(author)))


def breaches():
    return [row["agreement"] for row in REGISTER["clearing.shared_as_signed"].check()]


def test_shares_of_an_offer_are_signed_and_planned(market, author):
    agreement = concluded(market)
    plan = plan_of(agreement.instrument.said)
    assert plan.money.shares == ({"organisation": author.public_id, "share_bp": 2_500},)
    assert any("25.00%" in line and author.public_id in line for line in plan_lines(plan, "en"))
    row = PlannedShare.objects.get(plan__agreement=agreement.public_id)
    assert (row.organisation_id, row.share_bp) == (author.pk, 2_500)
    assert Trade.objects.get(agreement=agreement.public_id).charge == 1
    assert breaches() == []


def test_a_beneficiary_that_cannot_be_paid_stands_against_an_amendment_too(market, author):
    """What is charged later is divided as what was charged before."""
    monthly = {**shared(author), "kind": "subscription", "charges": 12, "period_months": 1}
    offered = replace(market, listing=contracts.listing(market.seller, "L-3", charging=monthly))
    agreement = concluded(offered)
    terms = {"effective_on": clock.today(), "price_minor": 12_000}
    row = amend_agreement(actor=market.buyer, agreement=agreement.public_id, terms=terms)
    use_account(author, None)
    with pytest.raises(FieldInvalid) as refused:
        sign(actor=market.seller, negotiation=row.public_id)
    assert refused.value.name == "terms.charging.shares"


def test_nobody_negotiates_the_shares_away(market, author):
    terms = parse_terms({**OFFER, "charging": shared(author)})
    assert revise_terms(terms, {"charging": {"kind": "one_off"}}).charging.shares == terms.charging.shares
    with pytest.raises(FieldInvalid) as refused:
        revise_terms(terms, {"charging": shared(author, 1)})
    assert refused.value.name == "terms.charging.shares"


def test_a_beneficiary_that_clearing_cannot_pay_is_refused_by_name(market, author):
    unpaid, alone = participants.admitted("無口座"), participants.organisation("単独")
    use_account(alone, participants.PAYOUT_ACCOUNT)
    use_account(unpaid, None)
    seller = market.organisations["seller"]
    for other in (unpaid, alone, seller, market.organisations["operator"]):
        with pytest.raises(FieldInvalid) as refused:
            listings.add_version(
                actor=market.seller,
                listing=market.listing,
                files=[listings.UploadedData("b.csv", "text/csv", b"a\n1\n")],
                offer={**OFFER, "charging": shared(other)},
            )
        assert refused.value.name == "offer.charging.shares"
        assert other.public_id in refused.value.fields["reason"].en
    use_account(author, None)
    with pytest.raises(FieldInvalid) as refused:
        contracts.agreement(market)
    assert refused.value.name == "terms.charging.shares"
    assert not OutboxEvent.objects.filter(type="agreement.concluded").exists()


@pytest.mark.parametrize(
    "stated",
    [
        [],
        "all",
        [{"organisation": "org_1"}],
        [{"organisation": "org_1", "share_bp": 0}],
        [{"organisation": "me", "share_bp": 1}],
        [{"organisation": "org_1", "share_bp": 1}, {"organisation": "org_1", "share_bp": 1}],
        [{"organisation": "org_1", "share_bp": 9_999}, {"organisation": "org_2", "share_bp": 2}],
    ],
)
def test_shares_that_cannot_be_carried_out_are_named(stated):
    with pytest.raises(FieldInvalid) as refused:
        parse_terms({**OFFER, "charging": {"kind": "one_off", "shares": stated}})
    assert refused.value.name == "terms.charging.shares"


@pytest.mark.parametrize("who", ["affiliate", "seller", "buyer", "operator", "nobody"])
def test_the_database_concludes_nothing_that_a_party_or_the_operator_shares_in(market, author, who):
    contracts.agreement(market)
    others = {name: row.public_id for name, row in market.organisations.items()} | {"nobody": "org_0"}
    with unguarded("contracts_instrument", "participants_organisation"), connection.cursor() as cursor:
        if who == "affiliate":
            cursor.execute(
                "UPDATE participants_organisation SET operator_affiliate = true WHERE id = %s", [author.pk]
            )
        else:
            cursor.execute(
                "UPDATE contracts_instrument SET content = replace(content, %s, %s)",
                [author.public_id, others[who]],
            )
    conclude_again("a beneficiary is neither a party nor the operator or its affiliate")


def pooled(market) -> None:
    """A signed pool behind the listing; what signs it is tried elsewhere."""
    lead = market.organisations["seller"]
    with unguarded("contracts_pool", "contracts_poolversion", "contracts_poolshare"):
        pool = Pool.objects.create(
            listing=market.listing,
            lead=lead,
            lead_identifier=lead.public_id,
            opened_by="usr_x",
            opened_at=clock.now(),
        )
        PoolVersion.objects.create(
            pool=pool, number=1, cause="terms", effective_on=clock.today(), lead_decides=True, denominator=1, content={},
            content_hash="0" * 64, state="signed", proposed_by="usr_x", proposed_at=clock.now(), closed_at=clock.now(),
        )  # fmt: skip


def test_nobody_is_paid_before_the_members_of_a_pool(market):
    pooled(market)
    with pytest.raises(FieldInvalid) as refused:
        contracts.agreement(market)
    assert refused.value.name == "terms.charging.shares"


def test_the_database_concludes_nothing_that_passes_a_pool_by(market):
    contracts.agreement(market)
    pooled(market)
    conclude_again("the members of a pool divide the price")


@pytest.mark.parametrize("share_bp", [None, 9_000])
def test_no_others_share_than_was_signed(market, author, share_bp):
    agreement = contracts.agreement(market)
    event = OutboxEvent.objects.get(type="agreement.concluded", subject=agreement.public_id)
    forged = (Beneficiary(organisation=author.public_id, share_bp=share_bp),) if share_bp else ()
    told = AgreementConcluded(**{**event.data, "beneficiaries": forged})
    assert_refused(
        lambda: handle(handlers.on_agreement_concluded, told),
        because="what the signed plan says|shared as the signed plan says",
    )
    assert not ChargePlan.objects.exists()


def test_shares_otherwise_than_signed_are_named(market):
    agreement = concluded(market)
    assert breaches() == []
    with unguarded("clearing_plannedshare"), connection.cursor() as cursor:
        cursor.execute("UPDATE clearing_plannedshare SET share_bp = 2501")
    assert breaches() == [agreement.public_id]
