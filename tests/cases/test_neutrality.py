"""Appeals are counted by class of participant."""

from __future__ import annotations

import pytest

from marketplace.cases.models import Case
from marketplace.kernel import clock
from marketplace.rules.neutrality.contributions import MEASURES
from marketplace.rules.neutrality.figures import class_figures
from marketplace.rules.neutrality.periods import Period

from .factories import appealed, denied

pytestmark = pytest.mark.django_db


def test_an_appeal_is_counted_and_of_few_parties_not_told(subject, owner):
    appealed(owner, denied(subject).public_id)
    period = Period(clock.today(), clock.today())
    assert Case.objects.filter(kind="appeal").count() == 1
    assert list(MEASURES["appeals"].read(period)) == [subject.public_id]
    assert class_figures(period)["measures"]["appeals"]["by"]["kind"]["total"] is None
