"""A notice by the seller takes no price: what is not enjoyed comes back, whatever was agreed of a notice by the buyer."""

from __future__ import annotations

import pytest
from psycopg.types.json import Jsonb

from contracts import services
from contracts.ending.consequences import words_of
from contracts.ending.queries import consequences_shown
from contracts.models import Adjustment
from marketplace.kernel import clock
from tests.participants.factories import client_of

from .. import factories
from ..raw import copied, refused
from .test_endings import CONCLUDED, LAST_DAY, YEAR, end

pytestmark = pytest.mark.django_db


def test_a_notice_by_the_seller_returns_what_is_not_enjoyed_whatever_was_agreed_of_the_buyers(market):
    clock.move_to(CONCLUDED, running=False)
    kept = {**YEAR, "ending": {"convenience_notice_days": 1, "refund": "none"}}
    agreement = factories.agreement(market, **kept)
    asked = {"ground": "convenience", "last_day": LAST_DAY, "refund": None}
    by_buyer = consequences_shown(agreement, **asked, party="buyer")
    assert (by_buyer["refund"], by_buyer["refund_minor"], "by_seller" in by_buyer) == ("none", 0, False)
    ending = end(market, agreement, "seller", ground="convenience")
    assert (ending.refund, ending.refund_minor) == ("pro_rata", 600_000)
    assert "提供者による解約の通知です" in words_of(ending.consequences)["ja"]
    as_buyer = {"party": "buyer", "proposed_by": market.buyer.identifier}
    for changes in (
        {"refund": "none", "refund_minor": 0},
        {"refund": "pro_rata", **as_buyer},
    ):
        said = {name: value for name, value in changes.items() if name in ("refund", "refund_minor")}
        statement, parameters = copied(
            "contracts_ending",
            ending.pk,
            public_id="end_raw",
            proposed_at=clock.now(),
            consequences=Jsonb({**ending.consequences, **said, "by_seller": "party" not in changes or None}),
            **changes,
        )
        refused("no such notice", statement, *parameters)
    clock.move_to(ending.access_until, running=False)
    assert services.carry_out_endings() == 1
    assert Adjustment.objects.get().amount_minor == 600_000


def test_the_seller_reads_what_follows_from_its_own_notice(market):
    clock.move_to(CONCLUDED, running=False)
    kept = {**YEAR, "ending": {"convenience_notice_days": 1, "refund": "none"}}
    path = f"/api/v1/agreements/{factories.agreement(market, **kept).public_id}/ending/"
    asked = {"ground": "convenience", "last_day": LAST_DAY.isoformat()}
    shown = {
        name: client_of(market.organisation(name)).get(path, asked).json()["consequences"]["refund_minor"]
        for name in ("buyer", "seller")
    }
    assert shown == {"buyer": 0, "seller": 600_000}
