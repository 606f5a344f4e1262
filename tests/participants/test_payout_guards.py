"""The database takes no payout account that one person changed, or that has not waited."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import connection

from fixtures.sessions import open_session
from marketplace.kernel import clock
from marketplace.kernel.invariants import REGISTER
from marketplace.participants.models import Membership, PayoutAccountChange, RoleGrant, Session
from tests.roles import assert_refused, unguarded

from . import factories
from .accounts import OTHER_ACCOUNT, settled

pytestmark = pytest.mark.django_db

TABLE = "participants_payoutaccountchange"
FRIDAY = datetime(2026, 4, 24, 1, tzinfo=UTC)
COLUMNS = (
    "public_id, organisation_id, bank_code, branch_code, account_type, account_number, account_holder_kana,"
    " is_registered, state, proposed_by, proposed_at, lapses_on, confirmed_by, confirmed_at, usable_from, end_reason"
)
INSERT = (
    f"INSERT INTO {TABLE} ({COLUMNS}) VALUES ('pac_raw', %s, '0009', '001', 'ordinary', '7777777', 'ｻﾝﾎﾟ', %s, %s, %s,"
    " public.business_now(), %s, %s, %s, %s, '')"
)
CONFIRM = (
    f"UPDATE {TABLE} SET state = 'confirmed', confirmed_by = %s, confirmed_at = public.business_now(),"
    " usable_from = %s WHERE NOT is_registered"
)


def refused(match: str, statement: str, *parameters: object) -> None:
    connection.check_constraints()
    with connection.cursor() as cursor:
        assert_refused(lambda: cursor.execute(statement, parameters), because=match)


@pytest.fixture
def seller(db):
    factories.operator()
    clock.move_to(FRIDAY, running=False)
    return factories.organisation("売", payout_account=factories.PAYOUT_ACCOUNT)


@pytest.fixture
def people(seller):
    made = [factories.person_of(seller, role, [role]) for role in ("owner", "finance")]
    for person in made:
        open_session(person)
    settled(*made)
    return [person.public_id for person in made]


@pytest.fixture
def change(seller, people):
    return PayoutAccountChange.objects.create(
        organisation=seller,
        proposed_by=people[0],
        proposed_at=clock.now(),
        lapses_on="2026-05-08",
        **OTHER_ACCOUNT,
    )


def test_a_change_is_proposed_by_a_person_who_may(seller, people):
    trader = factories.person_of(seller, "trader", ["trader"])
    open_session(trader)
    for person in ("system", "app_1", trader.public_id, "usr_nobody"):
        refused(
            "no person of the organisation|confirmed_when",
            INSERT, seller.pk, False, "proposed", person, "2026-05-08", None, None, None,
        )  # fmt: skip
    Session.objects.update(proved_at="2020-01-01T00:00:00Z")
    refused(
        "no person of the organisation",
        INSERT, seller.pk, False, "proposed", people[0], "2026-05-08", None, None, None,
    )  # fmt: skip


def test_no_account_is_in_use_without_a_proposal(seller, people):
    for registered, why in ((True, "registered together"), (False, "begins as a proposal|confirmed_when")):
        refused(
            why,
            INSERT, seller.pk, registered, "confirmed", people[0], None, None, None, "2026-04-24",
        )  # fmt: skip
    assert PayoutAccountChange.objects.count() == 1


def test_one_person_and_strangers_confirm_no_account(seller, people, change):
    stranger = factories.person_of(factories.organisation("他"), "stranger", ["owner"])
    staff = factories.person_of(factories.Organisation.objects.get(is_operator=True), "staff", ["admission"])
    for person in (stranger, staff):
        open_session(person)
    for person in (people[0], stranger.public_id, staff.public_id, "usr_nobody", "system"):
        refused("no second person|two_people", CONFIRM, person, "2026-05-07")
    Session.objects.update(proved_at="2020-01-01T00:00:00Z")
    refused("no second person", CONFIRM, people[1], "2026-05-07")
    refused(
        "staff confirm",
        f"UPDATE {TABLE} SET reviewed_by = %s, reviewed_at = public.business_now() WHERE NOT is_registered",
        staff.public_id,
    )


def test_who_is_new_or_whose_first_is_gone_confirms_no_account(seller, people, change):
    new = factories.person_of(seller, "new", ["finance"])
    open_session(new)
    refused("for 7 days", CONFIRM, new.public_id, "2026-05-07")
    RoleGrant.objects.filter(membership__user__public_id=people[0]).exclude(role="owner").update(
        revoked_at=clock.now()
    )
    with unguarded("participants_rolegrant"):
        RoleGrant.objects.filter(membership__user__public_id=people[0]).update(revoked_at=clock.now())
    refused("may do so no more", CONFIRM, people[1], "2026-05-07")


@pytest.mark.parametrize("attack", ["left", "role"])
def test_who_has_left_or_lost_the_role_confirms_nothing(people, change, attack):
    person = Membership.objects.filter(user__public_id=people[1])
    if attack == "left":
        person.update(ended_at=clock.now())
    else:
        RoleGrant.objects.filter(membership__in=person).update(revoked_at=clock.now())
    refused("no second person", CONFIRM, people[1], "2026-05-07")


def test_an_account_is_used_after_its_waiting_time(people, change):
    for day in ("2026-04-24", "2026-04-30", None):
        refused("after its waiting time|confirmed_when", CONFIRM, people[1], day)
    with connection.cursor() as cursor:
        cursor.execute(CONFIRM, [people[1], "2026-05-07"])
    for attack in (
        "usable_from = '2026-04-24'",
        "confirmed_by = 'usr_other'",
        "account_number = '1111111'",
        "organisation_id = organisation_id + 1",
        "is_registered = true",
        "state = 'proposed'",
    ):
        refused("", f"UPDATE {TABLE} SET {attack} WHERE NOT is_registered")
    refused("are kept", f"DELETE FROM {TABLE}")
    change.refresh_from_db()
    assert (change.state, str(change.usable_from)) == ("confirmed", "2026-05-07")


def test_an_account_in_use_is_not_stopped(people, change):
    stop = (
        f"UPDATE {TABLE} SET state = 'stopped', ended_by = %s, ended_at = public.business_now(), end_reason = 'x'"
        " WHERE state = 'confirmed'"
    )
    refused("not stopped, but changed", stop, people[0])
    stop_proposed = stop.replace("'confirmed'", "'proposed'")
    refused("no person of the organisation", stop_proposed, "usr_nobody")
    refused(
        "can still be confirmed",
        f"UPDATE {TABLE} SET state = 'lapsed', ended_by = 'system', ended_at = public.business_now()"
        " WHERE state = 'proposed'",
    )


def test_half_an_account_is_refused(seller):
    for attack in ("bank_code = '12'", "account_type = 'savings'", "account_holder_kana = 'カナ'"):
        refused("well_formed|cannot be changed", f"UPDATE {TABLE} SET {attack}")


def test_a_second_change_at_the_same_time_is_refused(seller, people, change):
    refused("another change", INSERT, seller.pk, False, "proposed", people[1], "2026-05-08", None, None, None)


@pytest.mark.parametrize(
    ("forged", "named"),
    [
        ("usable_from = '2026-05-01'", "participants.payout_accounts_wait"),
        ("proposed_by = 'usr_nobody'", "participants.payout_accounts_by_two"),
        ("confirmed_by = 'usr_nobody'", "participants.payout_accounts_by_two"),
    ],
)
def test_a_forged_account_is_named(people, change, forged, named):
    with connection.cursor() as cursor:
        cursor.execute(CONFIRM, [people[1], "2026-05-07"])
    assert REGISTER[named].check() == []
    with unguarded(TABLE), connection.cursor() as cursor:
        cursor.execute(f"UPDATE {TABLE} SET {forged} WHERE NOT is_registered")
    assert len(REGISTER[named].check()) == 1
