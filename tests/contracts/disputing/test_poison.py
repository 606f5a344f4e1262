"""A dispute that cannot be processed stands aside from its sweep; others go on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from contracts import services
from contracts.disputing.models import Settlement
from contracts.models import Dispute
from marketplace.kernel import clock
from tests.contracts import factories
from tests.contracts.conftest import market as market
from tests.poison import RUNS, aside, poisoned

pytestmark = pytest.mark.django_db


@pytest.fixture
def two(market) -> tuple[Dispute, Dispute]:
    return factories.dispute(market), factories.dispute(market)


def stands_aside(
    loop: str, table: str, stuck: int, subject: str, work: Callable[[], int], at: datetime
) -> None:
    clock.move_to(at, running=False)
    with poisoned(table, f"NEW.id = {stuck}"):
        assert sum(work() for _ in range(RUNS)) == 1
    assert aside(loop) == [subject]


def test_silence_of_a_dispute_holds_back_no_other(two):
    stuck, at = two[0], max(row.answer_by for row in two)
    stands_aside(
        "contracts.record_silences",
        "contracts_dispute",
        stuck.pk,
        stuck.public_id,
        services.record_silences,
        at,
    )


@pytest.mark.parametrize(
    ("loop", "work"),
    [
        ("contracts.remind_mediators", services.remind_mediators),
        ("contracts.escalate_disputes", services.escalate_disputes),
    ],
)
def test_a_dispute_that_nobody_can_be_told_of_holds_back_no_other(two, loop, work):
    stuck, at = two[0], max(row.decide_by for row in two)
    stands_aside(loop, "contracts_dispute", stuck.pk, stuck.public_id, work, at)


def test_a_proposal_that_cannot_lapse_holds_back_no_other(market, two):
    for row in two:
        services.propose_settlement(
            actor=market.buyer, dispute=row.public_id, outcome="reduction", amount_minor=20_000
        )
    stuck, other = Settlement.objects.order_by("pk")
    at = max(stuck.respond_by, other.respond_by)
    stands_aside(
        "contracts.lapse_settlements",
        "contracts_settlement",
        stuck.pk,
        stuck.public_id,
        services.lapse_settlements,
        at,
    )


def test_a_remedy_that_nobody_can_be_asked_for_holds_back_no_other(market, two):
    due = []
    for row in two:
        factories.resolve(row, market.operator, "refund")
        due.append(row.remedies.get())
    stands_aside(
        "contracts.escalate_remedies",
        "contracts_remedy",
        due[0].pk,
        two[0].public_id,
        services.escalate_remedies,
        max(row.due_by for row in due),
    )
