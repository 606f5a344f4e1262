"""Agreements end with their rights of use, once, and both sides are told."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from contracts import services, tasks
from contracts.errors import AgreementEnded
from contracts.models import Agreement
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel import clock
from marketplace.notices.models import Notice
from tests.poison import RUNS, aside, poisoned, tasks_to_repair

from .. import factories
from ..raw import forced, run
from ..raw import refused as refused_by_database
from ..refusals import refused
from ..test_agreements import end
from ..test_invariants import breaches

JST = ZoneInfo("Asia/Tokyo")
CONCLUDED = datetime(2028, 12, 1, 10, tzinfo=JST)
ENDS = datetime(2029, 1, 2, tzinfo=JST)
"""P1M from 2028-12-01: the first day does not count, the last is 2029-01-01."""
MONTH = {"rights": {"duration": "P1M"}}


@pytest.fixture
def month(market) -> Agreement:
    """An agreement for a month."""
    clock.move_to(CONCLUDED, running=False)
    return factories.agreement(market, **MONTH)


def titles(agreement: Agreement) -> list[str]:
    """What the two parties were told about the agreement, in English, each text once per party."""
    rows = Notice.objects.filter(subject=agreement.public_id).order_by("pk")
    return [row.title["en"].partition(":")[0] for row in rows]


def test_an_agreement_states_when_it_ends(month, market):
    assert month.ends_at == ENDS
    endless = factories.agreement(market, rights={"duration": None})
    assert (endless.ends_at, endless.state) == (None, "in_force")


def test_both_are_told_once_before_and_once_after(month):
    clock.move_to(ENDS - timedelta(days=7, seconds=1), running=False)
    assert tasks.sweep() == 0
    clock.move_to(ENDS - timedelta(days=7), running=False)
    assert (tasks.sweep(), tasks.sweep()) == (1, 0)
    assert titles(month) == ["Rights of use end soon"] * 2
    clock.move_to(ENDS - timedelta(seconds=1), running=False)
    assert tasks.sweep() == 0
    clock.move_to(ENDS, running=False)
    assert (tasks.sweep(), tasks.sweep()) == (1, 0)
    month.refresh_from_db()
    assert (month.state, month.expired_at, month.terminated_at) == ("expired", ENDS, None)
    assert titles(month) == ["Rights of use end soon"] * 2 + ["The agreement has ended"] * 2
    assert factories.events("agreement.expired") == [
        {
            "agreement": month.public_id,
            "buyer": month.buyer_identifier,
            "seller": month.seller_identifier,
            "ends_at": month.ends_at.isoformat(),
        }
    ]
    assert EvidenceRecord.objects.get(kind="contracts.agreement_expired").subject == month.public_id


def test_an_agreement_without_a_term_stays_in_force(market):
    endless = factories.agreement(market, rights={"duration": None})
    clock.move_to(clock.now() + timedelta(days=3_000), running=False)
    services.expire_agreements()
    endless.refresh_from_db()
    assert endless.state == "in_force"


def test_what_has_expired_is_still_ended_by_its_refund(month, market):
    clock.move_to(ENDS, running=False)
    assert services.expire_agreements() == 1
    end(month)
    month.refresh_from_db()
    assert (month.state, month.termination_reason) == ("terminated", "refunded")
    with refused(AgreementEnded):
        services.adjust_price(
            actor=market.operator,
            agreement=month.public_id,
            debtor=month.seller_identifier,
            amount_minor=1,
            reason="遅すぎる",
        )


def test_given_back_access_moves_the_end_later_only(month):
    later = ENDS + timedelta(hours=5)
    assert services.move_end(agreement=month.public_id, ends_at=later)
    assert not services.move_end(agreement=month.public_id, ends_at=ENDS)
    clock.move_to(ENDS, running=False)
    assert services.expire_agreements() == 0
    clock.move_to(later, running=False)
    assert services.expire_agreements() == 1
    assert not services.move_end(agreement=month.public_id, ends_at=later + timedelta(days=1))
    assert breaches("ends_as_signed") == 0


def test_an_agreement_that_cannot_end_holds_back_no_other(month, market):
    other = factories.agreement(market, **MONTH)
    clock.move_to(ENDS, running=False)
    with poisoned("contracts_agreement", f"NEW.id = {month.pk}"):
        assert sum(services.expire_agreements() for _ in range(RUNS)) == 1
    other.refresh_from_db()
    assert other.state == "expired"
    assert aside("contracts.expire_agreements") == [month.public_id]
    assert month.public_id in tasks_to_repair()[0][0]


def test_an_end_that_cannot_be_announced_holds_back_no_other(month, market):
    other = factories.agreement(market, **MONTH)
    clock.move_to(ENDS - timedelta(days=1), running=False)
    with poisoned("contracts_agreement", f"NEW.id = {month.pk}"):
        assert sum(services.announce_ends() for _ in range(RUNS)) == 1
    assert aside("contracts.announce_ends") == [month.public_id]
    assert titles(other) == ["Rights of use end soon"] * 2


def test_a_sweep_that_cannot_even_set_a_row_aside_stands_aside_itself(month):
    clock.move_to(ENDS, running=False)
    with (
        poisoned("contracts_agreement", f"NEW.id = {month.pk}"),
        poisoned("kernel_asiderow", "NEW.loop = 'contracts.expire_agreements'"),
    ):
        for _ in range(RUNS):
            tasks.sweep()
        assert aside("contracts.sweep") == ["expire_agreements"]


def test_the_database_lets_no_agreement_expire_before_its_end(month):
    refused_by_database(
        "has not reached the end|after_its_end",
        "UPDATE contracts_agreement SET state = 'expired', expired_at = public.business_now()",
    )
    refused_by_database(
        "moves later only", "UPDATE contracts_agreement SET ends_at = ends_at - interval '1 day'"
    )
    refused_by_database("moves later only", "UPDATE contracts_agreement SET ends_at = NULL")
    run("UPDATE contracts_agreement SET ends_at = ends_at + interval '1 day'")
    refused_by_database("after_its_end", "UPDATE contracts_agreement SET expired_at = public.business_now()")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE contracts_agreement SET ends_at = NULL",
        "UPDATE contracts_agreement SET ends_at = ends_at - interval '1 second'",
    ],
)
def test_the_check_finds_an_end_that_nobody_signed(month, statement):
    assert breaches("ends_as_signed") == 0
    forced(statement)
    assert breaches("ends_as_signed") == 1


def test_the_end_never_passes_a_signed_last_day(market):
    clock.move_to(CONCLUDED, running=False)
    factories.agreement(market, rights={"valid_until": "2028-12-24", "duration": "P1M"})
    refused_by_database(
        "not past its signed last day",
        "UPDATE contracts_agreement SET ends_at = ends_at + interval '1 second'",
    )
