"""A lead and members divide the income of a listing by signed, exact shares, each version from its day on."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.pools import services
from contracts.pools.content import Member, parse_members, without
from contracts.pools.errors import NotAMember, NotToSign, PoolStands, VersionProposed
from contracts.pools.models import PoolShare, PoolVersion
from contracts.pools.queries import shares_on, visible_versions
from contracts.tasks import sweep
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel import clock
from marketplace.kernel.errors import FieldInvalid, Forbidden, IllegalTransition, Missing
from marketplace.notices.models import Notice, Task
from tests.contracts import factories
from tests.contracts.raw import run
from tests.contracts.test_invariants import breaches
from tests.participants import factories as participants
from tests.poison import RUNS, aside, poisoned
from tests.roles import assert_refused, unguarded

pytestmark = pytest.mark.django_db


class Members:
    """The actors of a lead and two members, and what they do."""

    def __init__(self, market):
        self.market = market
        third = participants.admitted("三人目")
        self.third = participants.actor_for(third, participants.person_of(third, "third").public_id)
        participants.keep_proved(self.third.identifier)
        self.lead, self.second = market.seller, market.stranger

    def stated(self, lead="1/2", second="1/3", third="1/6"):
        shares = ((self.lead, lead), (self.second, second), (self.third, third))
        return [
            {
                "organisation": actor.organisation,
                "share": share,
                "contributions": [{"version": f"版 {share}"}],
            }
            for actor, share in shares
            if share
        ]

    def open(self, days=1, lead_decides=False, **shares):
        return services.open_pool(
            actor=self.lead,
            listing=self.market.listing,
            effective_on=clock.today() + timedelta(days=days),
            members=self.stated(**shares),
            lead_decides=lead_decides,
        )

    def propose(self, version, days, **shares):
        return services.propose_version(
            actor=self.lead,
            pool=version.pool.public_id,
            effective_on=clock.today() + timedelta(days=days),
            members=self.stated(**shares),
        )

    def sign(self, version, *actors):
        for actor in actors or (self.lead, self.second, self.third):
            signed = services.sign_version(
                actor=actor, version=version.public_id, signed_hash=version.content_hash
            )
        return signed

    def shares(self, days):
        """The shares on a day by name, as fractions."""
        names = {self.lead.organisation_id: "lead", self.second.organisation_id: "second"}
        return {
            names.get(row.organisation_id, "third"): str(Fraction(row.numerator, row.denominator))
            for row in shares_on(self.market.listing, clock.today() + timedelta(days=days))
        }


@pytest.fixture
def members(market):
    clock.move_to(clock.now(), running=False)
    return Members(market)


def test_a_version_is_in_force_from_its_day_once_all_have_signed(members):
    version = members.open()
    assert Task.objects.filter(subject=version.public_id, state="open").count() == 3
    assert members.sign(version, members.lead, members.second).state == "proposed"
    assert members.shares(1) == {}
    assert Task.objects.filter(subject=version.public_id, state="open").count() == 1
    assert members.sign(version, members.third).state == "signed"
    assert (members.shares(0), members.shares(1)) == ({}, {"lead": "1/2", "second": "1/3", "third": "1/6"})
    assert not Task.objects.filter(subject=version.public_id, state="open").exists()
    kinds = EvidenceRecord.objects.filter(subject=version.public_id).values_list("kind", flat=True)
    assert list(kinds) == ["contracts.pool_version_proposed", "contracts.pool_version_signed"]
    factories.check_deferred()
    assert (breaches("pool_versions_verify"), breaches("pool_shares_whole")) == (0, 0)
    with pytest.raises(IllegalTransition):
        members.sign(version, members.third)
    with pytest.raises(PoolStands):
        members.open()


def test_who_joins_signs_and_every_standing_member_unless_the_lead_decides(members):
    first = members.sign(members.open(third=None, second="1/2"), members.lead, members.second)
    version = members.propose(first, 2)
    with pytest.raises(VersionProposed):
        members.propose(first, 3)
    assert members.sign(version, members.lead, members.third).state == "proposed"
    assert members.sign(version, members.second).state == "signed"
    assert (members.shares(1), members.shares(2)["third"]) == ({"lead": "1/2", "second": "1/2"}, "1/6")


def test_a_lead_with_that_power_decides_with_who_joins(members):
    first = members.sign(
        members.open(third=None, second="1/2", lead_decides=True), members.lead, members.second
    )
    version = members.propose(first, 2, lead="1/2", second="1/3", third="1/6")
    with pytest.raises(NotToSign):
        members.sign(version, members.second)
    assert members.sign(version, members.lead, members.third).state == "signed"
    without = services.propose_version(
        actor=members.lead, pool=first.pool.public_id, effective_on=clock.today() + timedelta(days=3),
        members=members.stated(lead="1/2", second=None, third="1/2"),
    )  # fmt: skip
    assert members.sign(without).state == "signed"
    # Who is a member no more is told as who stays.
    told = Notice.objects.filter(subject=without.public_id).values_list("organisation_id", flat=True)
    assert members.second.organisation_id in told
    # It reads what it left by, and nothing that comes after.
    following = members.propose(without, 5, lead="1/3", second=None, third="2/3")
    seen = visible_versions(members.second)
    assert (seen.filter(pk=without.pk).exists(), seen.filter(pk=following.pk).exists()) == (True, False)


def test_who_was_named_and_never_joined_reads_no_other_version(members):
    first = members.open(third="1/6")
    services.withdraw_version(actor=members.lead, version=first.public_id)
    members.propose(first, 2, lead="1/2", second="1/2", third=None)
    assert list(visible_versions(members.third)) == [first]


def test_who_is_not_admitted_joins_no_pool(members):
    outside = participants.organisation("未承認")
    named = [
        *members.stated(third=None, second="1/2")[:1],
        {**members.stated()[1], "organisation": outside.public_id, "share": "1/2"},
    ]
    with pytest.raises(NotAMember):
        services.open_pool(
            actor=members.lead,
            listing=members.market.listing,
            effective_on=clock.today() + timedelta(days=1),
            members=named,
        )


def test_who_leaves_signs_alone_and_the_others_have_its_share_in_proportion(members):
    first = members.sign(members.open())
    waiting = members.propose(first, 5, lead="2/3", second="1/6", third="1/6")
    pool, day = first.pool.public_id, clock.today() + timedelta(days=3)
    left = services.leave_pool(actor=members.second, pool=pool, effective_on=day)
    assert (left.state, left.cause) == ("signed", "withdrawal")
    waiting.refresh_from_db()
    assert waiting.state == "lapsed"
    assert members.shares(2) == {"lead": "1/2", "second": "1/3", "third": "1/6"}
    assert members.shares(3) == {"lead": "3/4", "third": "1/4"}
    factories.check_deferred()
    assert breaches("pool_shares_whole") == 0
    for actor in (members.lead, members.second):
        with pytest.raises(NotAMember):
            services.leave_pool(actor=actor, pool=pool, effective_on=day + timedelta(days=9))
    with pytest.raises(FieldInvalid):
        services.leave_pool(actor=members.third, pool=pool, effective_on=day)
    with pytest.raises(Missing):
        services.leave_pool(actor=members.market.buyer, pool=pool, effective_on=day)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"third": "1/5"}, "members"),
        ({"lead": None, "second": "5/6"}, "members"),
        ({"third": "0/6"}, "members.share"),
        ({"third": "0.17"}, "members.share"),
        ({"third": "1/٦"}, "members.share"),
        ({"days": 0}, "effective_on"),
        ({"days": 367}, "effective_on"),
    ],
)
def test_what_cannot_be_divided_is_refused_by_name(members, changes, field):
    with pytest.raises(FieldInvalid) as error:
        members.open(**changes)
    assert error.value.name == field


def test_only_the_seller_of_a_listing_opens_and_the_lead_proposes_and_withdraws(members):
    with pytest.raises(Missing):
        services.open_pool(
            actor=members.second,
            listing=members.market.listing,
            effective_on=clock.today() + timedelta(days=1),
            members=members.stated(),
        )
    version = members.open()
    with pytest.raises(Forbidden):
        services.withdraw_version(actor=members.second, version=version.public_id)
    with pytest.raises(FieldInvalid):
        services.sign_version(actor=members.second, version=version.public_id, signed_hash="0" * 64)
    assert services.withdraw_version(actor=members.lead, version=version.public_id).state == "withdrawn"
    operator = members.market.organisation("operator").public_id
    with pytest.raises(NotAMember):
        services.propose_version(
            actor=members.lead,
            pool=version.pool.public_id,
            effective_on=clock.today() + timedelta(days=1),
            members=[*members.stated(third=None), {"organisation": operator, "share": "1/6"}],
        )


def test_what_is_not_signed_before_its_day_lapses_and_a_poisoned_version_stops_no_other(members):
    version = members.open()
    other = services.open_pool(
        actor=members.lead,
        listing=factories.listing(members.lead, "L-2"),
        effective_on=clock.today() + timedelta(days=1),
        members=members.stated(),
    )
    clock.move_to(clock.now() + timedelta(days=1), running=False)
    with pytest.raises(FieldInvalid):
        members.sign(version, members.lead)
    with poisoned("contracts_poolversion", f"NEW.id = {version.pk}"):
        for _ in range(RUNS):
            services.lapse_versions()
        assert aside("contracts.lapse_pool_versions") == [version.public_id]
    other.refresh_from_db()
    assert other.state == "lapsed"
    assert sweep() >= 0


def test_over_http_members_read_sign_and_leave_and_nobody_else_sees_it(members):
    lead, second = (
        participants.client_of(members.market.organisation(name)) for name in ("seller", "stranger")
    )
    day = (clock.today() + timedelta(days=1)).isoformat()
    answer = lead.post(
        "/api/v1/pools/",
        {
            "listing": members.market.listing,
            "effective_on": day,
            "members": members.stated(third=None, second="1/2"),
        },
        format="json",
    )
    assert answer.status_code == 201, answer.json()
    version = answer.json()
    assert "配分 1/2" in version["texts"]["ja"]
    path = f"/api/v1/pool-versions/{version['id']}/"
    for client in (lead, second):
        signed = client.post(f"{path}sign/", {"signed_hash": version["content_hash"]}, format="json")
        assert signed.status_code == 200, signed.json()
    assert (signed.json()["state"], len(signed.json()["signatures"])) == ("signed", 2)
    pool = f"/api/v1/pools/{version['pool']}/"
    later = (clock.today() + timedelta(days=2)).isoformat()
    assert second.post(f"{pool}leave/", {"effective_on": later}, format="json").status_code == 200
    buyer = participants.client_of(members.market.organisation("buyer"))
    assert (buyer.get(path).status_code, buyer.get(pool).status_code) == (404, 404)
    assert (second.get(path).status_code, second.get(pool).status_code) == (200, 200)


def attacked(because, statement, *parameters):
    def attack():
        run(statement, *parameters)
        run("SET CONSTRAINTS ALL IMMEDIATE")

    assert_refused(attack, because=because)
    run("SET CONSTRAINTS ALL DEFERRED")


def test_the_database_binds_no_pool_for_more_than_a_year(members, monkeypatch):
    monkeypatch.setattr(services, "AHEAD_DAYS_MAX", 999)
    assert_refused(lambda: members.open(days=367), because="begins after today and after it")


def test_the_database_takes_no_other_shares_and_no_unsigned_version(members):
    version = members.open()
    factories.check_deferred()
    attacked(
        "before its day by everybody who must",
        "UPDATE contracts_poolversion SET state = 'signed', closed_at = public.business_now()",
    )
    attacked("append-only", "UPDATE contracts_poolshare SET numerator = numerator + 1")
    attacked(
        "those that it says, and sum to 1",
        "INSERT INTO contracts_poolshare (version_id, organisation_id, organisation_identifier, numerator)"
        " SELECT %s, id, public_id, 1 FROM participants_organisation WHERE id = %s",
        version.pk,
        members.market.buyer.organisation_id,
    )
    attacked(
        "neither the operator nor its affiliate",
        "INSERT INTO contracts_poolshare (version_id, organisation_id, organisation_identifier, numerator)"
        " SELECT %s, id, public_id, 1 FROM participants_organisation WHERE is_operator",
        version.pk,
    )
    attacked(
        "a signatory of who must sign",
        "INSERT INTO contracts_poolsignature (public_id, version_id, organisation_id, organisation_identifier, signer, signed_hash, jws,"
        " signed_at) SELECT 'pls_forged', %s, id, public_id, %s, %s, 'x', public.business_now() FROM participants_organisation WHERE id = %s",
        version.pk,
        members.market.buyer.identifier,
        version.content_hash,
        members.market.buyer.organisation_id,
    )
    attacked(
        "a signatory of the seller",
        "INSERT INTO contracts_pool (public_id, listing, lead_id, lead_identifier, opened_by, opened_at)"
        " SELECT 'pol_forged', 'lst_other', id, public_id, %s, public.business_now() FROM participants_organisation WHERE id = %s",
        members.market.buyer.identifier,
        members.market.buyer.organisation_id,
    )
    attacked("cannot be changed", "UPDATE contracts_poolversion SET denominator = 7")
    with unguarded("contracts_poolshare"):
        PoolShare.objects.filter(organisation_id=members.third.organisation_id).delete()
    assert breaches("pool_shares_whole") == 1


def test_what_was_forced_in_is_named(members):
    version = members.sign(members.open())
    with unguarded("contracts_poolversion"):
        PoolVersion.objects.filter(pk=version.pk).update(content={**version.content, "lead_decides": True})
    assert breaches("pool_versions_verify") == 1
    with unguarded("contracts_poolversion", "contracts_poolsignature"):
        PoolVersion.objects.filter(pk=version.pk).update(content=version.content)
        version.signatures.filter(organisation_id=members.third.organisation_id).delete()
    assert (breaches("pool_versions_verify"), breaches("pool_shares_whole")) == (0, 1)


@given(weights=st.lists(st.integers(1, 40), min_size=2, max_size=6), leaver=st.integers(0, 5))
def test_shares_stay_whole_and_in_proportion_whoever_leaves(weights, leaver):
    total = sum(weights)
    stated = [
        {"organisation": f"org_{at}", "share": f"{weight}/{total}"} for at, weight in enumerate(weights)
    ]
    before = parse_members(stated)
    gone = f"org_{leaver % len(weights)}"
    after = {member.organisation: member.share for member in without(before, gone)}
    assert sum(after.values()) == 1
    kept = [member for member in before if member.organisation != gone]
    assert all(
        after[one.organisation] * kept[0].share == after[kept[0].organisation] * one.share for one in kept
    )
    assert all(isinstance(member, Member) for member in before)
