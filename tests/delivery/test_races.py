"""Two transactions at once: of acceptance, dispute, lapse and refund exactly one wins."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection, transaction

from contracts.models import Agreement
from delivery import services
from delivery.models import Download, Entitlement, Inspection, Restitution, Voucher
from marketplace.events.schemas.clearing import TradeSecured
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.identifiers import new_identifier
from marketplace.kernel.invariants import verify_all

from . import factories
from .conftest import TUESDAY, told
from .test_ends import notice
from .test_restitutions import MONTH
from .test_uses import sending

WAIT_SECONDS = 0.4
JOIN_SECONDS = 20


@pytest.fixture
def matched(committed_database):
    """A committed delivery under inspection, on a Tuesday."""
    clock.move_to(TUESDAY, running=False)
    granted = factories.granted()
    granted.receive()
    return granted


def attempt(work: Callable[[], object], outcomes: list[str]) -> threading.Thread:
    """Do ``work`` in another thread and note what came of it."""

    def run() -> None:
        try:
            outcomes.append(str(work()))
        except Exception as refusal:
            outcomes.append(type(refusal).__name__)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def broken() -> dict[str, list[dict[str, object]]]:
    """Invariants that do not hold, with their breaches."""
    return {name: breaches for name, breaches in verify_all("delivery").items() if breaches}


def verbs(granted) -> dict[str, Callable[[], object]]:
    """What can happen to a delivery, each returning a short word."""
    actor, entitlement = granted.buyer_actor, granted.entitlement
    return {
        "accept": lambda: services.accept_delivery(actor=actor, entitlement=entitlement) and "accepted",
        "dispute": lambda: granted.dispute() and "disputed",
        "refund": lambda: (
            services.withdraw_access(actor=SYSTEM, trade=granted.trade, reason_code="refunded") and "undone"
        ),
        "lapse": services.lapse_inspections,
    }


def wins(granted, first: str, second: str) -> tuple[str, list[str]]:
    """Begin ``first``, begin ``second`` while it is uncommitted, commit: the state, and what came of the second."""
    outcomes: list[str] = []
    with transaction.atomic():
        verbs(granted)[first]()
        thread = attempt(verbs(granted)[second], outcomes)
        time.sleep(WAIT_SECONDS)
        if second != "lapse":
            assert outcomes == [], "the second must wait for the first transaction"
    thread.join(timeout=JOIN_SECONDS)
    return str(granted.inspection.state), outcomes


@pytest.mark.parametrize(
    ("first", "second", "state", "outcome"),
    [
        ("accept", "dispute", "accepted", "InspectionOver"),
        ("dispute", "accept", "disputed", "UnderDispute"),
        ("accept", "accept", "accepted", "InspectionOver"),
        ("dispute", "dispute", "disputed", "UnderDispute"),
        ("refund", "accept", "undone", "InspectionOver"),
        ("refund", "dispute", "undone", "InspectionOver"),
    ],
)
def test_the_second_waits_and_is_refused(matched, first, second, state, outcome):
    assert wins(matched, first, second) == (state, [outcome])
    assert len(told("delivery.accepted")) == (1 if state == "accepted" else 0)
    assert len(told("dispute.opened")) == (1 if state == "disputed" else 0)
    assert broken() == {}


@pytest.mark.parametrize(
    ("first", "second", "outcome"),
    [("lapse", "accept", "InspectionOver"), ("accept", "lapse", "0"), ("lapse", "lapse", "0")],
)
def test_of_silence_and_acceptance_one_wins(matched, first, second, outcome):
    clock.move_to(matched.inspection.inspect_by, running=False)
    assert wins(matched, first, second) == ("accepted", [outcome])
    assert [event["by"] for event in told("delivery.accepted")] == ["lapse" if first == "lapse" else "buyer"]
    assert services.lapse_inspections() == 0


def test_a_dispute_under_way_keeps_silence_from_accepting(matched):
    outcomes: list[str] = []
    with transaction.atomic():
        matched.dispute()
        clock_moved = attempt(lambda: clock.move_to(matched.inspection.inspect_by, running=False), outcomes)
        clock_moved.join(timeout=JOIN_SECONDS)
        thread = attempt(services.lapse_inspections, outcomes)
        thread.join(timeout=JOIN_SECONDS)
    assert outcomes == ["None", "0"]
    assert services.lapse_inspections() == 0
    assert matched.inspection.state == "disputed"


def resume(granted) -> str:
    return str(factories.resume_access(granted.entitlement).state)


def suspended_for_a_day(granted) -> None:
    operator = factories.operator_actor()
    services.suspend_access(actor=operator, entitlement=granted.entitlement, reason="Looked into.")
    clock.move_to(clock.now() + timedelta(days=1), running=False)


def test_of_two_that_resume_access_one_gives_back_what_was_lost(matched):
    suspended_for_a_day(matched)
    outcomes: list[str] = []
    with transaction.atomic():
        resume(matched)
        thread = attempt(lambda: resume(matched), outcomes)
        time.sleep(WAIT_SECONDS)
        assert outcomes == [], "the second must wait for the first transaction"
    thread.join(timeout=JOIN_SECONDS)
    assert (matched.row.state, outcomes) == ("started", ["IllegalTransition"])
    assert Restitution.objects.count() == 1
    assert broken() == {}


@pytest.mark.parametrize("ends_first", [True, False])
def test_access_that_ends_while_it_is_resumed_comes_to_one_end(matched, ends_first):
    suspended_for_a_day(matched)

    def end() -> str:
        services.withdraw_access(actor=SYSTEM, trade=matched.trade, reason_code="refunded")
        return "ended"

    works = [end, lambda: resume(matched)] if ends_first else [lambda: resume(matched), end]
    outcomes: list[str] = []
    with transaction.atomic():
        works[0]()
        thread = attempt(works[1], outcomes)
        time.sleep(WAIT_SECONDS)
        assert outcomes == [], "the second must wait for the first transaction"
    thread.join(timeout=JOIN_SECONDS)
    assert (matched.row.state, outcomes) == ("terminated", ["IllegalTransition" if ends_first else "ended"])
    assert Restitution.objects.count() == (0 if ends_first else 1)
    assert broken() == {}


def test_many_at_once_come_to_one_outcome(matched):
    outcomes: list[str] = []
    work = verbs(matched)
    threads = [attempt(work[verb], outcomes) for verb in ("accept", "dispute", "accept", "dispute", "refund")]
    for thread in threads:
        thread.join(timeout=JOIN_SECONDS)
    state = matched.inspection.state
    # The refund comes through in any case; what was accepted before it stays accepted.
    assert state in ("accepted", "undone")
    assert outcomes.count("accepted") == (1 if state == "accepted" else 0)
    assert len(told("delivery.accepted")) == (1 if state == "accepted" else 0)
    assert Entitlement.objects.get().state == "terminated"
    assert broken() == {}


def test_one_event_handled_twice_at_once_grants_once(committed_database):
    factories.open_market()
    granted = factories.granted()
    agreement = factories.agreed(
        granted.buyer, granted.seller, factories.listed(granted.seller, (b"x,y\n1,2\n",))
    )
    event, identifier = factories.secured(agreement)
    outcomes: list[str] = []
    threads = [attempt(lambda: factories.handle_secured(event, identifier), outcomes) for _ in range(3)]
    for thread in threads:
        thread.join(timeout=JOIN_SECONDS)
    # Whoever comes second fails as a whole, is retried, and then finds what the first one made.
    assert set(outcomes) <= {"None", "IntegrityError"}
    assert "None" in outcomes
    factories.handle_secured(event, identifier)
    assert Entitlement.objects.filter(trade=event.trade).count() == 1
    assert len([row for row in told("delivery.granted") if row["trade"] == event.trade]) == 1


def granted_meanwhile(
    work: Callable[[factories.Granted, TradeSecured, str], object],
) -> tuple[str, list[str]]:
    """Begin the end of an agreement, do ``work`` with a secured trade of it while that is uncommitted, commit: what came of the work."""
    clock.move_to(TUESDAY, running=False)
    granted = factories.granted(rights=MONTH)
    event, identifier = factories.secured(Agreement.objects.get(public_id=granted.agreement))
    outcomes: list[str] = []
    with transaction.atomic():
        ending = notice(granted, clock.today() + timedelta(days=3))
        thread = attempt(lambda: work(granted, event, identifier), outcomes)
        time.sleep(WAIT_SECONDS)
        assert outcomes == [], "the grant must wait for the first transaction"
    thread.join(timeout=JOIN_SECONDS)
    rows = Entitlement.objects.filter(trade=event.trade)
    return outcomes, [row.closes_at == ending.access_until for row in rows]


def test_access_that_is_granted_while_an_ending_begins_closes_with_it(committed_database):
    def grant(granted, event, identifier):
        factories.handle_secured(event, identifier)

    assert granted_meanwhile(grant) == (["None"], [True])


def test_the_database_alone_keeps_access_from_missing_an_ending_that_begins(committed_database):
    """Access that is written past every service waits for the ending, and is refused."""

    def insert(granted, event, identifier):
        row = granted.row
        row.pk, row.public_id, row.trade, row.secured_event = (
            None, new_identifier("ent"), event.trade, identifier,
        )  # fmt: skip
        row.state, row._state.adding = "requested", True
        row.save()

    assert granted_meanwhile(insert) == (["IntegrityError"], [])


def test_the_last_two_receipts_at_once_begin_one_inspection(committed_database):
    granted = factories.granted(contents=(b"a,b\n1,2\n", b"c,d\n3,4\n"))
    hashes = [factories.sha256(granted.fetch(at)) for at in (0, 1)]
    outcomes: list[str] = []

    def report(at: int) -> str:
        voucher = services.report_receipt(
            actor=granted.buyer_actor,
            entitlement=granted.entitlement,
            distribution=granted.distributions[at],
            sha256=hashes[at],
        )
        return str(voucher.matched)

    threads = [attempt(lambda at=at: report(at), outcomes) for at in (0, 1, 0, 1)]
    for thread in threads:
        thread.join(timeout=JOIN_SECONDS)
    assert outcomes == ["True"] * 4
    assert Voucher.objects.count() == 2
    assert Inspection.objects.get().state == "running"
    assert len(told("delivery.matched")) == 1


def test_the_database_alone_keeps_a_download_from_beginning_under_a_suspension(matched):
    """A download written past every service waits for the suspension, and is refused."""
    outcomes: list[str] = []
    columns = {
        "entitlement_id": matched.row.pk,
        "inspection_id": matched.inspection.pk,
        "distribution_id": Download.objects.get().distribution_id,
        "requested_by": "app_raw",
        "length_bytes": 1,
        "started_at": TUESDAY,
    }
    with transaction.atomic():
        services.suspend_access(
            actor=factories.operator_actor(), entitlement=matched.entitlement, reason="Misuse was reported."
        )
        thread = attempt(lambda: Download.objects.create(**columns), outcomes)
        time.sleep(WAIT_SECONDS)
        assert outcomes == []
    thread.join(timeout=JOIN_SECONDS)
    assert outcomes == ["IntegrityError"]
    assert Download.objects.count() == 1


def test_the_database_alone_gives_the_last_use_once(committed_database):
    """Of two downloads written past every service, the second waits for the first, and is refused."""
    clock.move_to(TUESDAY, running=False)
    granted = factories.granted(rights={"contract_type": "licence", "use_count_max": 1})
    outcomes: list[str] = []
    with transaction.atomic():
        sending(granted)
        thread = attempt(lambda: sending(granted), outcomes)
        time.sleep(WAIT_SECONDS)
        assert outcomes == [], "the second must wait for the first transaction"
    thread.join(timeout=JOIN_SECONDS)
    assert (outcomes, Download.objects.count()) == (["IntegrityError"], 1)
    assert broken() == {}


def test_a_transfer_under_way_is_cut_by_a_suspension_elsewhere(matched):
    transmission = services.download(
        actor=matched.buyer_actor, entitlement=matched.entitlement, distribution=matched.distributions[0]
    )
    outcomes: list[str] = []
    attempt(
        lambda: (
            services.suspend_access(
                actor=factories.operator_actor(),
                entitlement=matched.entitlement,
                reason="Misuse was reported.",
            ).state
        ),
        outcomes,
    ).join(timeout=JOIN_SECONDS)
    assert outcomes == ["suspended"]
    refused: list[str] = []
    attempt(lambda: b"".join(transmission), refused).join(timeout=JOIN_SECONDS)
    transmission.close()
    assert refused == ["AccessSuspended"]
    assert sorted(Download.objects.values_list("state", flat=True)) == ["aborted", "sent"]
