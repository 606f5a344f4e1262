"""Two transactions at once about a dispute: one wins, and the other is told."""

from __future__ import annotations

import pytest

from contracts import services
from contracts.models import Dispute, Settlement
from tests.contracts import factories
from tests.contracts.test_races import at_once, broken


@pytest.fixture
def market(committed_database) -> factories.Market:
    """A market in a database of its own."""
    return factories.market()


def test_of_a_settlement_a_decision_and_a_withdrawal_one_wins(market):
    for pair in ((0, 1), (1, 2), (0, 2)):
        dispute = factories.dispute(market)
        factories.ready(dispute, market.operator)
        services.propose_settlement(
            actor=market.buyer, dispute=dispute.public_id, outcome="reduction", amount_minor=500
        )
        row, buyer = Settlement.objects.latest("pk"), factories.speaker(market.organisation("buyer"))
        ends = (
            lambda row=row, dispute=dispute: services.accept_settlement(
                actor=market.seller, dispute=dispute.public_id, digest=row.digest
            ),
            lambda dispute=dispute: services.resolve_dispute(
                actor=market.operator, dispute=dispute.public_id, outcome="refund", reason="確認"
            ),
            lambda buyer=buyer, dispute=dispute: services.withdraw_dispute(
                actor=buyer, dispute=dispute.public_id
            ),
        )
        outcomes = at_once(*(ends[number] for number in pair))
        assert outcomes == ["IllegalTransition", "done"]
        dispute.refresh_from_db()
        row.refresh_from_db()
        assert (dispute.state == "settled") == (row.state == "accepted")
    assert len(factories.events("dispute.resolved")) == Dispute.objects.count() == 3
    assert broken() == {}
