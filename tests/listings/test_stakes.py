"""Interests of third parties in a listing: stated by the seller or through the operator, shown to buyers, read by rules."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from django.db import connection

from contracts.fact_queries import negotiation_facts
from listings import services
from listings.models import Stake
from listings.queries import publication_facts
from listings.stake_errors import StakeEnded, StakeStands
from marketplace.approvals.errors import SecondPersonNeeded
from marketplace.events.models import OutboxEvent
from marketplace.evidence.models import EvidenceRecord
from marketplace.evidence.row_records import unexplained_rows
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.commitments import commitment_to
from marketplace.kernel.errors import FieldInvalid, Forbidden, Missing, PermissionNeeded, ProofNeeded
from marketplace.kernel.invariants import REGISTER, verify_all
from marketplace.participants.interest_errors import Recused
from marketplace.participants.services import declare_interest
from tests.contracts import factories as contracts
from tests.participants import factories as participants
from tests.roles import assert_refused, unguarded

from . import factories

pytestmark = pytest.mark.django_db

STATED = {"holder": "高松市", "kind": "licensor"}
PATH = "/api/v1/listing-stakes/"
INSERT = """
    INSERT INTO listings_stake (public_id, listing_id, holder, kind, stated_as, since, evidence_sha256, stated_by, stated_at)
    VALUES ('stk_raw', {listing}, 'x', 'co_owner', '{stated_as}', '2020-01-01', '', '{by}', public.business_now())
