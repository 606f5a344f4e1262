"""A stranger recomputes a bundle with the programs that we ship; what was tampered with is named."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from marketplace.jobs.runner import run_due
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.rules import services as rules
from marketplace.rules.neutrality import services
from marketplace.rules.neutrality.models import NeutralityBundle
from tests.clearing import factories as clearing
from tests.listings import factories as listings
from tests.participants import factories as participants
from tests.rules.factories import fixture_document, rule
from tests.standing import made_once
from verification.verify import RECOMPUTED

from .running import Rows, run_alone, tampered

pytestmark = pytest.mark.django_db

NOT_CHECKED = {
    "log: not checked, name it by --log",
    "not checked: decisions, run replay.py",
    "not checked: tariffs, run replay.py",
}
TIERS = [{"from_minor": 0, "rate_bp": 500}, {"from_minor": 100_000, "rate_bp": 300}]


def document() -> dict[str, Any]:
    """The demo market's rules, and a fee with tiers."""
    stated = copy.deepcopy(clearing.RULEBOOK)
    stated["tariffs"][0] |= {"tiers": TIERS, "minimum_minor": 0}
    named = rule("NAME", "applicant.organisation == 'org_01JABCDEFGHJKMNPQRSTVWXYZ0'", point="admission")
    return stated | {"rules": [*fixture_document()["rules"], named]}


@made_once
def bundle() -> NeutralityBundle:
    """The bundle of a day with decisions, trades, a cycle and listings."""
    market = clearing.market(document())
    for at in range(3):
        clearing.accepted(market, f"buyer{at}", f"seller{at}", 150_000)
        admission = participants.application_for(market.party(f"buyer{at}"))
        rules.evaluate(point="admission", subject=admission.public_id)
        listings.published(listings.seller(f"S{at}"))
    clearing.clear(market)
    day = clock.today()
    for at in range(3):
        client = participants.client_of(market.party(f"buyer{at}"))
        assert len(client.get("/api/v1/catalogue/", {"text": "Takamatsu"}).json()["results"]) == 3
    clock.move_to(clock.now() + timedelta(days=1))
    asked = services.ask_for_bundle(actor=SYSTEM, first_day=day, last_day=day)
    run_due("documents")
    asked.refresh_from_db()
    return asked


@pytest.fixture
def file(tmp_path: Path) -> Callable[[bytes], Path]:
    """Writes a bundle to a file."""

    def write(content: bytes, name: str = "bundle.zip") -> Path:
        target = tmp_path / name
        target.write_bytes(bytes(content))
        return target

    return write


def test_a_stranger_recomputes_everything(bundle, file, tmp_path):
    status, output = run_alone("verify.py", file(bundle.content), folder=tmp_path)
    assert status == 0, output
    assert checks(output) == [*RECOMPUTED]
    assert set(output.splitlines()) >= NOT_CHECKED
    status, output = run_alone("replay.py", file(bundle.content), folder=tmp_path)
    assert status == 0, output
    for line in (
        "decisions: ok",
        "tariffs: ok",
        "fees: ok",
        "rebates: ok",
        "ranking: ok",
        "order: ok",
        "fees: 3 rows, 3 of them for everybody",
        "rebates: 3 rows, 3 of them for everybody",
        "order: 6 rows, 6 of them for everybody",
    ):
        assert line in output.splitlines(), output


def test_the_auditor_opens_and_replays_the_rest(bundle, file, tmp_path):
    opened = file(bundle.auditors_content, "auditors.zip")
    status, output = run_alone("replay.py", file(bundle.content), "--auditors", opened, folder=tmp_path)
    assert status == 0, output
    assert {"openings: ok", "withheld: ok"} <= set(output.splitlines())


def checks(output: str) -> list[str]:
    """The checks that a program says found nothing, in order."""
    return [line.removesuffix(": ok") for line in output.splitlines() if line.endswith(": ok")]


def test_the_replayer_checks_all_that_the_verifier_does_and_what_needs_the_language(bundle, file, tmp_path):
    _, output = run_alone("replay.py", file(bundle.content), folder=tmp_path)
    assert checks(output) == [*RECOMPUTED, "decisions", "tariffs"]
    assert "not checked" not in output


def test_what_only_the_replayer_finds_the_verifier_says_it_does_not_check(bundle, file, tmp_path):
    changed = file(tampered(bundle.content, "decisions.jsonl", _fact))
    status, output = run_alone("verify.py", changed, folder=tmp_path)
    assert (status, set(output.splitlines()) >= NOT_CHECKED) == (1, True), output
    assert "decision_differs" not in output


def test_django_is_not_there(tmp_path):
    (tmp_path / "probe.py").write_text("import django")
    status, output = run_alone(str(tmp_path / "probe.py"), folder=tmp_path)
    assert (status, "No module named 'django'" in output) == (1, True)


