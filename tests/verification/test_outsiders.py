"""An outsider who joins a public bundle with the public catalogue finds nobody: neither who sold, nor who was decided on."""

from __future__ import annotations

import re
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from marketplace.jobs.runner import run_due
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.participants import services as admissions
from marketplace.rules import services as rules
from marketplace.rules.neutrality import services
from marketplace.rules.neutrality.models import NeutralityBundle
from tests.clearing import factories as clearing
from tests.listings import factories as listings
from tests.participants import factories as participants
from tests.rules.neutrality.factories import unpacked
from tests.standing import made_once

from .running import run_alone, tampered
from .test_neutrality import document

pytestmark = pytest.mark.django_db

COMMON, LONELY = 150_000, 170_000
EXACT_MOMENT = re.compile(r"T\d\d:\d\d:\d\d\.\d")


@made_once
def bundle() -> NeutralityBundle:
    """The bundle of a day on which three sold at one price and one at its own, and one of four is barred by law."""
    market = clearing.market(document())
    for at, price in enumerate((COMMON, COMMON, COMMON, LONELY)):
        seller = market.party(f"seller{at}")
        participants.admit(seller, "environment", "seller")
        listings.published(seller, offer=listings.offer(price_minor=price))
        clearing.accepted(market, f"buyer{at}", f"seller{at}", price)
        apply(market.party(f"buyer{at}"), is_barred=price == LONELY)
    clearing.clear(market)
    day = clock.today()
    clock.move_to(clock.now() + timedelta(days=1))
    asked = services.ask_for_bundle(actor=SYSTEM, first_day=day, last_day=day)
    run_due("documents")
    asked.refresh_from_db()
    return asked


def apply(applicant: Any, *, is_barred: bool) -> None:
    """The rules decide on an application in which the applicant says whether it is barred."""
    participants.segment("mobility")
    admission = admissions.apply_for_admission(
        actor=participants.actor_for(applicant),
        segment="mobility",
        capacity="buyer",
        declarations={**participants.DECLARATIONS, "barred_by_privacy_law": is_barred},
    )
    rules.evaluate(point="admission", subject=admission.public_id)


def shown(files: dict[str, Any], part: str) -> list[dict[str, Any]]:
    return [row for row in files[f"{part}.jsonl"] if "withheld" not in row]


def test_no_fee_says_which_seller_of_the_catalogue_sold(bundle, api):
    sellers: dict[int, set[str]] = {}
    for entry in api.get("/api/v1/catalogue/").json()["results"]:
        sellers.setdefault(entry["offer"]["price_minor"], set()).add(entry["seller"]["id"])
    assert {price: len(found) for price, found in sellers.items()} == {COMMON: 3, LONELY: 1}
    files = unpacked(bundle.content)
    assert [row["facts"]["trade.price_minor"] for row in shown(files, "fees")] == [COMMON] * 3
    assert [row["volume_minor"] for row in shown(files, "rebates")] == [COMMON] * 3
    assert bundle.figures["parts"]["fees"] == {"rows": 4, "withheld": {"few_parties": 1}}


def test_no_decision_says_of_whom_it_is(bundle):
    files = unpacked(bundle.content)
    barred = [row["facts"].get("applicant.barred_by_privacy_law") for row in shown(files, "decisions")]
    assert Counter(barred)[False] == 3
    assert True not in barred
    assert bundle.figures["parts"]["decisions"]["withheld"]["few_parties"] >= 1
    for part in ("decisions", "fees", "rebates"):
        assert not EXACT_MOMENT.search(str(files[f"{part}.jsonl"]))


def test_a_row_that_stands_alone_is_named(bundle, tmp_path):
    def alone(rows: list[dict[str, Any]]) -> None:
        next(row for row in rows if "facts" in row)["facts"]["trade.price_minor"] = LONELY

    (tmp_path / "bundle.zip").write_bytes(tampered(bundle.content, "fees.jsonl", alone))
    status, output = run_alone("verify.py", "bundle.zip", folder=tmp_path)
    assert (status, "  row_identifies " in output) == (1, True), output


def test_both_files_verify(bundle, tmp_path):
    (tmp_path / "bundle.zip").write_bytes(bytes(bundle.content))
    (tmp_path / "auditors.zip").write_bytes(bytes(bundle.auditors_content))
    status, output = run_alone("replay.py", "bundle.zip", "--auditors", "auditors.zip", folder=tmp_path)
    assert status == 0, output
