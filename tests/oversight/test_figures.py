"""Public figures: none from fewer than three."""

from __future__ import annotations

from datetime import timedelta

import pytest
from rest_framework.test import APIClient

from marketplace.kernel import clock
from marketplace.oversight.incidents.services import name_concerned
from tests.participants.factories import client_of, member_for, organisation

from .factories import asked, opened

pytestmark = pytest.mark.django_db
PATH = "/api/v1/oversight-figures/"


def end_year() -> None:
    """The year is over."""
    clock.move_to(clock.now() + timedelta(days=366), running=False)


def of_registers() -> dict:
    """What everybody reads."""
    return APIClient().get(PATH).json()


def test_figures_are_shown_from_three_on(first, owner, stranger):
    subjects = [organisation(name) for name in ("P", "Q", "R")]
    for subject in subjects:
        opened(first, subject)
    for _ in range(3):
        opened(first, subjects[0], kind="loss")
        opened(first, kind="unavailability")
    asked(owner)
    asked(owner)
    asked(stranger)
    asked(member_for(organisation("C"), "usr_third"))
    end_year()
    shown = of_registers()
    assert shown["incidents"]["unavailability"] is None
    assert (shown["incidents"]["leak"], shown["incidents"]["loss"], shown["incidents"]["damage"]) == (
        3,
        None,
        0,
    )
    assert shown["consultations"]["public_body"] == 4


def test_two_who_asked_are_not_told(owner, stranger):
    for each in (owner, owner, stranger):
        asked(each)
    end_year()
    assert of_registers()["consultations"]["public_body"] is None


def test_a_running_year_tells_everybody_nothing_and_the_auditor_all(first, owner, staffed):
    auditor = client_of(staffed, roles=("auditor",))
    year = clock.today().year
    before, running = of_registers(), auditor.get(f"{PATH}?year={year}").json()
    assert before["year"] == year - 1
    for name in ("P", "Q", "R"):
        opened(first, organisation(name))
    asked(owner)
    assert of_registers() == before
    for reader in (APIClient(), client_of(organisation("S"))):
        refused = reader.get(f"{PATH}?year={year}")
        assert (refused.status_code, "auditors" in str(refused.json())) == (422, True)
    told = auditor.get(f"{PATH}?year={year}").json()
    assert (running["incidents"]["leak"], told["incidents"]["leak"]) == (0, 3)


def test_who_is_concerned_only_after_the_year_changes_no_figure_of_it(first):
    found = opened(first)
    end_year()
    before = of_registers()
    named = [organisation(name).public_id for name in ("P", "Q", "R")]
    name_concerned(actor=first, incident=found.public_id, organisations=named)
    assert of_registers() == before


def test_figures_are_of_one_year(first):
    for _ in range(3):
        opened(first)
    year = clock.today().year
    assert APIClient().get(f"{PATH}?year={year - 1}").json()["incidents"]["leak"] == 0
    for wrong in ("x", "99999", "１９９９", "-1"):
        assert APIClient().get(f"{PATH}?year={wrong}").status_code == 422
