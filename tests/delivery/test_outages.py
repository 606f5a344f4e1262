"""When the market itself could not be used, access that was live is given back: as two people state it, once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from delivery import services
from delivery.models import Outage, Restitution
from marketplace.approvals.errors import SecondPersonNeeded
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.errors import FieldInvalid, Forbidden
from marketplace.kernel.invariants import REGISTER
from marketplace.participants.models import Organisation
from tests.contracts.standing.test_halt_time import later
from tests.oversight import factories as oversight
from tests.participants import factories as participants
from tests.poison import RUNS, aside, poisoned
from tests.roles import assert_refused, unguarded

from . import factories
from .test_restitutions import DATED, DAY, LAST_DAY, MONTH, attack, losses, resume, suspend

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@pytest.fixture
def month(tuesday) -> factories.Granted:
    """A delivery whose term is a month."""
    return factories.granted(rights=MONTH)


def person(identifier: str) -> Actor:
    operator = Organisation.objects.filter(is_operator=True).first() or participants.operator()
    return participants.actor_for(operator, identifier)


def incident(**changes) -> str:
    changes = {"kind": "unavailability", "ground": "none", "persons": 0, "known_at": clock.now()} | changes
    return oversight.opened(person("usr_one"), **changes).public_id


def state(since, until, registered: str = "") -> Outage:
    """An outage that two people stated."""
    stated = {"incident": registered or incident(), "since": since, "until": until}
    with pytest.raises(SecondPersonNeeded):
        services.state_outage(actor=person("usr_one"), **stated)
    return services.state_outage(actor=person("usr_two"), **stated)


def faults() -> list[dict[str, object]]:
    return REGISTER["delivery.lost_access_given_back"].check()


def test_an_outage_is_given_back_once_to_whoever_had_access(month):
    end, since = month.row.expires_at, clock.now() + HOUR
    later(2)
    fresh = factories.granted(rights=MONTH, buyer=month.buyer, seller=month.seller)
    ended = fresh.row.expires_at
    later(1)
    outage = state(since, since + 2.5 * DAY)
    assert (services.give_back_outages(), services.give_back_outages()) == (2, 0)
    assert losses(month) == [("outage", 2.5 * DAY)]
    assert month.row.expires_at == end + 2.5 * DAY
    # Of what was granted in the outage, the rest of it was lost.
    assert fresh.row.expires_at == ended + (since + 2.5 * DAY - fresh.row.granted_at)
    (record,) = EvidenceRecord.objects.filter(kind="delivery.outage_stated")
    assert (record.subject, record.payload["first_person"]) == (outage.public_id, "usr_one")
    assert faults() == []


def test_nothing_ends_before_a_stated_outage_is_given_back(month):
    end = month.row.expires_at
    month.fetch()
    since = clock.now()
    clock.move_to(end + HOUR, running=False)
    state(end - 2 * DAY, end - DAY)
    assert services.expire_access() == 0
    assert month.row.expires_at == end + DAY
    month.fetch()
    assert clock.now() > since


def test_no_inspection_lapses_over_an_outage(matched):
    due = matched.inspection.inspect_by
    clock.move_to(due + HOUR, running=False)
    state(due - 2 * DAY, due - DAY)
    assert services.lapse_inspections() == 0
    assert matched.inspection.inspect_by == due + DAY


def test_unused_access_does_not_end_over_an_outage(granted):
    since = clock.now()
    later(30)
    state(since, since + DAY)
    assert services.end_uncollected() == 0
    later(1)
    assert services.end_uncollected() == 1


def test_an_outage_and_a_suspension_count_once(month):
    end, since = month.row.expires_at, clock.now()
    later(1)
    suspend(month)
    later(1)
    state(since, since + 1.5 * DAY)
    assert services.give_back_outages() == 1
    later(1)
    resume(month)
    assert losses(month) == [("outage", 1.5 * DAY), ("suspension", 1.5 * DAY)]
    assert month.row.expires_at == end + 3 * DAY
    assert faults() == []


def test_the_last_day_stays_and_what_ended_stays_ended(tuesday):
    dated = factories.granted(rights=DATED)
    since = clock.now()
    later(1)
    state(since, clock.now())
    assert services.give_back_outages() == 1
    assert dated.row.expires_at == LAST_DAY
    clock.move_to(LAST_DAY, running=False)
    assert services.expire_access() == 1
    state(LAST_DAY - DAY, LAST_DAY)
    assert (services.give_back_outages(), Restitution.objects.count()) == (0, 1)
    assert faults() == []


def test_an_outage_whose_access_is_given_back_is_done(month):
    since = clock.now()
    later(1)
    outage = state(since, clock.now())
    services.give_back_outages()
    with unguarded("delivery_outage"):
        attack("UPDATE delivery_outage SET recorded_at = recorded_at - interval '2 minutes'")
    services.give_back_outages()
    outage.refresh_from_db()
    assert outage.given_back_at == clock.now()


def test_a_delivery_that_cannot_be_given_its_time_back_stops_no_sweep(month):
    since = clock.now()
    other = factories.granted(rights=MONTH, buyer=month.buyer, seller=month.seller)
    later(1)
    state(since, clock.now())
    with poisoned("delivery_restitution", f"NEW.entitlement_id = {month.row.pk}"):
        assert sum(services.give_back_outages() for _ in range(RUNS)) == 1
    assert (aside("delivery.give_back_outages"), len(losses(other))) == ([month.entitlement], 1)


def test_what_fails_over_one_outage_stands_aside_beside_another(month):
    since = clock.now()
    later(1)
    granted = clock.now()
    fresh = factories.granted(rights=MONTH, buyer=month.buyer, seller=month.seller)
    later(1)
    # The second was over before access under the poisoned one began.
    state(granted, clock.now())
    state(since, granted)
    with poisoned("delivery_restitution", f"NEW.entitlement_id = {fresh.row.pk}"):
        for _ in range(RUNS):
            services.give_back_outages()
    assert aside("delivery.give_back_outages") == [fresh.entitlement]
    assert (losses(month), losses(fresh)) == ([("outage", DAY), ("outage", DAY)], [])


def test_an_outage_is_over_registered_and_stated_by_two(month):
    now = clock.now()
    later(2)
    unavailable, leak = incident(), incident(kind="leak")
    for registered, since, until, field in (
        (leak, now, now + DAY, "incident"),
        ("inc_unknown", now, now + DAY, "incident"),
        (of_participant(month), now, now + DAY, "incident"),
        (unavailable, now - 400 * DAY, now - 399 * DAY, "until"),
        (unavailable, now + 10 * DAY, now + 11 * DAY, "until"),
        (unavailable, now, now + 3 * DAY, "until"),
        (unavailable, now + DAY, now, "until"),
        (unavailable, now + DAY, now + DAY + timedelta(microseconds=1), "until"),
        (unavailable, now - 30 * DAY, now - 29 * DAY, "since"),
        (unavailable, now - 40 * DAY, now, "until"),
    ):
        with pytest.raises(FieldInvalid) as refusal:
            services.state_outage(actor=person("usr_one"), incident=registered, since=since, until=until)
        assert refusal.value.name == field
    with pytest.raises(Forbidden):
        services.state_outage(actor=month.buyer_actor, incident=unavailable, since=now, until=now + DAY)
    for _ in range(2):
        with pytest.raises(SecondPersonNeeded):
            services.state_outage(actor=person("usr_one"), incident=unavailable, since=now, until=now + DAY)
    assert Outage.objects.count() == 0


def of_participant(delivery: factories.Granted) -> str:
    """An incident of unavailability that a participant registered about its own data."""
    member = participants.member_for(delivery.seller, "usr_of_seller")
    stated = {"kind": "unavailability", "ground": "none", "persons": 0, "known_at": clock.now()}
    return oversight.opened(member, **stated).public_id


def test_no_moment_is_of_two_outages(month):
    since = clock.now()
    later(3)
    known = state(since + DAY, since + 2 * DAY)
    for begin, end in ((1, 2), (0, 3), (0, 1.5), (1.5, 3), (1.2, 1.8)):
        with pytest.raises(FieldInvalid) as refusal:
            services.state_outage(
                actor=person("usr_one"),
                incident=incident(),
                since=since + begin * DAY,
                until=since + end * DAY,
            )
        assert (refusal.value.name, known.public_id in str(refusal.value)) == ("since", True)
    state(since, since + DAY)
    state(since + 2 * DAY, since + 3 * DAY)
    assert Outage.objects.count() == 3


RAW = (
    "INSERT INTO delivery_outage (public_id, incident, since, until, first_person, stated_by, stated_at)"
    " SELECT 'otg_x', '{incident}', now - interval '1 day', now + interval '{until}', '{first}', '{second}', now"
    " FROM (SELECT public.business_now() AS now) AS clock"
)


def test_the_database_takes_no_other_outage(month):
    later(2)
    people = {"first": "usr_one", "second": "usr_two"}
    fit = {"incident": incident(), "until": "0", **people}
    person("usr_two")
    for changes, because in (
        ({"incident": incident(kind="leak")}, "registered as an incident"),
        ({"incident": of_participant(month)}, "by the operator"),
        ({"until": "1 day"}, "not that of the clock"),
        ({"until": "-2 days"}, "outage_of_some_time"),
        ({"first": "usr_two"}, "outage_by_two"),
        ({"second": "usr_made_up"}, "no natural person of the operator"),
        ({"first": "usr_made_up"}, "no natural person of the operator"),
    ):
        statement = RAW.format(**(fit | changes))
        assert_refused(lambda statement=statement: attack(statement), because=because)
    early = RAW.replace("'1 day'", "'30 days'").format(**(fit | {"until": "-29 days"}))
    assert_refused(lambda: attack(early), because="when there is a market")
    brief = RAW.replace("'1 day'", "'1 microsecond'").format(**fit)
    assert_refused(lambda: attack(brief), because="outage_of_some_time")
    state(clock.now() - DAY, clock.now())
    assert_refused(lambda: attack(RAW.format(**fit)), because="outages_apart")
    for change in (
        "until = until + interval '1 day'",
        "incident = 'inc_x'",
        "given_back_at = until + interval '1 day'",
    ):
        assert_refused(lambda change=change: attack(f"UPDATE delivery_outage SET {change}"))
    assert_refused(lambda: attack("DELETE FROM delivery_outage"), because="are kept")
    later(95)
    late = RAW.replace("'1 day'", "'92 days'").format(**(fit | {"until": "-91 days"}))
    assert_refused(lambda: attack(late), because="outage_stated_soon")


def test_a_wrong_outage_is_named(month):
    later(2)
    outage = state(clock.now() - DAY, clock.now())
    check = REGISTER["delivery.outages_were_stated_by_two"].check
    assert (check(), faults()) == ([], [])
    with unguarded("delivery_outage"), connection.cursor() as cursor:
        cursor.execute("UPDATE delivery_outage SET recorded_at = recorded_at - interval '2 hours'")
    assert [row["public_id"] for row in faults()] == [month.entitlement]
    services.give_back_outages()
    assert faults() == []
    stated = {name: getattr(outage, name) for name in ("incident", "first_person", "since", "until")}
    for change in (
        "incident = 'inc_x'",
        f"incident = '{of_participant(month)}'",
        "first_person = 'usr_made_up'",
        "until = since + interval '5 days'",
        "since = since - interval '30 days', until = until - interval '30 days'",
    ):
        with unguarded("delivery_outage"), connection.cursor() as cursor:
            cursor.execute(f"UPDATE delivery_outage SET {change}")
        assert [row["public_id"] for row in check()] == [outage.public_id]
        with unguarded("delivery_outage"):
            Outage.objects.update(**stated)
    assert check() == []


def test_outages_of_one_moment_or_of_long_ago_are_named(month):
    later(2)
    one, other = (state(clock.now() - 2 * DAY, clock.now() - DAY), state(clock.now() - DAY, clock.now()))
    check = REGISTER["delivery.outages_were_stated_by_two"].check
    with unguarded("delivery_outage"):
        attack(
            "ALTER TABLE delivery_outage DROP CONSTRAINT outages_apart, DROP CONSTRAINT outage_stated_soon,"
            " DROP CONSTRAINT outage_of_some_time"
        )
        Outage.objects.filter(pk=other.pk).update(since=one.since)
    assert {row["public_id"] for row in check()} == {one.public_id, other.public_id}
    with unguarded("delivery_outage"):
        Outage.objects.filter(pk=other.pk).update(since=one.since - 100 * DAY, until=one.since - 99 * DAY)
    assert [row["public_id"] for row in check()] == [other.public_id]
    with unguarded("delivery_outage"):
        Outage.objects.filter(pk=other.pk).update(since=one.until, until=one.until + timedelta(seconds=59))
    assert [row["public_id"] for row in check()] == [other.public_id]
