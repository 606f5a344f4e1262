"""A job compares an application with what is loaded; a list that names somebody holds it for people to read."""

from __future__ import annotations

from datetime import date

import pytest

from marketplace.events.models import OutboxEvent
from marketplace.events.schema import parse
from marketplace.evidence.models import EvidenceRecord
from marketplace.jobs.runner import run_due
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.commitments import commitment_to
from marketplace.kernel.errors import FieldInvalid, Forbidden, Missing
from marketplace.notices.handlers.registration import (
    on_registration_moved,
    on_screening_assessed,
    on_screening_changed,
)
from marketplace.participants.interest_errors import Recused
from marketplace.participants.models import Organisation
from marketplace.participants.services import declare_interest
from marketplace.registration import services
from marketplace.registration.comparing import compare
from marketplace.registration.concluding import finish_screening
from marketplace.registration.errors import ScreeningNotEnded
from marketplace.registration.models import Registration, Screening
from marketplace.registration.states import ScreeningCause
from tests.notices.factories import handle, inbox
from tests.participants import factories as parties
from tests.participants.stating import restate

from . import factories

pytestmark = pytest.mark.django_db

HANDLERS = {
    "registration.moved": on_registration_moved,
    "screening.changed": on_screening_changed,
    "screening.assessed": on_screening_assessed,
}


def hear() -> None:
    """Hand every event of registration to its handler, in order."""
    for event in OutboxEvent.objects.filter(type__in=HANDLERS).order_by("pk"):
        handle(HANDLERS[event.type], parse(event.type, event.data))


def rescreen(row: Registration, cause: ScreeningCause = ScreeningCause.SCHEDULE) -> Screening:
    """Another screening of an application, done."""
    asked = services.request_screening(registration=row, cause=cause)
    run_due("default")
    asked.refresh_from_db()
    return asked


def codes(screening: Screening) -> list[str]:
    return [finding["code"] for finding in screening.findings]


def test_without_registry_and_lists_an_application_is_held():
    row = factories.screened()
    screening = Screening.objects.get()
    assert (row.state, screening.outcome) == ("in_review", "held")
    assert codes(screening) == ["lists_not_loaded", "registry_not_loaded"]


def test_an_application_as_the_registry_has_it_is_clear(operator):
    row = factories.submitted()
    factories.registry(row)
    factories.sanctions("Ivan Petrov")
    run_due("default")
    screening = Screening.objects.get()
    assert (screening.outcome, screening.findings, len(screening.lists)) == ("clear", [], 1)
    assert (screening.snapshot_id is not None, screening.is_changed) == (True, False)
    hear()
    assert inbox(operator) == [("admit", row.public_id, "open")]


def test_another_name_in_the_registry_is_found():
    row = factories.submitted()
    factories.registry(row, name="阿波データ株式会社", closed_on=date(2024, 1, 1))
    factories.sanctions("Ivan Petrov")
    run_due("default")
    assert codes(Screening.objects.get()) == ["closed_in_registry", "name_differs"]


def test_a_listed_owner_is_found_without_its_name():
    row = factories.submitted()
    factories.registry(row)
    factories.sanctions("讃岐花子", "別人", born_on=date(1975, 1, 1))
    run_due("default")
    screening = Screening.objects.get()
    owner = row.owners.get().public_id
    assert [(each["about"], each["reference"]) for each in screening.findings] == [
        (owner, "S-0"),
        ("representative", "S-0"),
    ]
    assert "花子" not in repr(screening.findings)


def test_the_newest_version_of_a_list_counts():
    factories.sanctions("讃岐花子", version="1")
    factories.sanctions("別人", version="2")
    row = factories.submitted()
    factories.registry(row)
    run_due("default")
    assert Screening.objects.get().outcome == "clear"


def test_a_second_run_changes_nothing():
    row = factories.screened()
    before = Screening.objects.values().get()
    factories.sanctions("讃岐花子")
    finish_screening(screening=before["public_id"], comparison=compare(row))
    assert Screening.objects.values().get() == before


