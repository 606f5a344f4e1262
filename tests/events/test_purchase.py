"""What the events of one purchase cost: who handles them, and by how many statements."""

from __future__ import annotations

from collections import Counter
from typing import Any

import structlog
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contracts import services as contracts
from delivery.models import Entitlement
from marketplace.events.queries import all_handled
from marketplace.jobs.models import Job
from marketplace.jobs.runner import run_due
from marketplace.kernel.actors import SYSTEM
from marketplace.participants import services as participation
from tests.clearing import factories as clearing
from tests.delivery import factories as delivery
from tests.participants import factories as participants
from tests.rules import factories as rules

from .pipe import deliver_until

RULES = [
    rules.rule("PUB-01", "true", "allow", "publication"),
    rules.rule("CON-01", "true", "allow", "conclusion"),
]
STATEMENTS_MAX = {
    "clearing.handlers.on_agreement_concluded": 14,
    "contracts.handlers.on_trade_concluded": 4,
    "delivery.handlers.on_trade_secured": 16,
    "marketplace.notices.handlers.on_delivery_granted": 7,
    "marketplace.notices.handlers.on_negotiation_moved": 8,
    "marketplace.notices.handlers.on_trade_secured": 8,
    "marketplace.oversight.handlers.on_agreement_concluded": 16,
    "marketplace.oversight.handlers.on_negotiation_moved": 3,
}
"""Savepoints, and the one that marks the event handled, are counted; the beginning and end of transactions are not."""


class Counted:
    """Counts the statements of each handling, by the name that its log lines have too."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.statements: Counter[str] = Counter()

    def __call__(self, execute: Any, sql: str, parameters: Any, many: Any, context: Any) -> Any:
        """Count a statement and send it."""
        if handler := structlog.contextvars.get_contextvars().get("handling"):
            self.statements[handler] += 1
        return execute(sql, parameters, many, context)


def test_the_handlings_of_a_purchase_take_few_statements_and_its_mail_too(committed_database):
    market = clearing.market(clearing.RULEBOOK | {"rules": RULES})
    delivery.open_market()
    # They state nothing that is the same, or the surveillance opens a review.
    buyer, seller = (
        participants.organisation(name, address=f"東京都千代田区1-{number}", representative=f"代表 {name}")
        for number, name in enumerate(("buyer", "seller"))
    )
    participants.admit(buyer, delivery.SEGMENT, "buyer")
    participants.admit(seller, delivery.SEGMENT, "seller")
    market.parties.update(buyer=buyer, seller=seller)
    for party in (buyer, seller):
        participation.add_member(
            actor=SYSTEM,
            organisation=party.public_id,
            email=f"{party.pk}@example.jp",
            name="x",
            roles=("trader", "signatory"),
        )
    listing = delivery.listed(seller)
    clearing.state_supply(market, "seller", listing=listing)
    clearing.pay_in(market, "buyer", 10**9)
    actor = participants.actor_for(buyer, "app_buyer")
    negotiation = contracts.request_negotiation(actor=actor, listing=listing, reference="PO-1").public_id
    contracts.sign(actor=participants.signing_actor(seller), negotiation=negotiation)
    deliver_until(all_handled)
    run_due("mail")
    mail.outbox.clear()

    contracts.sign(actor=participants.signing_actor(buyer), negotiation=negotiation)
    counted = Counted()
    with connection.execute_wrapper(counted):
        deliver_until(all_handled)

    assert Entitlement.objects.get().state == "started"
    assert counted.statements.keys() == STATEMENTS_MAX.keys()
    assert {
        handler: count for handler, count in counted.statements.items() if count > STATEMENTS_MAX[handler]
    } == {}
    # Both are told of the agreement, the seller of the money, the buyer of the access.
    assert Job.objects.filter(queue="mail", state="queued").count() == 4
    with CaptureQueriesContext(connection) as sending:
        assert run_due("mail") == 4
    assert len(mail.outbox) == 4
    # Each mail and its end; whose turn it is, start and end of all four, and the look for
    # more, with BEGIN and COMMIT.
    assert len(sending) == 4 * 2 + 1 + 4 + 1 + 3
