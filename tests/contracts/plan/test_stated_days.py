"""Days of far years are refused by their names, over HTTP and by the services."""

from __future__ import annotations

from datetime import date

import pytest

from marketplace.kernel.errors import FieldInvalid
from tests.participants import factories as people

from .. import factories
from ..ending.test_endings import end
from ..refusals import refused
from ..test_api import BASE


@pytest.fixture
def clients(market):
    """An API client for each of the market's organisations."""
    return {name: people.client_of(row) for name, row in market.organisations.items()}


@pytest.mark.parametrize("day", ["9999-12-31", "2200-01-02", "1899-12-31"])
def test_a_day_of_a_far_year_is_refused_by_name(market, clients, day):
    agreement, duty = factories.agreement(market).public_id, factories.deletion(market).public_id
    how = {"ground": "mutual", "last_day": day, "refund": "none"}
    certificate = {"deleted_on": day, "statement": "消去しました。"}
    answers = {
        "last_day": [
            clients["buyer"].get(f"{BASE}/agreements/{agreement}/ending/", how),
            clients["buyer"].post(f"{BASE}/agreements/{agreement}/end/", {**how, "digest": "0" * 64}),
        ],
        "deleted_on": [clients["buyer"].post(f"{BASE}/deletion-duties/{duty}/certify/", certificate)],
    }
    for field, refusals in answers.items():
        for refusal in refusals:
            assert refusal.status_code in (400, 422), refusal.json()
            assert [error["field"] for error in refusal.json()["errors"]] == [field]


def test_a_day_beyond_every_calendar_is_refused_by_name(market):
    endless = factories.agreement(
        market, rights={"duration": None}, ending={"convenience_notice_days": 1, "refund": "none"}
    )
    for day in (date(9999, 12, 31), date(2200, 1, 2), date(1899, 12, 31)):
        with refused(FieldInvalid, name="last_day"):
            end(market, endless, ground="convenience", last_day=day, digest="0" * 64)
    assert end(market, endless, ground="convenience", last_day=date(2199, 12, 31)).state == "scheduled"