def _outcome(rows: Rows) -> None:
    row = next(row for row in rows if row.get("outcome") == "warn" or row.get("outcome") == "allow")
    row["outcome"] = "deny"


def _reason(rows: Rows) -> None:
    row = next(row for row in rows if row.get("reasons"))
    row["reasons"][0]["rule"] = "NONE"


def _fact(rows: Rows) -> None:
    row = next(row for row in rows if "applicant.antisocial_forces_excluded" in row.get("facts", {}))
    row["facts"]["applicant.antisocial_forces_excluded"] = False


def _change(**columns: Any) -> Callable[[Rows], None]:
    def change(rows: Rows) -> None:
        row = next(row for row in rows if set(columns) <= set(row))
        row.update(columns)

    return change


def _rule(rows: Rows) -> None:
    rows[0]["document"]["rules"][0]["outcome"] = "allow"


def _price(rows: Rows) -> None:
    rows[0]["facts"]["trade.price_minor"] += 1_000


def _place(rows: Rows) -> None:
    sample = next(row for row in rows if row["results"])
    sample["results"][0]["relevance"] += 5


def _place_otherwise(rows: Rows) -> None:
    """The order of a search that was shown is another."""
    shown = next(row for row in rows if "shown_on" in row)
    shown["results"].reverse()


def _shown_on_no_day(rows: Rows) -> None:
    """A search that was shown says no day."""
    del next(row for row in rows if "shown_on" in row)["shown_on"]


def _sample_of_itself(rows: Rows) -> None:
    """A search that the market made does not say so."""
    del next(row for row in rows if row.get("is_sample"))["is_sample"]


def _overtake(rows: Rows) -> None:
    rows[0]["overtaken_by"] = 1


TAMPERINGS = {
    "outcome": ("decisions.jsonl", _outcome, "decision_differs"),
    "reason": ("decisions.jsonl", _reason, "reason_not_stated"),
    "fact": ("decisions.jsonl", _fact, "decision_differs"),
    "day": ("decisions.jsonl", _change(decided_on="2020-01-01"), "not_of_the_period"),
    "rulebook": ("rulebooks.jsonl", _rule, "rulebook_changed"),
    "later rulebook": (
        "rulebooks.jsonl",
        _change(effective_from="2999-01-01T00:00:00+00:00"),
        "not_in_force",
    ),
    "missing rulebook": ("rulebooks.jsonl", _change(number=2), "rulebook_missing"),
    "fee": ("fees.jsonl", _change(fee_minor=1), "fee_differs"),
    "tariff": ("fees.jsonl", _change(tariff="OTHER"), "tariff_differs"),
    "price": ("fees.jsonl", _price, "fee_differs"),
    "rebate": ("rebates.jsonl", _change(rebate_minor=1), "rebate_differs"),
    "relevance": ("ranking.jsonl", _place, "relevance_differs"),
    "shown order": ("ranking.jsonl", _place_otherwise, "ranked_otherwise"),
    "shown on": ("ranking.jsonl", _change(shown_on="2020-01-01"), "not_of_the_period"),
    "shown on no day": ("ranking.jsonl", _shown_on_no_day, "not_of_the_period"),
    "sample unmarked": ("ranking.jsonl", _sample_of_itself, "not_of_the_period"),
    "words": ("ranking.jsonl", _change(others=3), "relevance_differs"),
    "order": ("order.jsonl", _overtake, "order_differs"),
    "dropped": ("decisions.jsonl", lambda rows: rows.pop() and None, "figures_differ"),
}


def names(output: str, code: str) -> bool:
    """Whether a program names a fault of this code."""
    return any(line.startswith((f"  {code} ", f"  {code}:")) for line in output.splitlines())


@pytest.mark.parametrize(("name", "change", "code"), TAMPERINGS.values(), ids=TAMPERINGS)
def test_what_was_tampered_with_is_named(bundle, file, tmp_path, name, change, code):
    status, output = run_alone("replay.py", file(tampered(bundle.content, name, change)), folder=tmp_path)
    assert (status, names(output, code)) == (1, True), output


def test_a_changed_file_is_named(bundle, file, tmp_path):
    opened = file(bundle.auditors_content, "auditors.zip")
    changed = tampered(bundle.content, "decisions.jsonl", _change(content="0" * 64))
    status, output = run_alone("replay.py", file(changed), "--auditors", opened, folder=tmp_path)
    assert status == 1
    assert names(output, "other_bundle")
    assert names(output, "commitment_differs")


def test_what_is_no_bundle_is_said(file, tmp_path):
    for program in ("verify.py", "replay.py"):
        status, output = run_alone(program, file(b"nothing"), folder=tmp_path)
        assert (status, output.splitlines()[0].partition(":")[0]) == (2, "not a bundle")
