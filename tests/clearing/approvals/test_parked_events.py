"""A parked event is given up by two people, by one where it only tells people something."""

from __future__ import annotations

import pytest
from django.db.models import QuerySet

from clearing.approvals.parked_events import abandon_parked_event
from marketplace.approvals.errors import SecondPersonNeeded
from marketplace.approvals.models import Approval
from marketplace.events.models import Abandonment, InboxEntry, OutboxEvent
from marketplace.events.schemas.participants import OrganisationRegistered
from marketplace.events.services import emit, retry_parked
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel.errors import Forbidden, IllegalTransition
from marketplace.kernel.invariants import verify_all
from tests.participants.factories import actor_for, client_of, organisation, person_of
from tests.roles import unguarded

WHY = "The trade was refunded by hand."


def park(subscriber: str = "clearing") -> InboxEntry:
    """A parked entry of a subscriber."""
    event = OutboxEvent.objects.get(public_id=emit(OrganisationRegistered(organisation="org_1")))
    entry = InboxEntry.objects.create(
        event=event, handler=f"{subscriber}.handlers.on_it", subscriber=subscriber, subject="org_1"
    )
    InboxEntry.objects.filter(pk=entry.pk).update(state="parked", error="RuntimeError: no")
    return entry


def asked_for() -> QuerySet[Approval]:
    """The approvals of this command; setting up the market took others."""
    return Approval.objects.filter(command="clearing.abandon_event")


def state_of(entry: InboxEntry) -> str:
    entry.refresh_from_db()
    return entry.state


def breaches() -> set[str]:
    return {name for name, found in verify_all().items() if found}


def test_two_people_give_up_what_may_be_money(market, first, second):
    entry = park()
    for _ in range(2):
        with pytest.raises(SecondPersonNeeded):
            abandon_parked_event(actor=first, entry_id=entry.pk, reason=WHY)
    with pytest.raises(Forbidden):
        abandon_parked_event(actor=actor_for(market.operator, "app_program"), entry_id=entry.pk, reason=WHY)
    assert (state_of(entry), Abandonment.objects.count(), asked_for().get().state) == (
        "parked",
        0,
        "pending",
    )
    assert abandon_parked_event(actor=second, entry_id=entry.pk, reason=WHY).state == "abandoned"
    register = Abandonment.objects.get()
    assert (register.first_person, register.abandoned_by, register.reason) == ("usr_first", "usr_second", WHY)
    (evidence,) = EvidenceRecord.objects.filter(kind="events.abandoned")
    assert (evidence.subject, evidence.actor) == (entry.event.public_id, "usr_second")
    assert evidence.payload == {
        "entry": entry.pk,
        "type": "organisation.registered",
        "handler": "clearing.handlers.on_it",
        "subject": "org_1",
        "reason": WHY,
        "first_person": "usr_first",
    }
    assert breaches() == set()


@pytest.mark.parametrize("change", ["another reason", "a retry"])
def test_what_the_first_person_asked_counts_for_that_alone(market, first, second, change):
    entry = park()
    with pytest.raises(SecondPersonNeeded):
        abandon_parked_event(actor=first, entry_id=entry.pk, reason=WHY)
    if change == "a retry":
        retry_parked(entry_id=entry.pk)
        InboxEntry.objects.filter(pk=entry.pk).update(state="parked", error="RuntimeError: another")
    with pytest.raises(SecondPersonNeeded):
        abandon_parked_event(
            actor=second, entry_id=entry.pk, reason=WHY if change == "a retry" else "Something else."
        )
    assert (state_of(entry), Abandonment.objects.count(), asked_for().count()) == ("parked", 0, 2)


def test_one_person_gives_up_a_notice(market, first):
    entry = park("notices")
    assert abandon_parked_event(actor=first, entry_id=entry.pk, reason=WHY).state == "abandoned"
    assert (asked_for().count(), Abandonment.objects.get().first_person) == (0, "")
    assert breaches() == set()


def test_what_is_not_parked_asks_for_nobody(market, first, second):
    entry = park()
    InboxEntry.objects.filter(pk=entry.pk).update(state="pending")
    with pytest.raises(IllegalTransition):
        abandon_parked_event(actor=first, entry_id=entry.pk, reason=WHY)
    assert (state_of(entry), asked_for().count()) == ("pending", 0)


def test_only_the_operator_gives_up_an_event(market):
    entry = park("notices")
    with pytest.raises(Forbidden):
        abandon_parked_event(actor=actor_for(organisation()), entry_id=entry.pk, reason=WHY)
    answer = client_of(organisation()).post(f"/api/v1/events/inbox/{entry.pk}/abandon/", {"reason": WHY})
    assert (answer.status_code, state_of(entry)) == (403, "parked")


def test_over_http_the_second_person_gives_it_up(market):
    entry = park()
    path, body = f"/api/v1/events/inbox/{entry.pk}/abandon/", {"reason": WHY}
    one, two = client_of(market.operator), client_of(market.operator, person=person_of(market.operator))
    refusal = one.post(path, body, format="json")
    assert (refusal.status_code, refusal.json()["code"]) == (409, "second_person_needed")
    assert one.get(f"/api/v1/approvals/{refusal.json()['approval']}/").json()["state"] == "pending"
    answer = two.post(path, body, format="json")
    assert (answer.status_code, answer.json()["state"]) == (200, "abandoned")
    assert one.post(path, {}, format="json").status_code == 422


def test_two_people_who_never_asked_are_named(market):
    entry = park()
    with unguarded("events_abandonment", "events_inboxentry"):
        Abandonment.objects.create(
            entry_key=entry.pk,
            event_key=entry.event_id,
            event=entry.event.public_id,
            handler=entry.handler,
            subscriber=entry.subscriber,
            subject=entry.subject,
            reason=WHY,
            first_person="usr_one",
            abandoned_by="usr_two",
        )
        InboxEntry.objects.filter(pk=entry.pk).update(state="abandoned")
    assert breaches() == {"clearing.events_abandoned_by_two_people"}
