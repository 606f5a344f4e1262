"""Public figures: none from fewer than three."""

from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from marketplace.kernel import clock
from tests.participants.factories import member_for, organisation

from .factories import asked, opened

pytestmark = pytest.mark.django_db
PATH = "/api/v1/oversight-figures/"


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
    shown = APIClient().get(PATH).json()
    assert shown["incidents"]["unavailability"] is None
    assert (shown["incidents"]["leak"], shown["incidents"]["loss"], shown["incidents"]["damage"]) == (
        3,
        None,
        0,
    )
    assert shown["consultations"]["public_body"] is None
    asked(member_for(organisation("C"), "usr_third"))
    assert APIClient().get(PATH).json()["consultations"]["public_body"] == 4


def test_figures_are_of_one_year(first):
    for _ in range(3):
        opened(first)
    year = clock.today().year
    assert APIClient().get(f"{PATH}?year={year - 1}").json()["incidents"]["leak"] == 0
    for wrong in ("x", "99999", "１９９９", "-1"):
        assert APIClient().get(f"{PATH}?year={wrong}").status_code == 422