def test_one_screening_waits_at_a_time():
    row = factories.submitted()
    again = services.request_screening(registration=row, cause=ScreeningCause.LISTS)
    assert (Screening.objects.count(), again.cause) == (1, "submission")


def test_a_changed_outcome_opens_a_task_and_holds_nothing(operator):
    row = factories.accepted(operator)
    factories.registry(row)
    factories.sanctions("讃岐花子")
    changed = rescreen(row, ScreeningCause.LISTS)
    hear()
    organisation = Organisation.objects.get(pk=row.organisation_id)
    assert (changed.is_changed, organisation.state) == (True, "active")
    assert ("assess", changed.public_id, "open") in inbox(operator)
    services.assess(
        actor=factories.person_of(operator, "first"),
        registration=row.public_id,
        screening=changed.public_id,
        assessment="同名別人",
    )
    hear()
    assert ("assess", changed.public_id, "done") in inbox(operator)
    record = EvidenceRecord.objects.get(kind="registration.screening_assessed")
    assert record.payload["assessment_commitment"] == commitment_to(changed.salt, "同名別人")


def test_the_same_outcome_opens_no_task(operator):
    row = factories.accepted(operator)
    assert rescreen(row).is_changed is False
    assert OutboxEvent.objects.filter(type="screening.changed").count() == 0


def test_a_screening_that_finds_more_voids_a_proposal(operator):
    row = factories.proposed(operator)
    factories.sanctions("讃岐花子")
    rescreen(row)
    row.refresh_from_db()
    assert (row.state, row.proposed_by, row.acceptance_reason) == ("in_review", None, "")


def test_a_registered_organisation_is_screened_as_it_is_now(operator):
    row = factories.accepted(operator)
    restate(row.organisation, name_ja="別名株式会社")
    factories.registry(row)
    factories.sanctions("別名")
    assert codes(rescreen(row, ScreeningCause.FACTS)) == ["listed", "name_differs"]


@pytest.mark.parametrize("who", ["program", "participant", "system"])
def test_only_a_person_of_the_operator_assesses(operator, who):
    row = factories.screened()
    actor = {
        "program": parties.actor_for(operator, "app_x"),
        "participant": parties.actor_for(parties.organisation(), "usr_x"),
        "system": SYSTEM,
    }[who]
    with pytest.raises(Forbidden):
        services.assess(
            actor=actor,
            registration=row.public_id,
            screening=Screening.objects.get().public_id,
            assessment="x",
        )
    assert Screening.objects.get().assessed_by is None


def test_who_is_related_to_the_registered_organisation_assesses_nothing(operator):
    row = factories.accepted(operator)
    restate(row.organisation, name_ja="別名株式会社")
    factories.registry(row)
    rescreen(row, ScreeningCause.FACTS)
    related = factories.person_of(operator, "related")
    stated = {"kind": "family", "statement": "親族が勤務しています。"}
    declare_interest(actor=related, organisation=row.organisation.public_id, **stated)
    screening = Screening.objects.latest("pk")
    with pytest.raises(Recused):
        services.assess(
            actor=related, registration=row.public_id, screening=screening.public_id, assessment="同名別人"
        )
    screening.refresh_from_db()
    assert screening.assessed_by is None


def test_an_assessment_says_something_once(operator):
    row = factories.submitted()
    act = {
        "actor": factories.person_of(operator, "first"),
        "registration": row.public_id,
        "screening": Screening.objects.get().public_id,
    }
    with pytest.raises(ScreeningNotEnded):
        services.assess(**act, assessment="x")
    run_due("default")
    with pytest.raises(FieldInvalid):
        services.assess(**act, assessment=" ")
    services.assess(**act, assessment="同名別人")
    with pytest.raises(FieldInvalid):
        services.assess(**act, assessment="別の所見")
    with pytest.raises(Missing):
        services.assess(**(act | {"screening": "scr_none"}), assessment="x")
    assert Screening.objects.get().assessment == "同名別人"
