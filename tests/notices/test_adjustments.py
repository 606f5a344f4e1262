"""Both parties are told of a correction: on what ground, and who pays whom."""

from __future__ import annotations

import pytest

from marketplace.events.schemas.contracts import CLAUSE_REASON, ENDED_EARLY, AdjustmentDue
from marketplace.notices.handlers.adjustments import on_adjustment_due
from marketplace.notices.models import Notice
from tests.participants import factories as parties

from .factories import handle

pytestmark = pytest.mark.django_db


@pytest.fixture
def due():
    parties.operator()
    return {
        "adjustment": "adj_1",
        "agreement": "agr_1",
        "debtor": parties.organisation("売").public_id,
        "creditor": parties.organisation("買").public_id,
        "amount_minor": 20_000,
        "currency": "JPY",
    }


def told() -> dict[str, tuple[str, str]]:
    """Title in Japanese and body in English, by the reader's name."""
    rows = Notice.objects.filter(subject="agr_1").select_related("organisation")
    return {row.organisation.name_ja: (row.title["ja"], row.body["en"]) for row in rows}


@pytest.mark.parametrize(
    ("reason_code", "ground"),
    [
        (f"{CLAUSE_REASON}index", "Ground: a clause of the contract."),
        (ENDED_EARLY, "Ground: the end of the agreement before its term."),
        ("faulty_rows", "Ground: a decision of the operator (faulty_rows)."),
    ],
)
def test_who_pays_and_who_receives_read_the_ground(due, reason_code, ground):
    handle(on_adjustment_due, AdjustmentDue(**due, reason_code=reason_code, charge=2))
    pays, receives = told()["組織売"], told()["組織買"]
    assert (pays[0], receives[0]) == (
        "組織買 への ¥20,000 の調整額が生じました",
        "組織売 からの ¥20,000 の調整額が生じました",
    )
    assert (ground in pays[1], ground in receives[1]) == (True, True)
    assert "Agreement agr_1 is corrected (charge 2) by ¥20,000 without tax, which you pay" in pays[1]


def test_a_correction_of_one_price_names_no_charge(due):
    handle(on_adjustment_due, AdjustmentDue(**due, reason_code=ENDED_EARLY))
    assert "Agreement agr_1 is corrected by ¥20,000" in told()["組織買"][1]
