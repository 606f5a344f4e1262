"""Figures by class of participant."""

from __future__ import annotations

import pytest

from marketplace.kernel.labels import Label
from marketplace.rules.neutrality.contributions import MEASURES, Measure
from marketplace.rules.neutrality.figures import class_figures
from marketplace.rules.neutrality.periods import Period
from tests.participants import factories as participants

from .factories import DAY, begin, decide, end_day, traded_day

pytestmark = pytest.mark.django_db


def test_holds_of_few_are_not_told():
    begin()
    for at in range(3):
        decide(participants.organisation(f"法{at}"))
    decide(participants.organisation("個", kind="individual", corporate_number=None))
    end_day()
    figures = class_figures(Period(DAY, DAY))
    assert figures["participants"]["kind"] == {
        "total": {"events": 4, "parties": 4},
        "classes": {"business": None, "individual": None},
    }
    assert figures["measures"]["holds"]["by"]["kind"] == {
        "total": None,
        "classes": {"business": {"events": 0, "parties": 0}, "individual": None},
    }
    assert figures["measures"]["refusals"]["by"]["age"]["total"] == {"events": 0, "parties": 0}


def test_holds_of_many_are_told_by_class():
    begin()
    for at in range(4):
        decide(participants.organisation(f"個{at}", kind="individual", corporate_number=None))
    decide(participants.organisation("法"))
    end_day()
    held = class_figures(Period(DAY, DAY))["measures"]["holds"]["by"]
    assert held["kind"]["classes"]["individual"] == {"events": 4, "parties": 4}
    assert held["age"] == {
        "total": {"events": 4, "parties": 4},
        "classes": {"new": {"events": 4, "parties": 4}},
    }
    assert held["size"]["classes"] == {"no_trades": {"events": 4, "parties": 4}}


def test_other_days_do_not_count():
    traded_day()
    end_day()
    later = Period(DAY.replace(day=2), DAY.replace(day=2))
    assert class_figures(later)["measures"]["holds"]["by"]["kind"]["total"] == {"events": 0, "parties": 0}


def test_a_measure_has_one_home():
    assert {"holds", "refusals", "human_decisions", "staff_accesses"} <= set(MEASURES)
    with pytest.raises(ValueError, match="declared twice"):
        Measure("holds", Label("again", "再び"), lambda _period: [])
