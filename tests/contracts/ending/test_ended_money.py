"""What was shown to come back at an early end comes back with it, once."""

from __future__ import annotations

import pytest
from django.db import IntegrityError

from contracts import services
from marketplace.kernel import clock
from tests.roles import assert_refused, unguarded

from .. import factories
from .test_endings import end, run, year

pytestmark = pytest.mark.django_db
__all__ = ["year"]


def test_the_database_carries_out_no_end_without_what_comes_back(market, year, monkeypatch):
    ending = end(market, year, ground="convenience")
    monkeypatch.setattr("contracts.services.endings.make_adjustment", lambda *_given, **_named: None)
    clock.move_to(ending.access_until, running=False)
    services.carry_out_endings()
    with pytest.raises(IntegrityError, match="returns what was shown of it"):
        factories.check_deferred()


def test_what_comes_back_at_an_end_is_returned_once(market, year):
    ending = end(market, year, ground="convenience")
    clock.move_to(ending.access_until, running=False)
    services.carry_out_endings()
    forged = (
        "INSERT INTO contracts_adjustment (public_id, salt, agreement_id, debtor, charge, amount_minor, currency, reason_code, reason,"
        " ordered_by, ordered_at) SELECT 'adj_twice', salt, agreement_id, debtor, charge, 1, currency, reason_code, reason, ordered_by,"
        " ordered_at FROM contracts_adjustment"
    )
    with unguarded("contracts_adjustment"):
        assert_refused(lambda: run(forged), because="adjustment_ended_early_once")
