"""Two transactions at once: of two moves one wins, and nobody slips past a suspension."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial

import pytest
from django.db import connection, transaction

from contracts import services
from contracts.models import Adjustment, Agreement, Dispute, Instrument, Negotiation, Signature
from marketplace.kernel.invariants import verify_all
from marketplace.participants import services as participants
from marketplace.participants.models import Suspension

from . import factories, mandates

WAIT_SECONDS = 0.3
JOIN_SECONDS = 20


@pytest.fixture
def market(committed_database) -> factories.Market:
    """A market in a database of its own."""
    return factories.market()


def at_once(*attempts: Callable[[], object]) -> list[str]:
    """What became of each attempt, begun together: ``done`` or the name of the refusal, sorted."""
    outcomes: list[str] = []
    barrier = threading.Barrier(len(attempts))

    def run(attempt: Callable[[], object]) -> None:
        try:
            barrier.wait()
            attempt()
            outcomes.append("done")
        except Exception as refusal:
            outcomes.append(type(refusal).__name__)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(attempt,)) for attempt in attempts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=JOIN_SECONDS)
    return sorted(outcomes)


def broken() -> dict[str, object]:
    return {name: found for name, found in verify_all("contracts").items() if found}


def test_two_signatures_of_one_party_are_one(market):
    negotiation = factories.requested(market).public_id
    outcomes = at_once(*[lambda: services.sign(actor=market.seller, negotiation=negotiation)] * 3)
    assert outcomes == ["IllegalTransition", "IllegalTransition", "done"]
    assert (Instrument.objects.count(), Signature.objects.count()) == (1, 1)
    outcomes = at_once(*[lambda: services.sign(actor=market.buyer, negotiation=negotiation)] * 3)
    assert outcomes == ["IllegalTransition", "IllegalTransition", "done"]
    assert (Agreement.objects.count(), Signature.objects.count()) == (1, 2)
    assert len(factories.events("agreement.concluded")) == 1
    assert broken() == {}


def test_two_signatures_within_one_mandate_never_exceed_its_total(market):
    desk = mandates.desk(market)
    mandates.mandated(market, desk, total_max_minor=150_000)
    signings = [
        (negotiation.public_id, mandates.signature(desk, negotiation))
        for negotiation in (factories.requested(market), factories.requested(market))
    ]
    outcomes = at_once(
        *[
            partial(services.submit_signature, actor=desk.actor, negotiation=negotiation, signature=signature)
            for negotiation, signature in signings
        ]
    )
    assert outcomes == ["OutsideMandate", "done"]
    assert Signature.objects.count() == 1
    assert broken() == {}


def test_of_a_signature_and_the_revocation_of_its_key_the_first_decides(market):
    desk = mandates.desk(market)
    mandates.mandated(market, desk)
    negotiation = factories.requested(market)
    signature = mandates.signature(desk, negotiation)
    outcomes = at_once(
        lambda: services.submit_signature(
            actor=desk.actor, negotiation=negotiation.public_id, signature=signature
        ),
        lambda: participants.revoke_key(actor=market.seller, key=desk.key.public_id, reason="lost"),
    )
    assert outcomes in (["done", "done"], ["KeyNotLive", "done"])
    assert Signature.objects.count() == (outcomes == ["done", "done"])
    assert broken() == {}


def test_of_a_signature_and_an_end_one_wins(market):
    negotiation = factories.agreed(market).public_id
    outcomes = at_once(
        lambda: services.sign(actor=market.buyer, negotiation=negotiation),
        lambda: services.terminate(
            actor=market.seller, negotiation=negotiation, reason_code="leak_feared", reason="漏えいのおそれ"
        ),
    )
    assert outcomes == ["IllegalTransition", "done"]
    state = Negotiation.objects.get().state
    assert Agreement.objects.count() == {"finalized": 1, "terminated": 0}[state]
    assert broken() == {}


def test_of_two_requests_under_one_reference_one_is_made(market):
    outcomes = at_once(
        *[lambda: services.request_negotiation(actor=market.buyer, listing=market.listing, reference="PO-1")]
        * 4
    )
    assert outcomes == ["ReferenceTaken"] * 3 + ["done"]
    assert Negotiation.objects.count() == 1
    assert broken() == {}


def test_a_suspension_waits_for_a_request_and_then_finds_it(market):
    suspended = threading.Event()

    def suspend() -> None:
        participants.suspend_participant(
            actor=market.operator, organisation=str(market.buyer.organisation), reason_code="x", reason="確認"
        )
        suspended.set()
        connection.close()

    thread = threading.Thread(target=suspend)
    with transaction.atomic():
        negotiation = factories.requested(market)
        thread.start()
        time.sleep(WAIT_SECONDS)
        assert not suspended.is_set(), "the suspension must wait for what is being written"
    thread.join(timeout=JOIN_SECONDS)
    told = {"organisation": str(market.buyer.organisation), "suspension": Suspension.objects.get().public_id}
    assert services.end_of_suspended(**told) == [negotiation.public_id]
    negotiation.refresh_from_db()
    assert negotiation.state == "terminated"


def test_corrections_at_once_do_not_pass_the_price(market):
    agreement = factories.agreement(market).public_id
    outcomes = at_once(
        *[
            lambda: services.adjust_price(
                actor=market.operator,
                agreement=agreement,
                debtor=str(market.seller.organisation),
                amount_minor=60_000,
                reason="訂正",
            )
        ]
        * 3
    )
    assert outcomes == ["PriceExceeded", "PriceExceeded", "done"]
    assert Adjustment.objects.count() == 1
    assert broken() == {}


def test_of_two_complaints_one_is_opened_and_of_two_rulings_one_counts(market):
    agreement = factories.agreement(market).public_id
    complain = {"actor": market.buyer, "agreement": agreement, "reason_code": "damaged", "text": "読めない"}
    assert at_once(*[lambda: services.open_dispute(**complain)] * 2) == ["DisputeAlreadyOpen", "done"]
    dispute = Dispute.objects.get()
    factories.ready(dispute, market.operator)

    def ruling(outcome: str) -> Callable[[], object]:
        return lambda: services.resolve_dispute(
            actor=market.operator, dispute=dispute.public_id, outcome=outcome, reason="確認"
        )

    assert at_once(ruling("refund"), ruling("redelivery")) == ["IllegalTransition", "done"]
    assert len(factories.events("dispute.resolved")) == 1
    assert broken() == {}


@pytest.mark.parametrize("terms", [{}, {"rights": {"exclusive": True}}])
def test_of_two_signers_of_whom_one_is_granted_exclusively_one_wins(market, terms):
    exclusive = factories.agreed(market, rights={"exclusive": True})
    other = services.request_negotiation(
        actor=market.stranger, listing=market.listing, reference="S-1", terms=terms or None
    )
    services.sign(actor=market.seller, negotiation=other.public_id)
    outcomes = at_once(
        lambda: services.sign(actor=market.buyer, negotiation=exclusive.public_id),
        lambda: services.sign(actor=market.stranger, negotiation=other.public_id),
    )
    assert outcomes in (["ExclusivelyGranted", "done"], ["GrantedToOthers", "done"])
    assert Agreement.objects.count() == 1
    assert broken() == {}