"""


@pytest.fixture
def staffed():
    return participants.operator()


@pytest.fixture
def seller(staffed):
    return factories.seller()


@pytest.fixture
def trader(seller):
    return participants.member_for(seller, "usr_trader")


@pytest.fixture
def people(staffed):
    """Two people of the operator, with every role."""
    return [participants.actor_for(staffed, f"usr_{name}") for name in ("one", "two")]


@pytest.fixture
def version(seller):
    return factories.draft(seller)


def stated(actor, version, **changes) -> Stake:
    return services.state_stake(actor=actor, listing=version.listing.public_id, **(STATED | changes))


def ended(people, stake) -> Stake:
    said = {"stake": stake.public_id, "reason": "許諾契約が終了しました。"}
    with pytest.raises(SecondPersonNeeded):
        services.end_stake(actor=people[0], **said)
    return services.end_stake(actor=people[1], **said)


def facts(version) -> tuple[list[str], int]:
    read = publication_facts(version.public_id)
    return read["stakes"], read["stake_count"]


def refused(statement: str, because: str) -> None:
    def run() -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement)

    assert_refused(run, because=because)


def holds() -> bool:
    return not [name for name, rows in verify_all("listings").items() if rows] and not unexplained_rows()


def test_rules_read_what_the_seller_and_third_parties_state(version, trader, people):
    assert facts(version) == ([], 0)
    row = stated(trader, version)
    claimed = stated(people[0], version, kind="co_owner", holder="共同研究先")
    assert (row.stated_as, claimed.stated_as) == ("declared", "claimed")
    assert facts(version) == (["co_owner", "licensor"], 2)
    stated(trader, version, holder="香川県")
    assert facts(version) == (["co_owner", "licensor"], 3)
    record = EvidenceRecord.objects.get(kind="listings.stake_stated", subject=row.public_id)
    assert record.payload["holder_commitment"] == commitment_to(row.salt, "高松市")
    assert "高松市" not in str(record.payload)
    assert holds()


def test_the_conclusion_reads_them_too():
    market = contracts.market()
    negotiation = contracts.requested(market)
    assert negotiation_facts(negotiation.public_id)["listing_stakes"] == []
    services.state_stake(actor=market.seller, listing=market.listing, **STATED)
    assert negotiation_facts(negotiation.public_id)["listing_stakes"] == ["licensor"]


def test_two_people_of_the_operator_end_one(version, trader, people):
    row = stated(trader, version)
    with pytest.raises(PermissionNeeded):
        services.end_stake(actor=trader, stake=row.public_id, reason="x")
    ended(people, row)
    assert facts(version) == ([], 0)
    with pytest.raises(StakeEnded):
        services.end_stake(actor=people[0], stake=row.public_id, reason="x")
    assert stated(trader, version).ended_at is None
    moved = OutboxEvent.objects.filter(type="stake.moved").order_by("pk")
    assert [event.data["change"] for event in moved] == ["declared", "ended", "declared"]
    assert holds()


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "magic"},
        {"holder": " "},
        {"holder": "x" * 201},
        {"evidence_sha256": "9F"},
        {"since": date(1900, 1, 1)},
    ],
)
def test_a_wrong_statement_changes_nothing(version, trader, wrong):
    with pytest.raises(FieldInvalid) as refusal:
        stated(trader, version, **wrong)
    assert (refusal.value.name, Stake.objects.count()) == (next(iter(wrong)), 0)


def test_nobody_states_interests_in_what_is_anothers(version, trader, people, seller):
    other = participants.member_for(factories.seller("T"), "usr_other")
    for actor, error in (
        (other, Missing),
        (replace(trader, permissions=frozenset()), PermissionNeeded),
        (replace(trader, identifier="app_1"), Forbidden),
        (replace(people[0], proved_at=None), ProofNeeded),
        (SYSTEM, Forbidden),
    ):
        with pytest.raises(error):
            stated(actor, version)
    stated(trader, version)
    with pytest.raises(StakeStands):
        stated(people[0], version)
    declare_interest(
        actor=people[0], organisation=seller.public_id, kind="family", statement="親族が勤務しています。"
    )
    with pytest.raises(Recused):
        stated(people[0], version, kind="co_owner")
    assert Stake.objects.count() == 1


def test_the_database_keeps_stakes(version, trader, people, seller):
    listing = version.listing_id
    participants.member_for(factories.seller("T"), "usr_other")
    for stated_as, by in (
        ("declared", "usr_other"),
        ("declared", "usr_one"),
        ("claimed", "usr_trader"),
        ("claimed", "usr_made_up"),
    ):
        refused(INSERT.format(listing=listing, stated_as=stated_as, by=by), "states no interest")
    stated(trader, version)
    end = (
        "UPDATE listings_stake SET ended_at = public.business_now(), ended_by = '{}', end_first_person = '{}',"
        " end_reason = 'x'"
    )
    for second, first, because in (
        ("usr_one", "usr_one", "stake_ended_by_two"),
        ("usr_trader", "usr_one", "no natural person of the operator"),
        ("usr_one", "usr_made_up", "no natural person of the operator"),
    ):
        refused(end.format(second, first), because)
    refused("UPDATE listings_stake SET holder = 'y'", "cannot be changed")
    refused("DELETE FROM listings_stake", "are kept")
    declare_interest(
        actor=people[0], organisation=seller.public_id, kind="family", statement="親族が勤務しています。"
    )
    refused(end.format("usr_two", "usr_one"), "decides nothing about it")
    refused(INSERT.format(listing=listing, stated_as="claimed", by="usr_one"), "decides nothing about it")
    assert Stake.objects.get().ended_at is None
    with unguarded("listings_stake"):
        Stake.objects.update(stated_by="usr_made_up")
    assert len(REGISTER["listings.stakes_stated_and_ended_rightly"].check()) == 1


def test_buyers_read_them_once_the_listing_is_on_sale(seller, trader):
    hidden, shown = factories.draft(seller), factories.published(seller)
    rows = [stated(trader, each) for each in (hidden, shown)]
    buyer = participants.client_of(participants.admitted("B"))
    seen = buyer.get(PATH).json()["results"]
    assert [each["id"] for each in seen] == [rows[1].public_id]
    assert (seen[0]["holder"], seen[0]["kind_label"]["ja"]) == ("高松市", "データの許諾者")
    assert buyer.get(f"{PATH}{rows[0].public_id}/").status_code == 404
    own = participants.client_of(seller).get(PATH).json()["results"]
    assert len(own) == 2
