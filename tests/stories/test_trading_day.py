"""The trading day of the demo market, told from its report and its database."""

from __future__ import annotations

import os
import threading
import time

import pytest
from django.db import connection
from rest_framework.test import APIClient

from clearing.cycles.queries import cycle_summaries
from clearing.trades.states import TradeState
from clearing.trades.waiting import WAITS_FOR_PERIOD
from contracts import queries as contracts
from fixtures.day.progress import Progress
from fixtures.day.runner import Day
from fixtures.declaration import read
from listings.states import PERIODIC
from marketplace.events import queries as events
from marketplace.kernel.invariants import verify_all
from marketplace.kernel.permissions import Permission
from marketplace.rules.rescreening.models import Rescreening

from .conftest import Market, running_market, without_times_and_identifiers

FOUND_WITHIN_SECONDS = 170
DECLARED = read()
PURCHASES = DECLARED.purchases(1) + DECLARED.purchases(2)
CHARGED = DECLARED.course("charged")
RUNNING = [key for key, row in CHARGED.items() if row["charging"]["kind"] in PERIODIC]
"""Whose first period runs on at the day's end."""


def test_a_finished_day_is_reported_again_unchanged(market, report):
    assert market.run_day() == report


def test_twelve_and_more_take_part_and_one_is_refused(report):
    people = report["participants"]
    assert people["admitted"] == len(DECLARED.applicants) - 1
    assert people["admitted"] >= 12
    assert (people["refused"], people["suspended"]) == (1, 1)


def test_ten_listings_are_published_and_one_is_refused(report):
    assert report["listings"]["published"] == 10
    assert report["listings"]["refused"] == 1


def test_every_declared_purchase_became_a_trade_and_took_its_course(report):
    trades = report["trades"]
    assert len(PURCHASES) >= 62
    assert report["agreements"] == trades["concluded"] == len(PURCHASES)
    assert (trades["failed"], trades["refunded"], trades["held"]) == (1, 1, 0)
    assert trades["cleared"] == len(PURCHASES) - 2 - len(RUNNING)


def test_what_was_sent_is_what_arrived(report):
    deliveries = report["deliveries"]
    assert deliveries["granted"] == len(PURCHASES) - 1
    assert deliveries["matched"] == deliveries["granted"]
    assert deliveries["disputed"] == len(DECLARED.raw["disputes"])


def test_both_cycles_settled_with_fewer_payments_and_less_value(report):
    assert [cycle["state"] for cycle in report["cycles"] if cycle["trades"]] == ["settled", "settled"]
    for cycle in report["cycles"][:2]:
        assert 0 < cycle["net_minor"] < cycle["gross_minor"]
        assert 0 < cycle["payments_after"] < cycle["payments_before"]
        assert len(cycle["input_hash"]) == len(cycle["output_hash"]) == 64
    held_over = len(DECLARED.raw["disputes"])
    assert report["cycles"][0]["trades"] == len(DECLARED.purchases(1)) - held_over - 1
    assert report["cycles"][1]["trades"] == len(DECLARED.purchases(2)) + 1 - len(RUNNING)


def test_each_way_of_charging_is_concluded_as_declared(report):
    declared = {row["charging"]["kind"]: (1, row["charging"]["charges"]) for row in CHARGED.values()}
    charged = {kind: (row["agreements"], row["charges"]) for kind, row in report["charging"].items()}
    assert charged == declared
    assert set(declared) == {"instalment", "metered", "subscription"}


def test_what_both_amend_has_a_second_version(report):
    amended = len(DECLARED.raw["amended"])
    assert (
        report["amended"] == {"agreements": amended, "versions": amended} == {"agreements": 1, "versions": 1}
    )


