"""An index by which agreements in force adjust prices, and that nobody feeds, is asked for."""

from __future__ import annotations

from datetime import timedelta

import pytest

from contracts.adjusting.sweeping import attend_indices
from contracts.services import terminate_agreement
from contracts.states import TerminationReason
from marketplace.kernel import clock
from marketplace.notices.models import Task
from tests.poison import RUNS, aside, poisoned

from .test_fired import INDEX, QUALITY, enter, market, monthly, state_interval

pytestmark = pytest.mark.django_db
__all__ = ["market"]


def asked():
    """The tasks about the index, by their state."""
    return list(Task.objects.filter(subject="idx_cpi_jp").order_by("pk").values_list("state", flat=True))


def test_an_index_without_a_value_is_asked_for_until_it_has_one(market):
    agreement = monthly(market, INDEX)
    assert (attend_indices(), attend_indices(), asked()) == (1, 0, ["open"])
    task = Task.objects.get(subject="idx_cpi_jp")
    assert (task.organisation_id, task.needs) == (market.organisation("operator").pk, "disputes:write")
    assert ["cpi_jp" in task.title[language] for language in ("en", "ja")] == [True, True]
    enter(market)
    assert (asked(), attend_indices()) == (["done"], 0)
    # Once the value is older than a period it is asked for again.
    clock.move_to(agreement.concluded_at + timedelta(days=40), running=False)
    assert (attend_indices(), asked()) == (1, ["done", "open"])


def test_what_adjusts_no_charge_that_is_to_begin_is_not_asked_for(market):
    state_interval(market)
    monthly(market, QUALITY)
    agreement = monthly(market, INDEX)
    assert attend_indices() == 1
    clock.move_to(agreement.concluded_at + timedelta(days=345), running=False)
    # The twelfth and last charge has begun.
    assert (attend_indices(), asked()) == (1, ["done"])


def test_an_agreement_that_has_ended_needs_no_value(market):
    agreement = monthly(market, INDEX)
    assert attend_indices() == 1
    terminate_agreement(
        agreement=agreement.public_id, reason_code=TerminationReason.REFUNDED, cause="trade.refunded"
    )
    assert (attend_indices(), asked()) == (1, ["done"])


def test_one_index_that_cannot_be_attended_to_holds_back_no_other(market):
    monthly(market, INDEX)
    monthly(market, {**INDEX, "index": "a_rate"})
    with poisoned("notices_task", "NEW.subject = 'idx_a_rate'"):
        assert sum(attend_indices() for _ in range(RUNS)) == 1
    assert (asked(), aside("contracts.attend_indices")) == (["open"], ["idx_a_rate"])
