"""One shape for every wait: its reason is declared once, its words are filled, its moments are ISO 8601."""

from collections.abc import Iterator
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from marketplace.kernel.labels import Label
from marketplace.kernel.waiting import REASONS, WaitingReason, WaitsFor

WORDS = Label("waits for {amount}", "{amount} を待っています")
ACTION = Label("pay it in", "入金してください")


@pytest.fixture(autouse=True)
def register() -> Iterator[None]:
    """The register as it was before the test."""
    before = dict(REASONS)
    yield
    REASONS.clear()
    REASONS.update(before)


def test_a_wait_is_told_in_one_shape():
    reason = WaitingReason("probe.waits_for_money", WORDS, WaitsFor.PARTICIPANT, ACTION)
    waiting = reason.waiting(
        since=datetime(2026, 7, 1, 12, tzinfo=ZoneInfo("Asia/Tokyo")),
        until=date(2026, 7, 31),
        amount="100 JPY",
    )
    assert waiting.as_dict() == {
        "code": "probe.waits_for_money",
        "label": {"en": "waits for 100 JPY", "ja": "100 JPY を待っています"},
        "waits_for": "participant",
        "action": {"en": "pay it in", "ja": "入金してください"},
        "since": "2026-07-01T03:00:00Z",
        "until": "2026-07-31",
    }


def test_what_is_not_known_is_none():
    waiting = WaitingReason("probe.waits_for_time", Label("waits", "待機中"), WaitsFor.NOBODY).waiting()
    assert waiting.as_dict() == {
        "code": "probe.waits_for_time",
        "label": {"en": "waits", "ja": "待機中"},
        "waits_for": "nobody",
        "action": None,
        "since": None,
        "until": None,
    }


def test_words_that_the_label_needs_cannot_be_left_out():
    reason = WaitingReason("probe.waits_for_money", WORDS, WaitsFor.BANK)
    with pytest.raises(KeyError, match="amount"):
        reason.waiting()


def test_a_code_is_declared_once():
    first = WaitingReason("probe.waits_for_money", WORDS, WaitsFor.BANK)
    with pytest.raises(ValueError, match="waits_for_money is declared twice"):
        WaitingReason("probe.waits_for_money", WORDS, WaitsFor.MARKET)
    assert REASONS["probe.waits_for_money"] is first


@pytest.mark.parametrize("code", ["money", "probe.", "Probe.money", "probe.waits-for", "probe.a.b"])
def test_a_code_names_its_subject_and_its_reason(code):
    before = dict(REASONS)
    with pytest.raises(ValueError, match="is not of the form"):
        WaitingReason(code, WORDS, WaitsFor.BANK)
    assert before == REASONS


def test_nobody_has_nothing_to_do():
    before = dict(REASONS)
    with pytest.raises(ValueError, match="waits for nobody"):
        WaitingReason("probe.waits_for_time", WORDS, WaitsFor.NOBODY, ACTION)
    assert before == REASONS
