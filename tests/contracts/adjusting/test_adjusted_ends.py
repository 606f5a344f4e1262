"""An early end divides the price of a period as its clauses have adjusted it: what was paid, and nothing else."""

from __future__ import annotations

import pytest
from psycopg.types.json import Jsonb

from contracts.ending.consequences import digest_of_consequences, words_of
from contracts.ending.models import Ending
from contracts.ending.queries import charge_left, consequences_shown
from contracts.models import Adjustment
from contracts.services import accept_ending, carry_out_endings, end_early
from marketplace.kernel import clock
from marketplace.kernel.invariants import REGISTER
from tests.clearing.trades.test_charged_as_signed import concluded, market
from tests.contracts import factories
from tests.contracts.raw import copied, refused
from tests.roles import unguarded

from .test_fired import INDEX, begun, enter

pytestmark = pytest.mark.django_db
__all__ = ["market"]
ASKED = {"ground": "mutual", "refund": "pro_rata"}


def monthly(market):
    return concluded(
        market,
        price_minor=10_000,
        charging={"kind": "subscription", "charges": 12, "adjustments": [INDEX]},
        rights={"duration": "P2Y"},
    )


def shown(agreement):
    return consequences_shown(agreement, last_day=clock.today(), **ASKED)


def end_today(market, agreement) -> Ending:
    digest = digest_of_consequences(shown(agreement))
    told = {"agreement": agreement.public_id, "ground": "mutual", "refund": "pro_rata"}
    ending = end_early(actor=market.seller, last_day=clock.today(), digest=digest, **told)
    return accept_ending(actor=market.buyer, ending=ending.public_id, digest=digest)


def carry_out(ending: Ending) -> int:
    clock.move_to(ending.access_until, running=False)
    assert carry_out_endings() == 1
    factories.check_deferred()
    return Adjustment.objects.get(reason_code="ended_early").amount_minor


def breaches() -> list[dict]:
    return REGISTER["contracts.ended_as_shown"].check()


@pytest.mark.parametrize(("value_milli", "price"), [(110_000, 11_000), (50_000, 9_000)])
def test_what_is_divided_is_the_price_as_it_was_adjusted(market, value_milli, price):
    enter(market, value_milli)
    agreement = monthly(market)
    begun(agreement)
    found = shown(agreement)
    days, unused = found["period"]["days"], found["period"]["unused_days"]
    assert (found["refund_minor"], found["adjusted_minor"]) == (price * unused // days, price - 10_000)
    assert found["refund_minor"] + found["kept_minor"] == price
    assert "as clauses of the contract have adjusted it" in words_of(found)["en"]
    assert charge_left(agreement, 1, adjusted=True) == price
    assert carry_out(end_today(market, agreement)) == found["refund_minor"]
    assert breaches() == []


@pytest.mark.parametrize(("value_milli", "price"), [(110_000, 11_000), (50_000, 9_000)])
def test_a_clause_that_fires_after_the_end_was_shown_counts_when_it_is_carried_out(
    market, value_milli, price
):
    agreement = monthly(market)
    ending = end_today(market, agreement)
    assert ending.consequences["adjusted_minor"] == 0
    enter(market, value_milli)
    begun(agreement)
    period = ending.consequences["period"]
    assert carry_out(ending) == price * period["unused_days"] // period["days"] != ending.refund_minor
    assert breaches() == []
    with unguarded("contracts_adjustment"):
        Adjustment.objects.filter(reason_code="ended_early").update(amount_minor=1)
    assert [row["public_id"] for row in breaches()] == [ending.public_id]


def test_the_whole_of_what_was_paid_in_addition_comes_back(market):
    """An agreement that ends on the day on which it began returns more than was signed: the price with what the index added."""
    enter(market, 110_000)
    agreement = monthly(market)
    begun(agreement)
    ending = end_today(market, agreement)
    with unguarded("contracts_ending"):
        whole = {**ending.consequences, "refund_minor": 11_000, "kept_minor": 0}
        whole["period"] = {**whole["period"], "unused_days": whole["period"]["days"]}
        Ending.objects.filter(pk=ending.pk).update(refund_minor=11_000, consequences=whole)
    assert carry_out(ending) == 11_000
    assert breaches() == []


def test_the_database_takes_no_other_adjustment_than_the_clauses_made(market):
    enter(market, 110_000)
    agreement = monthly(market)
    begun(agreement)
    digest = digest_of_consequences(shown(agreement))
    told = {"agreement": agreement.public_id, "ground": "mutual", "refund": "pro_rata"}
    row = end_early(actor=market.seller, last_day=clock.today(), digest=digest, **told)
    lying = Jsonb({**row.consequences, "adjusted_minor": 0})
    statement, parameters = copied(
        "contracts_ending", row.pk, public_id="end_raw", proposed_at=clock.now(), consequences=lying
    )
    refused("as its clauses have adjusted it", statement, *parameters)
