"""Two transactions at once about the end of an agreement: one wins, and the other is told."""

from __future__ import annotations

import pytest

from contracts import services
from contracts.ending.consequences import digest_of_consequences
from contracts.ending.queries import consequences_shown
from contracts.models import Dispute, Ending
from marketplace.kernel import clock

from .. import factories
from ..test_races import at_once, broken


@pytest.fixture
def market(committed_database) -> factories.Market:
    """A market in a database of its own."""
    return factories.market()


def test_of_an_acceptance_and_a_withdrawal_one_wins(market):
    ending = factories.ending(market)
    outcomes = at_once(
        lambda: services.accept_ending(actor=market.seller, ending=ending.public_id, digest=ending.digest),
        lambda: services.withdraw_ending(actor=market.buyer, ending=ending.public_id),
    )
    assert outcomes == ["IllegalTransition", "done"]
    assert Ending.objects.get().state in ("scheduled", "withdrawn")
    assert broken() == {}


def test_of_two_ends_one_is_open(market):
    agreement = factories.agreement(market)
    asked = {"ground": "mutual", "last_day": clock.today(), "refund": "none"}
    digest = digest_of_consequences(consequences_shown(agreement, **asked))
    outcomes = at_once(
        *[
            lambda actor=actor: services.end_early(
                actor=actor, agreement=agreement.public_id, digest=digest, **asked
            )
            for actor in (market.buyer, market.seller)
        ]
    )
    assert (outcomes, Ending.objects.count()) == (["EndingOpen", "done"], 1)
    assert broken() == {}


def test_a_dispute_or_the_end_comes_first(market):
    ending = factories.ending(market)
    services.accept_ending(actor=market.seller, ending=ending.public_id, digest=ending.digest)
    clock.move_to(ending.access_until)
    agreement = ending.agreement
    outcomes = at_once(
        lambda: services.open_dispute(
            actor=market.buyer, agreement=agreement.public_id, reason_code="damaged", text="読めない"
        ),
        services.carry_out_endings,
    )
    agreement.refresh_from_db()
    if Dispute.objects.exists():
        assert (outcomes, agreement.state) == (["done", "done"], "in_force")
    else:
        assert (outcomes, agreement.state) == (["AgreementEnded", "done"], "terminated")
    assert broken() == {}


def test_an_agreement_is_terminated_once(market):
    ending = factories.ending(market)
    services.accept_ending(actor=market.seller, ending=ending.public_id, digest=ending.digest)
    clock.move_to(ending.access_until)
    assert at_once(*[services.carry_out_endings] * 3) == ["done"] * 3
    assert len(factories.events("agreement.terminated")) == 1
    assert broken() == {}
