"""Bundles that a market would forge to hide something from the verifier: each is named, and so is where."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from marketplace.rules.neutrality.suppression import PARTIES_MIN
from verification import verify

from .running import run_alone

Files = dict[str, Any]
WORD = {
    "text": "takamatsu",
    "words": ["takamatsu"],
    "others": 0,
    "either": False,
    "is_sample": True,
    "results": [{"listing": "lst_1", "newer": 1, "relevance": 607927, "places": {"takamatsu": [[1, "A"]]}}],
}


def files() -> Files:
    """What a small bundle holds: three fees that look alike, a search, and a queue in which nothing was overtaken."""
    document = {
        "rules": [],
        "tariffs": [{"code": "T", "rate_bp": 100, "minimum_minor": 0, "cap_minor": None}],
    }
    fees = [
        {"item": f"{at}", "rulebook": "rbk_1", "tariff": "T", "fee_minor": 10, "concluded_on": "2026-12-31"}
        | {"facts": {"trade.price_minor": 1_000}}
        for at in range(3)
    ]
    times = ("09:00:00", "09:05:00"), ("09:01:00", "09:06:00")
    order = [
        {"item": f"o{at}", "queue": "q", "overtaken_by": 0}
        | {
            name: f"2026-12-31T{time}+00:00"
            for name, time in zip(("received_at", "processed_at"), each, strict=True)
        }
        for at, each in enumerate(times)
    ]
    counted = {"decisions": 0, "fees": 3, "rebates": 0, "order": 2}
    table = {"total": {"parties": 3}, "classes": {"large": {"parties": 3}}}
    return {
        "manifest": {
            "format": verify.FORMAT,
            "bundle": "nbl_1",
            "first_day": "2026-12-31",
            "last_day": "2027-01-01",
            "time_zone": "Asia/Tokyo",
            "parties_min": PARTIES_MIN,
        },
        "figures.json": {
            "parts": {part: {"rows": rows, "withheld": {}} for part, rows in counted.items()},
            "decisions": {},
            "classes": {"participants": {"size": table}, "measures": {}},
        },
        "rulebooks.jsonl": [
            {"rulebook": "rbk_1", "number": 1, "effective_from": "2026-01-01T00:00:00+00:00"}
            | {"document": document, "digest": verify.digest_of(document)}
        ],
        "fees.jsonl": fees,
        "order.jsonl": order,
        "ranking.jsonl": [WORD],
    }


def packed(stated: Files) -> bytes:
    """The archive, with the hashes of its files in its manifest."""
    texts = {
        name: "".join(
            f"{json.dumps(each)}\n" for each in (content if isinstance(content, list) else [content])
        )
        for name, content in stated.items()
        if name != "manifest"
    }
    listed = {name: {"sha256": hashlib.sha256(text.encode()).hexdigest()} for name, text in texts.items()}
    texts["manifest.json"] = json.dumps(stated["manifest"] | {"files": listed})
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, text in texts.items():
            archive.writestr(name, text)
    return made.getvalue()


def faults(folder: Path, forge: Callable[[Files], None] = lambda _: None) -> list[tuple[str, str]]:
    """What the verifier finds in a forged bundle: codes, with the text of what it is about."""
    stated = json.loads(json.dumps(files()))
    forge(stated)
    (folder / "bundle.zip").write_bytes(packed(stated))
    found = verify.recompute(verify.Published(folder / "bundle.zip"), verify.RECOMPUTED)
    return [(fault.code, f"{fault.item}: {fault.text}") for each in found.values() for fault in each]


def test_the_bundle_that_nobody_forged_has_no_fault(tmp_path):
    assert verify.PARTIES_MIN == PARTIES_MIN
    assert faults(tmp_path) == []


def _promise_one(stated: Files) -> None:
    stated["manifest"]["parties_min"] = 1


def _show_one(stated: Files) -> None:
    """A row that stands alone, in a bundle that promises no more."""
    _promise_one(stated)
    stated["fees.jsonl"][0] |= {"fee_minor": 20, "facts": {"trade.price_minor": 2_000}}


def _count_one(stated: Files) -> None:
    _promise_one(stated)
    stated["figures.json"]["classes"]["participants"]["size"]["total"]["parties"] = 1


def _promise_nothing(stated: Files) -> None:
    del stated["manifest"]["parties_min"]


def _overtake(stated: Files) -> None:
    """The second is processed before the first, in words that sort behind it: 09:03 in London is 18:03 in Tokyo."""
    stated["order.jsonl"][1]["processed_at"] = "2026-12-31T18:03:00+09:00"


def _answer_before(stated: Files) -> None:
    """It is processed before it is received, four hours earlier in the day of another zone."""
    stated["order.jsonl"][0]["processed_at"] = "2026-12-31T17:00:00+09:00"


def _no_zone(stated: Files) -> None:
    stated["order.jsonl"][0]["received_at"] = "2026-12-31T09:00:00"


def _nanoseconds(stated: Files) -> None:
    stated["order.jsonl"][0]["received_at"] = "2026-12-31T09:00:00.0000001+00:00"


def _week(stated: Files) -> None:
    """A day of January, written such that it sorts between the last of December and the first of January."""
    stated["fees.jsonl"][0]["concluded_on"] = "2026-W02-1"


def _shown_in_a_week(stated: Files) -> None:
    stated["ranking.jsonl"][0] |= {"is_sample": False, "shown_on": "2026-W02-1"}


def _not_a_number(stated: Files) -> None:
    stated["ranking.jsonl"][0]["results"][0]["relevance"] = float("nan")


def _infinite_figure(stated: Files) -> None:
    stated["figures.json"]["classes"]["participants"]["size"]["total"]["parties"] = float("inf")


def _no_object(stated: Files) -> None:
    stated["order.jsonl"].append([])


def _no_fee(stated: Files) -> None:
    del stated["fees.jsonl"][1]["fee_minor"]


def _no_rate(stated: Files) -> None:
    del stated["rulebooks.jsonl"][0]["document"]["tariffs"][0]["rate_bp"]


FORGERIES = {
    "promises one": (_promise_one, "too_few_promised", "manifest.json: it promises 1 parties"),
    "promises one and shows a row": (_show_one, "row_identifies", "0: 1 rows of fees look like it"),
    "promises one and counts one": (_count_one, "figures_identify", "participants by size"),
    "promises nothing": (_promise_nothing, "unreadable", "alike: manifest.json lacks parties_min"),
    "overtaken in another zone": (_overtake, "order_differs", "o0: states 0 overtakings, the moments give 1"),
    "processed first in another zone": (_answer_before, "processed_before_received", "o0: "),
    "no zone": (_no_zone, "unreadable", "'2026-12-31T09:00:00' is no instant"),
    "nanoseconds": (_nanoseconds, "unreadable", "is no instant"),
    "week": (_week, "unreadable", "'2026-W02-1' is no day"),
    "shown in a week": (_shown_in_a_week, "unreadable", "'2026-W02-1' is no day"),
    "not a number": (_not_a_number, "unreadable", "ranking.jsonl, line 1: NaN is no number"),
    "infinite": (_infinite_figure, "unreadable", "figures.json: Infinity is no number"),
    "no object": (_no_object, "unreadable", "order.jsonl, line 3: it is no object"),
    "no field": (_no_fee, "unreadable", "fees: fees.jsonl, line 2 lacks fee_minor"),
    "no field within": (_no_rate, "unreadable", "fees: rulebooks.jsonl, line 1 lacks rate_bp"),
}


@pytest.mark.parametrize(("forge", "code", "said"), FORGERIES.values(), ids=FORGERIES)
def test_what_was_forged_is_named(tmp_path, forge, code, said):
    found = faults(tmp_path, forge)
    assert any(each == code and said in text for each, text in found), found


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999"])
def test_what_is_no_number_is_read_nowhere(text):
    with pytest.raises(ValueError, match="is no number"):
        verify.read_json(f'[{{"value": {text}}}]')


def test_the_programs_name_what_is_no_number_and_where(tmp_path):
    stated = files()
    _not_a_number(stated)
    (tmp_path / "bundle.zip").write_bytes(packed(stated))
    with zipfile.ZipFile(tmp_path / "auditors.zip", "w") as archive:
        archive.writestr("manifest.json", '{"salt": "", "followed": []}')
        archive.writestr("openings.jsonl", '{"part": "fees"}\n{"part": NaN}\n')
    for program in ("verify.py", "replay.py"):
        status, output = run_alone(program, "bundle.zip", folder=tmp_path)
        assert (status, "  unreadable ranking.jsonl, line 1: NaN is no number" in output.splitlines()) == (
            1,
            True,
        ), output
    status, output = run_alone("replay.py", "bundle.zip", "--auditors", "auditors.zip", folder=tmp_path)
    assert (status, "NaN is no number" in output) == (2, True), output


def test_what_was_kept_is_not_passed_over_where_there_is_no_log(tmp_path):
    (tmp_path / "bundle.zip").write_bytes(packed(files()))
    (tmp_path / "kept").write_text("a checkpoint")
    status, output = run_alone("verify.py", "bundle.zip", "--kept", "kept", folder=tmp_path)
    assert (status, output.splitlines()[-1].endswith("name it by --log")) == (2, True), output
