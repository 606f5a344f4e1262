"""After an early end instalments of what was received are owed: one that is not paid in ends no other."""

from __future__ import annotations

import pytest

from clearing.models import Trade
from clearing.run.services.sweeping import carry_out_deadlines
from contracts.models import Agreement
from marketplace.events.models import OutboxEvent
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel import clock
from marketplace.kernel.invariants import verify_all
from tests.clearing import factories
from tests.contracts import factories as contracts
from tests.roles import unguarded

from .test_charged_as_signed import concluded
from .test_ended_early import end_early

pytestmark = pytest.mark.django_db


def instalments(market) -> Trade:
    """The first of four instalments, of data that was accepted; both parties signed them."""
    made = contracts.market(operator=market.operator)
    factories.publish_rulebook({**factories.RULEBOOK, "rules": contracts.RULES["rules"]})
    market.parties |= {name: made.organisations[name] for name in ("buyer", "seller")}
    factories.pay_in(market, "buyer", 11_000)
    agreement = concluded(
        made, price_minor=40_000, charging={"kind": "instalment", "charges": 4}, rights={"duration": "P1Y"}
    )
    return factories.accept(Trade.objects.get(agreement=agreement.public_id))


def ended_by(trade: Trade, reason_code: str) -> None:
    """Contracts have terminated the agreement of a trade for a reason."""
    with unguarded("contracts_agreement"):
        Agreement.objects.filter(public_id=trade.agreement).update(
            state="terminated", terminated_at=clock.now(), termination_reason=reason_code
        )


@pytest.mark.parametrize(
    ("reason_code", "left"),
    [("mutual", ["failed", "accepted", "accepted"]), ("payment_failed", ["failed"])],
)
def test_an_instalment_that_is_not_paid_in_ends_no_other_after_an_early_end(market, reason_code, left):
    factories.on_day(2027, 1, 4)
    first = instalments(market)
    assert first.state == "accepted"
    ended_by(first, reason_code)
    if reason_code == "mutual":
        end_early(market, first, 0)
    factories.on_day(2027, 2, 4)
    carry_out_deadlines()
    factories.on_day(2027, 2, 28)
    carry_out_deadlines()
    assert factories.states(first.agreement) == ["accepted", "failed"]
    factories.pay_in(market, "buyer", 22_000)
    factories.on_day(2027, 4, 6)
    carry_out_deadlines()
    assert factories.states(first.agreement) == ["accepted", *left]
    unpaid = factories.charges(first.agreement)[1]
    (told,) = OutboxEvent.objects.filter(type="trade.failed").values_list("data", flat=True)
    record = EvidenceRecord.objects.get(kind="clearing.trade_failed", subject=unpaid.public_id).payload
    is_owed = reason_code == "mutual"
    assert told["reason_code"] == record["reason_code"] == ("owed_outside" if is_owed else "not_funded")
    assert record.get("owed_minor") == (11_000 if is_owed else None)
    assert {name: rows for name, rows in verify_all().items() if rows and name.startswith("clearing.")} == {}
