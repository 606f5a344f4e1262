"""Providers and points: what may be declared, and what is recorded of the facts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.management import call_command
from django.core.management.base import SystemCheckError

from marketplace.kernel.labels import Label
from marketplace.rules.points import POINTS, TRADE_FACTS, Point, PointKind, vocabulary
from marketplace.rules.providers import PROVIDERS, FactProvider, recordable_facts
from marketplace.rules.states import strongest

LABEL = Label("test", "試験")


def load(subject: str) -> dict[str, object]:
    return {}


@pytest.fixture
def known() -> Iterator[dict[str, FactProvider]]:
    """The register, put back as it was afterwards."""
    before = dict(PROVIDERS)
    yield PROVIDERS
    PROVIDERS.clear()
    PROVIDERS.update(before)


@pytest.mark.parametrize(
    ("name", "types"),
    [
        ("Guest", {"kind": "string"}),
        ("guest", {"in": "string"}),
        ("guest", {"known": "bool"}),
        ("guest", {"kind.of": "string"}),
        ("guest", {"price": "float"}),
        ("guest", {"names": "list(string"}),
        ("applicant", {"kind": "string"}),
    ],
)
def test_a_provider_is_declared_well_or_not_at_all(known, name, types):
    before = dict(known)
    with pytest.raises(ValueError, match=name):
        FactProvider(name=name, types=types, load=load)
    assert known == before


def test_a_provider_enters_the_register(known):
    guest = FactProvider(name="guest", types={"kind": "string", "score": "int?"}, load=load)
    assert known["guest"] is guest


TYPES = {
    "g.flag": "bool",
    "g.count": "int",
    "g.name": "string?",
    "g.at": "timestamp",
    "g.list": "list(string)",
    "g.sizes": "list(int)",
}


def test_facts_are_recorded_as_json():
    tokyo = timezone(timedelta(hours=9))
    facts = {
        "g.flag": True,
        "g.count": 3,
        "g.name": "名",
        "g.at": datetime(2026, 11, 21, 9, 0, tzinfo=tokyo),
        "g.list": ("a", "b"),
        "g.sizes": [1],
        "g.unasked": "left out",
    }
    assert recordable_facts(facts, TYPES) == {
        "g.flag": True,
        "g.count": 3,
        "g.name": "名",
        "g.at": "2026-11-21T00:00:00+00:00",
        "g.list": ["a", "b"],
        "g.sizes": [1],
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("g.flag", 1),
        ("g.flag", "true"),
        ("g.count", True),
        ("g.count", 1.0),
        ("g.count", 2**53),
        ("g.name", 7),
        ("g.name", "a\x00"),
        ("g.at", "2026-11-21"),
        ("g.at", datetime(2026, 11, 21)),  # noqa: DTZ001  the naive instant is the point
        ("g.list", "ab"),
        ("g.list", ["a", 1]),
        ("g.sizes", [True]),
    ],
)
def test_a_fact_of_another_type_counts_as_not_known(name, value, caplog):
    good = {
        "g.flag": False,
        "g.count": 0,
        "g.at": datetime(2026, 1, 1, tzinfo=UTC),
        "g.list": [],
        "g.sizes": [],
    }
    assert recordable_facts(good | {name: value}, TYPES)[name] is None
    assert name in caplog.text


def test_what_a_provider_leaves_out_is_not_known():
    assert recordable_facts({}, TYPES) == dict.fromkeys(TYPES)


def test_a_fee_cannot_know_who_takes_part():
    fee: dict[str, Any] = {"code": "fee", "label": LABEL, "kind": PointKind.TARIFF}
    with pytest.raises(ValueError, match="does not know who"):
        Point(**fee)
    with pytest.raises(ValueError, match="would know who"):
        Point(**fee, neutral=True, providers=("applicant",))
    with pytest.raises(ValueError, match="would know who"):
        Point(**fee, neutral=True, given={"trade": {"seller": "string"}})
    with pytest.raises(ValueError, match="would know who"):
        Point(**fee, neutral=True, given={"applicant": {"kind": "string"}})


def test_the_points_of_the_market():
    spoken = vocabulary()["points"]
    assert {code: (row["kind"], row["default"], row["neutral"]) for code, row in spoken.items()} == {
        "admission": ("decision", "hold", False),
        "publication": ("decision", "hold", False),
        "conclusion": ("decision", "hold", False),
        "trading": ("decision", "allow", True),
        "shortfall": ("decision", "allow", False),
        "trade_fee": ("tariff", "hold", True),
    }
    assert spoken["trade_fee"]["facts"] == {f"trade.{name}": kind for name, kind in TRADE_FACTS.items()}
    assert spoken["admission"]["parties"] == ["applicant.organisation"]
    assert spoken["admission"]["facts"]["market.now"] == "timestamp"
    assert set(spoken) == set(POINTS)


def test_a_point_whose_provider_nobody_registered_is_refused_at_start_up(known):
    del known["quality"]
    with pytest.raises(SystemCheckError, match=r"rules\.E001"):
        call_command("check")
    (error,) = run_checks()
    assert error.id == "rules.E001"
    assert error.msg == "the rule point publication names the fact provider quality, which nobody registered"
    assert "facts.py" in error.hint


def test_every_provider_of_a_point_is_registered():
    assert [message.id for message in run_checks() if message.id == "rules.E001"] == []
    assert [name for point in POINTS.values() for name in point.providers if name not in PROVIDERS] == []


def test_outcomes_have_an_order():
    assert strongest(["allow", "warn"]) == "warn"
    assert strongest(["deny", "hold", "allow"]) == "deny"
    with pytest.raises(ValueError, match="empty"):
        strongest([])
