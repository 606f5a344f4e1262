"""After an early end instalments of what was received are owed: one that is not paid in ends no other."""

from __future__ import annotations

import pytest

from clearing.models import Trade
from clearing.run.services.sweeping import carry_out_deadlines
from contracts.models import Agreement
from marketplace.events.models import OutboxEvent
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel import clock
from marketplace.kernel.invariants import REGISTER, verify_all
from tests.clearing import factories
from tests.contracts import factories as contracts
from tests.contracts.raw import run
from tests.roles import assert_refused, unguarded

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


def test_what_is_not_owed_after_a_failure_is_refused_and_named(market):
    factories.on_day(2027, 1, 4)
    first = instalments(market)
    factories.on_day(2027, 2, 4)
    carry_out_deadlines()
    factories.on_day(2027, 2, 28)
    carry_out_deadlines()
    second = factories.charges(first.agreement)[1]
    assert second.state == "failed"
    facts = {
        "public_id": "trd_raw",
        "business_key": "raw",
        "charge": 3,
        "state": "concluded",
        "ended_at": None,
    }
    fields = [row for row in Trade._meta.concrete_fields if row.name not in ("id", "gross_minor")]
    columns = [row.column for row in fields]
    values = ", ".join("%s" if name in facts else name for name in columns)
    made = (
        f"INSERT INTO clearing_trade ({', '.join(columns)}) SELECT {values} FROM clearing_trade WHERE id = %s"
    )
    given = [*(facts[name] for name in columns if name in facts), second.pk]
    assert_refused(lambda: run(made, *given), because="follows one that failed")
    with unguarded("clearing_trade"):
        run(made, *given)
    (named,) = REGISTER["clearing.owed_after_failure"].check()
    assert (named["agreement"], named["charge"]) == (first.agreement, 3)
