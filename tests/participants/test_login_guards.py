"""The database lets one person release no login, and take nobody's second factor before its time.

Each test commits, because a guard asks what one transaction wrote.
"""

from __future__ import annotations

from datetime import timedelta

from django.db import connection

from marketplace.kernel import clock
from marketplace.participants import services
from marketplace.participants.models import LoginLock, Membership, SecondFactorReset, User
from tests.roles import assert_refused

from . import factories

RESET = (
    "INSERT INTO participants_secondfactorreset (public_id, membership_id, reason, state, asked_by, asked_at, ends_at,"
    " confirmed_by) VALUES ('mfr_raw', %s, 'x', 'waiting', %s, public.business_now(),"
    " public.business_now() + interval '24 hours', %s)"
)


def refused(because: str, statement: str, *parameters: object) -> None:
    with connection.cursor() as cursor:
        assert_refused(lambda: cursor.execute(statement, parameters), because=because)


def test_one_person_releases_nobody(committed_database):
    operator = factories.operator()
    first, second = (factories.person_of(operator, name, ("admission",)) for name in ("first", "second"))
    clerk = factories.person_of(operator, "clerk", ("clearing",))
    person = factories.person_of(factories.organisation(), "person")
    lock = services.lock_login(actor=factories.actor_of(first), person=person.public_id, reason="x")
    unlock = "UPDATE participants_user SET is_active = true WHERE id = %s"
    refused("released by two people", unlock, person.pk)
    release = (
        "UPDATE participants_loginlock SET release_proposed_by = %s, release_proposed_at = now(), released_by = %s,"
        " released_at = now()"
    )
    for one, other in (
        (first, first),
        (first, clerk),
        (clerk, second),
        (first, person),
    ):
        refused("two people of the operator|loginlock_two_people", release, one.public_id, other.public_id)
    refused(
        "loginlock_open_once",
        "INSERT INTO participants_loginlock (public_id, user_id, reason, locked_by,"
        " locked_at) VALUES ('lck_raw', %s, 'x', 'usr_x', now())",
        person.pk,
    )
    refused("cannot be changed", "UPDATE participants_loginlock SET reason = 'y'")
    refused("are kept", "DELETE FROM participants_loginlock")
    for actor in (first, second):
        services.release_login(actor=factories.actor_of(actor), lock=lock.public_id)
    assert User.objects.get(pk=person.pk).is_active
    User.objects.filter(pk=person.pk).update(is_active=False)
    # That it was released once releases it never again.
    refused("released by two people", unlock, person.pk)
    assert LoginLock.objects.get().released_by == second.public_id


def test_no_second_factor_is_taken_before_its_time(committed_database):
    subject, operator = factories.organisation(), factories.operator()
    owner = factories.person_of(subject, "owner", ("owner",))
    trader = factories.person_of(subject, "trader", ("trader",))
    first, second = (factories.person_of(operator, name, ("owner",)) for name in ("first", "second"))
    clerk = factories.person_of(operator, "clerk", ("clearing",))
    member = {row.user_id: row for row in Membership.objects.all()}
    for of, by in ((owner, owner), (owner, trader), (trader, first), (trader, trader)):
        refused("may not reset the second factor", RESET, member[of.pk].pk, by.public_id, None)
    for confirmed in (None, clerk.public_id, owner.public_id):
        refused("a second owner did not confirm", RESET, member[clerk.pk].pk, first.public_id, confirmed)
    refused("secondfactorreset_second_person", RESET, member[clerk.pk].pk, *[first.public_id] * 2)
    sooner = RESET.replace("24 hours", "23 hours")
    refused("secondfactorreset_waits", sooner, member[trader.pk].pk, owner.public_id, None)
    row = services.ask_second_factor_reset(
        actor=factories.actor_of(owner), member=member[trader.pk].public_id, reason="x"
    )
    done = "UPDATE participants_secondfactorreset SET state = 'done', ended_at = now(), ended_by = 'system'"
    refused("has not ended", done)
    refused("secondfactorreset_waits", "UPDATE participants_secondfactorreset SET ends_at = asked_at")
    refused("secondfactorreset_open_once", RESET, member[trader.pk].pk, owner.public_id, None)
    refused("are kept", "DELETE FROM participants_secondfactorreset")
    clock.move_to(row.ends_at - timedelta(minutes=1))
    refused("has not ended", done)
    assert (SecondFactorReset.objects.get().state, second.is_active) == ("waiting", True)
