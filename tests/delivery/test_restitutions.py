"""Access that was closed for no act of its buyer is given back, once, and not beyond what was signed."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection

from delivery import services
from delivery.errors import AccessSuspended
from delivery.models import Restitution
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.invariants import verify_all
from marketplace.notices.models import Notice, Task
from marketplace.participants.services import suspend_participant
from tests.contracts import factories as trading
from tests.contracts.standing.test_halt_time import halt, later, lift
from tests.participants import factories as participants
from tests.roles import assert_refused, unguarded

from . import factories
from .conftest import TUESDAY, told

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
MONTH = {**factories.RIGHTS, "duration": "P1M"}
DATED = {**factories.RIGHTS, "valid_until": "2037-12-04"}
LAST_DAY = datetime(2037, 12, 5, tzinfo=ZoneInfo("Asia/Tokyo"))


@pytest.fixture
def month(tuesday) -> factories.Granted:
    """A delivery whose term is a month."""
    return factories.granted(rights=MONTH)


def suspend(granted) -> None:
    services.suspend_access(
        actor=factories.operator_actor(), entitlement=granted.entitlement, reason="Looked into."
    )


def resume(granted) -> None:
    factories.resume_access(granted.entitlement)


def resolve(granted, dispute: str, outcome: str, mediator: str = "usr_operator") -> None:
    trading.resolve(dispute, factories.operator_actor(mediator), outcome=outcome, reason="Looked into.")
    services.apply_dispute_outcome(actor=SYSTEM, dispute=dispute, outcome=outcome)


def losses(granted) -> list[tuple[str, timedelta]]:
    rows = Restitution.objects.filter(entitlement__public_id=granted.entitlement).order_by("pk")
    return [(row.cause, row.lost_until - row.lost_from) for row in rows]


def faults() -> list[dict[str, object]]:
    return verify_all()["delivery.lost_access_given_back"]


def test_what_a_suspension_took_is_given_back_and_told(month):
    end = month.row.expires_at
    suspend(month)
    (task,) = Task.objects.filter(subject=month.entitlement, kind="release")
    assert (task.deadline, "当番" in task.title["ja"]) == (TUESDAY + DAY, True)
    later(40)
    assert services.expire_access() == 0
    with pytest.raises(AccessSuspended):
        month.fetch()
    resume(month)
    assert month.row.expires_at == end + 40 * DAY
    month.fetch()
    assert losses(month) == [("suspension", 40 * DAY)]
    (event,) = told("delivery.restored")
    assert (event["cause"], event["expires_at"]) == ("suspension", (end + 40 * DAY).isoformat())
    (record,) = EvidenceRecord.objects.filter(kind="delivery.restored")
    assert record.payload["expires_at"] == event["expires_at"]
    for title in ("Access is suspended", "Lost access is given back", "Access is open again"):
        rows = Notice.objects.filter(subject=month.entitlement, title__en__startswith=title)
        assert set(rows.values_list("organisation", flat=True)) == {month.buyer.pk, month.seller.pk}
    task.refresh_from_db()
    assert task.state == "done"
    clock.move_to(end + 40 * DAY, running=False)
    assert services.expire_access() == 1
    assert faults() == []


def test_the_last_day_that_was_signed_is_not_passed(tuesday):
    dated = factories.granted(rights=DATED)
    assert (dated.row.expires_at, dated.row.expires_latest) == (LAST_DAY, LAST_DAY)
    suspend(dated)
    later(1)
    resume(dated)
    assert (dated.row.expires_at, losses(dated)) == (LAST_DAY, [("suspension", DAY)])
    both = factories.granted(rights={**DATED, "duration": "P2D"}, buyer=dated.buyer, seller=dated.seller)
    suspend(both)
    later(9)
    resume(both)
    assert both.row.expires_at == LAST_DAY
    assert faults() == []


def test_no_inspection_ends_while_access_is_suspended(matched):
    due = matched.inspection.inspect_by
    suspend(matched)
    clock.move_to(due + DAY, running=False)
    assert services.lapse_inspections() == 0
    resume(matched)
    assert matched.inspection.inspect_by == due + (due + DAY - TUESDAY)
    assert services.lapse_inspections() == 0
    clock.move_to(matched.inspection.inspect_by, running=False)
    assert services.lapse_inspections() == 1


def test_what_a_halt_and_a_suspension_took_together_counts_once(matched):
    due = matched.inspection.inspect_by
    halted = halt("market")
    later(1)
    suspend(matched)
    later(1)
    lift(halted)
    later(1)
    resume(matched)
    services.give_back_halts()
    assert matched.inspection.inspect_by == due + 3 * DAY


def test_unused_access_does_not_end_over_a_suspension_or_a_halt(granted):
    later(20)
    suspend(granted)
    later(20)
    resume(granted)
    halted = halt("market")
    later(20)
    assert services.end_uncollected() == 0
    lift(halted)
    later(9.5)
    assert services.end_uncollected() == 0
    later(1)
    assert services.end_uncollected() == 1


def test_a_won_dispute_gives_back_what_it_took_and_a_lost_one_nothing(month):
    end = month.row.expires_at
    month.receive()
    dispute = month.dispute()
    later(40)
    assert services.expire_access() == 0
    resolve(month, dispute, "redelivery")
    assert (month.row.expires_at, losses(month)) == (end + 40 * DAY, [("dispute", 40 * DAY)])
    month.receive()
    dispute = month.dispute()
    later(1)
    resolve(month, dispute, "dismissed", mediator="usr_other")
    assert (month.row.expires_at, len(losses(month))) == (end + 40 * DAY, 1)
    assert faults() == []


def test_a_suspension_during_a_dispute_is_given_back_once(month):
    end = month.row.expires_at
    month.receive()
    dispute = month.dispute()
    later(1)
    suspend(month)
    later(1)
    resume(month)
    later(1)
    resolve(month, dispute, "redelivery")
    assert losses(month) == [("suspension", DAY), ("dispute", DAY), ("dispute", DAY)]
    assert month.row.expires_at == end + 3 * DAY


@pytest.mark.parametrize("kind", ["breach", "attachment", "insolvency", "sanctions"])
def test_access_goes_on_while_a_party_is_suspended_or_trading_is_halted(month, kind):
    end = month.row.expires_at
    halted = halt("listing", month.row.listing)
    month.fetch()
    lift(halted)
    for party in (month.seller, month.buyer):
        suspend_participant(
            actor=factories.operator_actor(),
            organisation=party.public_id,
            kind=kind,
            reason_code="looked_into",
            reason="Looked into.",
            reference="1",
        )
        month.fetch()
    assert (month.row.expires_at, losses(month)) == (end, [])


def test_both_read_what_was_given_back(month):
    suspend(month)
    later(2)
    resume(month)
    for party in (month.buyer, month.seller):
        shown = participants.client_of(party).get(f"/api/v1/deliveries/{month.entitlement}/").json()
        assert [row["cause"] for row in shown["restitutions"]] == ["suspension"]


def attack(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def insert(cause: str, since: str, until: str, moved: str) -> str:
    return (
        "INSERT INTO delivery_restitution (public_id, entitlement_id, cause, reference, lost_from, lost_until,"
        f" expires_before, expires_at, given_at) SELECT 'rtn_x', id, '{cause}', public_id, {since}, {until}, expires_at,"
        f" expires_at + {moved}, public.business_now() FROM delivery_entitlement"
    )


def test_the_agreement_permits_use_for_as_long_as_access_was_given_back(month):
    end, buyer = month.row.expires_at, participants.client_of(month.buyer)

    def outcome(at: datetime) -> str:
        asked = {"purpose": "commercial", "region": "JP", "at": at.isoformat()}
        return buyer.get(f"/api/v1/agreements/{month.agreement}/permitted-use/", asked).json()["outcome"]

    second = timedelta(seconds=1)
    assert (outcome(end - second), outcome(end)) == ("permitted", "not_permitted")
    suspend(month)
    later(4)
    resume(month)
    assert month.row.expires_at == end + 4 * DAY
    assert (outcome(end), outcome(end + 4 * DAY - second)) == ("permitted", "permitted")
    assert outcome(end + 4 * DAY) == "not_permitted"


def test_the_agreement_permits_no_use_after_a_day_that_was_signed(tuesday):
    dated = factories.granted(rights=DATED)
    suspend(dated)
    later(1)
    resume(dated)
    assert losses(dated) == [("suspension", DAY)]
    path, buyer = f"/api/v1/agreements/{dated.agreement}/permitted-use/", participants.client_of(dated.buyer)
    for at, outcome in ((LAST_DAY - timedelta(seconds=1), "permitted"), (LAST_DAY, "not_permitted")):
        asked = {"purpose": "commercial", "region": "JP", "at": at.isoformat()}
        assert buyer.get(path, asked).json()["outcome"] == outcome


def test_the_database_gives_back_what_was_lost_and_nothing_else(month):
    def refused(statement: str, because: str) -> None:
        assert_refused(lambda: attack(statement), because=because)

    now, day = "public.business_now()", "interval '1 day'"
    refused(
        "UPDATE delivery_entitlement SET expires_at = expires_at + interval '1 day'", "and by nothing else"
    )
    later(2)
    refused(insert("suspension", f"{now} - {day}", now, day), "nothing was lost then")
    refused(insert("dispute", f"{now} - {day}", now, day), "nothing was lost then")
    suspend(month)
    refused(
        "UPDATE delivery_entitlement SET suspended_at = suspended_at - interval '1 day'",
        "suspended from now on",
    )
    later(2)
    refused(insert("suspension", f"{now} - {day} * 3", now, f"{day} * 3"), "nothing was lost then")
    refused(insert("suspension", f"{now} - {day}", f"{now} + {day}", f"{day} * 2"), "not that of the clock")
    refused(insert("suspension", f"{now} - {day}", now, f"{day} * 2"), "moves by what was lost")
    reopen = "UPDATE delivery_entitlement SET state = 'started', suspended_at = NULL, suspension_reason = ''"
    refused(reopen, "with what its suspension took")
    resume(month)
    refused("UPDATE delivery_restitution SET lost_until = lost_until + interval '1 day'", "append-only")
    suspend(month)
    refused(insert("suspension", f"{now} - {day}", now, day), "nothing was lost then")
    assert len(losses(month)) == 1


def test_the_database_gives_no_moment_back_twice(month):
    def refused(since: str, until: str) -> None:
        again = insert("suspension", since, until, f"({until} - ({since}))")
        assert_refused(lambda: attack(again), because="no moment is given back twice")

    suspend(month)
    later(3)
    now, day = "public.business_now()", "interval '1 day'"
    attack(insert("suspension", f"{now} - {day} * 2", f"{now} - {day}", day))
    for since, until in ((2, 1), (3, 0), (3, 1.5), (1.5, 0), (1.6, 1.4)):
        refused(f"{now} - {day} * {since}", f"{now} - {day} * {until}")
    assert losses(month) == [("suspension", DAY)]


def test_the_database_gives_back_access_only_while_it_goes_on(month):
    def refused(since: str) -> None:
        statement = insert("suspension", since, "public.business_now()", "interval '0'")
        assert_refused(lambda: attack(statement), because="only access that goes on is given back")

    suspend(month)
    later(1)
    refused("granted_at - interval '1 second'")
    services.withdraw_access(actor=SYSTEM, trade=month.trade, reason_code="refunded")
    refused("suspended_at")
    assert losses(month) == []


def test_the_database_ends_nothing_that_stands_still(month):
    def refused(statement: str, because: str) -> None:
        assert_refused(lambda: attack(statement), because=because)

    ended = "ended_at = public.business_now(), ended_reason = 'expired'"
    month.receive()
    suspend(month)
    later(40)
    refused(
        "UPDATE delivery_inspection SET state = 'accepted', accepted_by = 'lapse', accepted_at = public.business_now()",
        "while access is suspended",
    )
    resume(month)
    month.dispute()
    later(40)
    refused(
        f"UPDATE delivery_entitlement SET state = 'completed', {ended}", "while a dispute keeps access closed"
    )
    refused("UPDATE delivery_inspection SET state = 'repeated'", "with what its dispute took")


def test_no_term_ends_before_its_end(month):
    assert_refused(
        lambda: attack(
            "UPDATE delivery_entitlement SET state = 'completed', ended_at = public.business_now(), ended_reason = 'expired'"
        ),
        because="entitlement_completed_after_term",
    )


def test_a_wrong_restitution_is_named(month):
    suspend(month)
    later(2)
    resume(month)
    assert faults() == []
    with unguarded("delivery_entitlement"):
        attack("UPDATE delivery_entitlement SET expires_at = expires_at + interval '1 day'")
    assert [row["fault"] for row in faults()] == ["term"]
    with unguarded("delivery_entitlement"):
        attack("UPDATE delivery_entitlement SET expires_at = expires_at - interval '1 day'")
    with unguarded("delivery_restitution"):
        attack("UPDATE delivery_restitution SET lost_from = lost_from + interval '1 day'")
    assert sorted(str(row["fault"]) for row in faults()) == ["moved", "not given back"]
    with unguarded("delivery_restitution"):
        attack("UPDATE delivery_restitution SET lost_from = lost_from - interval '1 day'")
    assert faults() == []


def test_what_is_given_back_twice_is_named(month):
    suspend(month)
    later(2)
    resume(month)
    tables = ("delivery_restitution", "delivery_entitlement")
    with unguarded(*tables):
        attack(
            insert(
                "suspension",
                "public.business_now() - interval '1 day'",
                "public.business_now()",
                "interval '1 day'",
            )
        )
        attack("UPDATE delivery_entitlement SET expires_at = expires_at + interval '1 day'")
    assert [row["fault"] for row in faults()] == ["twice"]
    with unguarded(*tables):
        attack("DELETE FROM delivery_restitution WHERE public_id = 'rtn_x'")
        attack("UPDATE delivery_entitlement SET expires_at = expires_at - interval '1 day'")
    assert faults() == []


def test_a_won_dispute_that_is_not_given_back_is_named(month):
    month.receive()
    dispute = month.dispute()
    later(2)
    resolve(month, dispute, "redelivery")
    assert faults() == []
    with unguarded("delivery_restitution"):
        attack("DELETE FROM delivery_restitution")
    assert faults() == [{"public_id": month.entitlement, "fault": "not given back"}]


def test_a_suspension_in_silence_is_named(month):
    suspend(month)
    assert verify_all()["delivery.suspensions_are_looked_at"] == []
    with unguarded("notices_task"):
        attack("UPDATE notices_task SET state = 'done', closed_at = opened_at WHERE kind = 'release'")
    assert verify_all()["delivery.suspensions_are_looked_at"] == [{"public_id": month.entitlement}]
