"""Two transactions at once about an agreement that is renewed: one comes first, and the other is told or sees it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from contracts import services
from contracts.amending.queries import signed_versions
from contracts.amending.services import amend_agreement
from contracts.renewing.models import Renewal
from contracts.renewing.services import attend_renewals, refuse_renewal
from marketplace.kernel import clock
from tests.events.pipe import open_transaction

from .. import factories
from ..amending.conftest import SUBSCRIPTION
from ..test_races import at_once, broken
from .conftest import AUTOMATIC, BEGUN, NOTICE_BY, again


@pytest.fixture
def market(committed_database) -> factories.Market:
    """A market in a database of its own."""
    clock.move_to(BEGUN, running=False)
    return factories.market()


def test_of_two_refusals_one_counts(market):
    year = factories.agreement(market, **SUBSCRIPTION, renewal=AUTOMATIC)
    outcomes = at_once(
        *[
            lambda actor=actor: refuse_renewal(actor=actor, agreement=year.public_id)
            for actor in (market.buyer, market.seller)
        ]
    )
    assert outcomes == ["NoRenewal", "done"]
    assert Renewal.objects.get().state == "refused"
    assert broken() == {}


def test_a_renewal_and_an_amendment_follow_each_other(market):
    year = factories.agreement(market, **SUBSCRIPTION, renewal=AUTOMATIC)
    clock.move_to(NOTICE_BY - timedelta(hours=1), running=False)
    row = amend_agreement(
        actor=market.buyer,
        agreement=year.public_id,
        terms={"effective_on": clock.today() + timedelta(days=1), "ending": {"convenience_notice_days": 60}},
    )
    services.sign(actor=market.seller, negotiation=row.public_id)
    clock.move_to(NOTICE_BY, running=False)
    outcomes = at_once(
        lambda: services.sign(actor=market.buyer, negotiation=row.public_id), attend_renewals, attend_renewals
    )
    # A sweep passes over an agreement that another transaction has.
    attend_renewals()
    kinds = [one.version.kind for one in signed_versions(again(year)) if one.version]
    assert (outcomes, kinds) in (
        (["done", "done", "done"], ["amended", "renewed"]),
        (["AmendmentOutdated", "done", "done"], ["renewed"]),
    )
    assert Renewal.objects.filter(state="renewed").count() == 1
    assert broken() == {}


def test_a_refusal_in_time_counts_however_late_it_is_committed(market):
    year = factories.agreement(market, **SUBSCRIPTION, renewal=AUTOMATIC)
    clock.move_to(NOTICE_BY - timedelta(seconds=1), running=False)
    with open_transaction(lambda: refuse_renewal(actor=market.buyer, agreement=year.public_id)):
        clock.move_to(NOTICE_BY, running=False)
        assert attend_renewals() == 0
    assert attend_renewals() == 0
    assert Renewal.objects.get().state == "refused"
    assert [one.number for one in signed_versions(again(year))] == [1]
    assert broken() == {}


def test_of_a_late_refusal_and_the_renewal_one_comes_first(market):
    year = factories.agreement(market, **SUBSCRIPTION, renewal=AUTOMATIC)
    clock.move_to(NOTICE_BY, running=False)
    outcomes = at_once(lambda: refuse_renewal(actor=market.buyer, agreement=year.public_id), attend_renewals)
    # A sweep passes over an agreement that another transaction has.
    attend_renewals()
    states = list(Renewal.objects.order_by("pk").values_list("state", "turn"))
    # What comes after the renewal refuses the next one, which is then the one that stands.
    assert (outcomes, states) in (
        (["RenewalOver", "done"], [("renewed", 1), ("standing", 2)]),
        (["done", "done"], [("renewed", 1), ("refused", 2)]),
    )
    assert [one.number for one in signed_versions(again(year))] == [1, 2]
    assert broken() == {}
