"""Settlements: proposed with their consequences, accepted by the other side, carried out as agreed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from contracts import services
from contracts.disputing.consequences import words_of
from contracts.disputing.errors import NoSettlement, SettlementOpen
from contracts.disputing.models import Remedy, Settlement
from contracts.errors import ConsequencesChanged
from contracts.models import Adjustment, Agreement, Dispute
from marketplace.kernel import clock
from marketplace.kernel.errors import FieldInvalid, Forbidden, Missing
from tests.contracts import factories
from tests.contracts.conftest import market as market
from tests.contracts.refusals import refused
from tests.contracts.test_races import broken
from tests.participants import factories as participants
from tests.roles import assert_refused

pytestmark = pytest.mark.django_db


def propose(market, dispute, **changes):
    stated = {
        "actor": market.buyer,
        "dispute": dispute.public_id,
        "outcome": "reduction",
        "amount_minor": 20_000,
    }
    services.propose_settlement(**{**stated, **changes})
    return Settlement.objects.latest("pk")


def test_the_other_side_accepts_what_it_read(market):
    dispute = factories.dispute(market)
    row = propose(market, dispute, damages_minor=7_000)
    assert (row.consequences["tax_minor"], row.consequences["money"]) == (2_000, "reduced")
    words = words_of(row.consequences)
    assert "20,000" in words["ja"]
    assert "7,000" in words["en"]
    answer = {"dispute": dispute.public_id, "digest": row.digest}
    with refused(NoSettlement):
        services.accept_settlement(actor=market.buyer, **answer)
    with refused(Missing, kind="dispute"):
        services.accept_settlement(actor=market.stranger, **answer)
    with refused(ConsequencesChanged):
        services.accept_settlement(actor=market.seller, **{**answer, "digest": "0" * 64})
    with refused(SettlementOpen):
        services.propose_settlement(
            actor=market.seller, dispute=dispute.public_id, outcome="withdrawn", amount_minor=None
        )
    settled = services.accept_settlement(actor=market.seller, **answer)
    assert (settled.state, settled.outcome, settled.amount_minor) == ("settled", "reduction", 20_000)
    assert (Adjustment.objects.get().amount_minor, Remedy.objects.get().kind) == (20_000, "price_adjusted")
    assert broken() == {}


def test_nobody_accepts_for_one_side_what_it_proposed_for_the_other(market):
    dispute = factories.dispute(market)
    row = propose(market, dispute)
    same = replace(market.seller, identifier=market.buyer.identifier)
    with refused(Forbidden):
        services.accept_settlement(actor=same, dispute=dispute.public_id, digest=row.digest)
    assert_refused(
        lambda: Settlement.objects.filter(pk=row.pk).update(
            state="accepted", answered_by=row.proposed_by, closed_at=clock.now()
        ),
        because="the other side accepts a settlement",
    )


def test_a_settled_termination_ends_the_agreement(market):
    dispute = factories.dispute(market)
    row = propose(market, dispute, outcome="termination", amount_minor=None, actor=market.seller)
    services.accept_settlement(actor=market.buyer, dispute=dispute.public_id, digest=row.digest)
    assert Agreement.objects.get().termination_reason == "settled"
    assert {row.kind: row.done_at is not None for row in Remedy.objects.all()} == {
        "agreement_ended": True,
        "money_back": False,
    }
    assert broken() == {}


@pytest.mark.parametrize(
    "changes",
    [
        {"outcome": "dismissed", "amount_minor": None},
        {"outcome": "payment"},
        {"amount_minor": None},
        {"amount_minor": 0},
    ],
)
def test_what_cannot_be_agreed_is_named(market, changes):
    dispute = factories.dispute(market)
    with refused(FieldInvalid):
        propose(market, dispute, **changes)


def test_a_settlement_is_refused_lapses_or_is_dropped(market):
    dispute = factories.dispute(market)
    refusal = propose(market, dispute)
    services.refuse_settlement(actor=market.seller, dispute=dispute.public_id)
    silence = propose(market, dispute)
    clock.move_to(silence.respond_by, running=False)
    participants.keep_proved(market.seller.identifier)
    with refused(NoSettlement):
        services.accept_settlement(actor=market.seller, dispute=dispute.public_id, digest=silence.digest)
    assert (services.lapse_settlements(), services.lapse_settlements()) == (1, 0)
    participants.keep_proved(market.buyer.identifier)
    dropped = propose(market, dispute)
    services.withdraw_dispute(
        actor=factories.speaker(market.organisation("buyer")), dispute=dispute.public_id
    )
    states = [Settlement.objects.get(pk=row.pk).state for row in (refusal, silence, dropped)]
    assert (states, Dispute.objects.get().state) == (["refused", "lapsed", "dropped"], "withdrawn")
    assert broken() == {}