def test_the_price_of_pooled_data_is_divided_as_all_its_sellers_signed(report):
    (pool,) = DECLARED.raw["pools"]
    price_minor = next(row["price_minor"] for row in DECLARED.listings if row["code"] == pool["listing"])
    # What was accepted before the pool's first day is the lead's alone: those are the trades of the first cycle.
    trades = sum(purchase.listing == pool["listing"] for purchase in DECLARED.purchases(2))
    assert report["pooled"] == {
        "trades": trades,
        "members": len(pool["shares"]) - 1,
        "members_minor": trades * (price_minor // 3),
    }


def test_what_ends_early_returns_the_price_of_the_days_left(report):
    (ended,) = DECLARED.raw["ended_early"]
    price_minor = next(row["price_minor"] for row in DECLARED.listings if row["code"] == ended["listing"])
    # Concluded on 2026-11-25 for a year, whose first day is not counted; the last day of use is the fourth of 365.
    assert report["ended_early"] == {"mutual": {"agreements": 1, "returned_minor": price_minor * 361 // 365}}


def test_what_was_held_or_ended_says_why(report):
    outcomes = {
        "redelivery": "in cycle JPY-2026-0002",
        "refund": "cancelled, money returned to the buyer",
    }
    references = {purchase.key: purchase.reference for purchase in PURCHASES}
    disputed = {
        references[key]: ("JPY-2026-0001", "a dispute is open", outcomes[row["outcome"]])
        for key, row in DECLARED.course("disputes").items()
    }
    held = {
        row["business_key"].split(":")[1]: (row["cycle"], row["reason"], row["became"])
        for row in report["left_out"]
    }
    running = {
        references[key]: ("JPY-2026-0002", str(WAITS_FOR_PERIOD.label), str(TradeState.SECURED.label))
        for key in RUNNING
    }
    assert held == disputed | running
    ended = {row["business_key"].split(":")[1]: row["reason"] for row in report["ended"]}
    (unfunded,) = DECLARED.course("unfunded")
    (undone,) = (key for key, row in DECLARED.course("disputes").items() if row["outcome"] == "refund")
    assert ended == {
        references[unfunded]: "not paid for in time",
        references[undone]: "refunded after a dispute",
    }
    assert {
        row["business_key"].split(":")[1]: row["reason_code"] for row in report["waiting"]
    } == dict.fromkeys(running, WAITS_FOR_PERIOD.code)


def test_a_document_comes_in_the_kind_its_address_names(market, report):
    headers = {"HTTP_ACCEPT": "application/json", "HTTP_AUTHORIZATION": f"Bearer {operator_token(market)}"}
    client = APIClient()
    invoice = client.get("/api/v1/invoices/", **headers).json()["results"][0]["id"]
    answer = client.get(f"/api/v1/invoices/{invoice}/document.pdf/", **headers)
    assert (answer.status_code, answer["Content-Type"], answer.content[:5]) == (
        200,
        "application/pdf",
        b"%PDF-",
    )
    transfer = client.get("/api/v1/transfer-files/", **headers).json()["results"][0]["id"]
    answer = client.get(f"/api/v1/transfer-files/{transfer}/content/", **headers)
    assert (answer.status_code, len(answer.content) % 120 == 0 or b"\r\n" in answer.content) == (200, True)
    refusal = client.get("/api/v1/invoices/inv_nobody/document.pdf/", **headers)
    assert (refusal.status_code, refusal.json()["code"]) == (404, "not_found")


def operator_token(market: Market) -> str:
    """A token of a person of the operator who reads the books of clearing."""
    with open(os.devnull, "w") as nowhere:
        day = Day(DECLARED, Progress(1, nowhere), market.base_url)
        return day.token(DECLARED.operator["code"], Permission.CLEARING_READ)


def test_the_books_balance_and_everything_was_handled(report):
    assert report["ledger"]["imbalance_minor"] == 0
    assert report["ledger"]["postings"] > report["ledger"]["entries"] > 0
    assert report["events"]["pending"] == 0
    assert report["events"]["handled"] > report["events"]["emitted"] > 0
    assert report["evidence"]["verified"] is True
    assert report["evidence"]["witnessed"] >= 1
    assert report["evidence"]["checkpoints"] >= report["evidence"]["witnessed"]
    assert report["invariants"]["broken"] == []
    assert report["invariants"]["checked"] >= 20


def test_the_checker_finds_nothing(report):
    assert {name: breaches for name, breaches in verify_all().items() if breaches} == {}
    assert events.handler_failures() == []


def test_who_was_evaluated_again_does_not_hang_on_when_a_sweep_came_by(report):
    assert list(Rescreening.objects.values_list("evaluated", "stopped")) == [(0, 0)]


def test_the_suspended_participant_left_nothing_behind(report):
    assert contracts.negotiation_count() == len(PURCHASES) + len(DECLARED.raw["amended"])


@pytest.mark.parametrize(
    "key", ["participants", "listings", "trades", "deliveries", "ledger", "events", "evidence"]
)
def test_the_report_has_what_an_operator_reads(report, key):
    assert report[key]


def kill_while_clearing(market: Market, killed: threading.Event) -> None:
    """Kill -9 the worker as soon as a cycle is between its cut-off and its settlement, then start another."""
    deadline = time.monotonic() + FOUND_WITHIN_SECONDS
    while time.monotonic() < deadline:
        states = {cycle["state"] for cycle in cycle_summaries()}
        if states & {"closing", "validated", "netted", "posted"}:
            market.worker.kill()
            killed.set()
            time.sleep(0.5)
            market.worker.start()
            break
        time.sleep(0.005)
    connection.close()


def test_a_worker_killed_while_clearing_changes_nothing(report, eve, tmp_path):
    with running_market(eve, tmp_path) as market:
        killed = threading.Event()
        killer = threading.Thread(target=kill_while_clearing, args=(market, killed))
        killer.start()
        interrupted = market.run_day()
        killer.join(10)
        assert killed.is_set(), "the worker was not caught in the act"
        assert {name: breaches for name, breaches in verify_all().items() if breaches} == {}
    assert without_times_and_identifiers(interrupted) == without_times_and_identifiers(report)
