#!/usr/bin/env python3
"""Recomputes a neutrality bundle of the market. Needs Python 3.11, nothing else.

    python neutrality.py BUNDLE.zip

Recomputed are the hashes of the files and of the rulebooks, which version was in force, fees and rebates, the ranking of
searches, the order of processing, and the suppression of figures. ``replay.py`` recomputes what needs the rules' language:
every decision, and which tariff applies. Every check stands in CHECKS; what is wrong has a code. Exit status: 0 verified,
1 faults, 2 nothing to verify.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import sys
import zipfile
from bisect import bisect_left, insort
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

FORMAT = "sanpo-neutrality/1"
PARTS = ("decisions", "fees", "rebates", "order")
ALIKE = ("decisions", "fees", "rebates")
PSEUDONYM = re.compile(r"(?:[a-z]{2,4}|~)_[0-9A-HJKMNP-TV-Z]{26}")
STRENGTH = ("allow", "warn", "hold", "deny")
WEIGHTS = {"A": 1.0, "B": 0.4, "C": 0.2, "D": 0.1}
SCALE = 1_000_000
FILE_BYTES_MAX = 1 << 30
FAULTS_SHOWN_MAX = 50
Row = dict[str, Any]


class Fault(NamedTuple):
    """What is wrong: a ``code`` for programs, the ``item`` of the bundle, and ``text`` for people."""

    code: str
    item: str
    text: str


class Unreadable(Exception):
    """The file is no neutrality bundle."""


class Bundle:
    """The files of a bundle, read whole."""

    def __init__(self, path: str) -> None:
        """Raises Unreadable."""
        try:
            with zipfile.ZipFile(path) as archive:
                if sum(entry.file_size for entry in archive.infolist()) > FILE_BYTES_MAX:
                    raise Unreadable("it is larger than this program reads")
                self.files = {name: archive.read(name) for name in archive.namelist()}
            self.manifest: Row = json.loads(self.files["manifest.json"])
            self.figures: Row = json.loads(self.files.get("figures.json", b"{}"))
            self.rows = {
                name: [json.loads(line) for line in self.files.get(f"{name}.jsonl", b"").splitlines()]
                for name in (*PARTS, "rulebooks", "ranking")
            }
        except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
            raise Unreadable(str(error)) from error
        if self.manifest.get("format") != FORMAT:
            raise Unreadable(f"its format is not {FORMAT}")

    @property
    def rulebooks(self) -> dict[str, Row]:
        """The versions of the rulebook by their identifiers."""
        return {row["rulebook"]: row for row in self.rows["rulebooks"]}

    def shown(self, part: str) -> list[Row]:
        """The rows of a part that are not withheld."""
        return [row for row in self.rows[part] if "withheld" not in row]


def canonical(value: Any) -> bytes:
    """Canonical JSON (RFC 8785) of what bundles hold: no fractions."""
    if isinstance(value, dict):
        ordered = sorted(value.items(), key=lambda pair: pair[0].encode("utf-16-be"))
        return b"{" + b",".join(canonical(key) + b":" + canonical(each) for key, each in ordered) + b"}"
    if isinstance(value, list):
        return b"[" + b",".join(map(canonical, value)) + b"]"
    return json.dumps(value, ensure_ascii=False).encode()


def digest_of(value: Any) -> str:
    """SHA-256 of the canonical JSON."""
    return hashlib.sha256(canonical(value)).hexdigest()


def wrong_files(bundle: Bundle) -> Iterator[Fault]:
    """Files that are missing, were added, or differ from the manifest."""
    listed = bundle.manifest["files"]
    for name in sorted((set(listed) | set(bundle.files)) - {"manifest.json"}):
        if name not in listed or name not in bundle.files:
            yield Fault("file_missing", name, "it stands in the manifest or in the archive alone")
        elif hashlib.sha256(bundle.files[name]).hexdigest() != listed[name]["sha256"]:
            yield Fault("file_changed", name, "it does not have the hash of the manifest")


def wrong_rulebooks(bundle: Bundle) -> Iterator[Fault]:
    """Rulebooks whose text does not have its digest, or that are not numbered in order."""
    numbers = [row["number"] for row in bundle.rows["rulebooks"]]
    if numbers != list(range(1, len(numbers) + 1)):
        yield Fault("rulebook_missing", "", f"versions are numbered {numbers}")
    for row in bundle.rows["rulebooks"]:
        for text, digest in (("document", "digest"), ("vocabulary", "vocabulary_digest")):
            if text in row and digest_of(row[text]) != row[digest]:
                yield Fault("rulebook_changed", row["rulebook"], f"its {text} does not have its digest")


def out_of_force(bundle: Bundle) -> Iterator[Fault]:
    """Decisions and fees under a version that was not in force on their day, or that were not of the period."""
    zone = ZoneInfo(bundle.manifest["time_zone"])
    versions = [
        (row["number"], datetime.fromisoformat(row["effective_from"]), row["rulebook"])
        for row in bundle.rows["rulebooks"]
    ]
    for part, column in (("decisions", "decided_on"), ("fees", "concluded_on")):
        for row in bundle.shown(part):
            if not bundle.manifest["first_day"] <= row[column] <= bundle.manifest["last_day"]:
                yield Fault("not_of_the_period", row["item"], f"it is of {row[column]}")
            starts = datetime.combine(date.fromisoformat(row[column]), time.min, tzinfo=zone)
            if row["rulebook"] not in _in_force(versions, starts, starts + timedelta(days=1)):
                yield Fault(
                    "not_in_force", row["item"], f"{row['rulebook']} was not in force on {row[column]}"
                )


def _in_force(versions: list[tuple[int, datetime, str]], starts: datetime, ends: datetime) -> set[str]:
    """The versions in force at some moment of a time: of those effective, the highest number."""
    moments = [starts, *(since for _, since, _ in versions if starts < since < ends)]
    return {
        max(effective)[2]
        for moment in moments
        if (effective := [version for version in versions if version[1] <= moment])
    }


def wrong_outcomes(bundle: Bundle) -> Iterator[Fault]:
    """Decisions whose outcome is not the strongest of their reasons, or whose reasons the rulebook does not state."""
    for row in bundle.shown("decisions"):
        outcomes = [why["outcome"] for why in row["reasons"]]
        if not outcomes or max(outcomes, key=STRENGTH.index) != row["outcome"]:
            yield Fault("outcome_without_reason", row["item"], f"{row['outcome']} from {outcomes}")
        rules = bundle.rulebooks[row["rulebook"]]["document"]["rules"]
        stated = {(rule["code"], rule["outcome"]) for rule in rules if rule["point"] == row["point"]}
        for why in row["reasons"]:
            if why["basis"] == "rule" and (why["rule"], why["outcome"]) not in stated:
                yield Fault("reason_not_stated", row["item"], f"no rule {why['rule']} with {why['outcome']}")


def wrong_fees(bundle: Bundle) -> Iterator[Fault]:
    """Fees that their tariff does not give: the share of the price within minimum, cap and price, rounded down."""
    for row in bundle.shown("fees"):
        tariff = _tariff(bundle, row)
        if tariff is None:
            yield Fault("tariff_not_stated", row["item"], row["tariff"])
            continue
        price = row["facts"]["trade.price_minor"]
        fee = max(price * tariff["rate_bp"] // 10_000, tariff["minimum_minor"])
        fee = min(fee, price, fee if tariff["cap_minor"] is None else tariff["cap_minor"])
        if fee != row["fee_minor"]:
            yield Fault("fee_differs", row["item"], f"charged {row['fee_minor']}, the tariff gives {fee}")


def _tariff(bundle: Bundle, row: Row) -> Row | None:
    tariffs = bundle.rulebooks[row["rulebook"]]["document"].get("tariffs", [])
    return next((entry for entry in tariffs if entry["code"] == row["tariff"]), None)


def wrong_rebates(bundle: Bundle) -> Iterator[Fault]:
    """Rebates that the tiers of their tariff do not give for the volume."""
    for row in bundle.shown("rebates"):
        tiers = (_tariff(bundle, row) or {}).get("tiers", [])
        rebate = _rebate(tiers, row["volume_minor"], row["charged_minor"])
        if rebate != row["rebate_minor"]:
            yield Fault("rebate_differs", row["item"], f"gave {row['rebate_minor']}, the tiers give {rebate}")


def _rebate(tiers: list[Row], volume: int, charged: int) -> int:
    if len(tiers) < 2 or volume <= tiers[1]["from_minor"]:
        return 0
    ends = [*(tier["from_minor"] for tier in tiers[1:]), volume]
    parts = sum(
        max(min(volume, end) - tier["from_minor"], 0) * tier["rate_bp"]
        for tier, end in zip(tiers, ends, strict=True)
    )
    return max(min(charged, volume * tiers[0]["rate_bp"] // 10_000) - parts // 10_000, 0)


def wrong_ranking(bundle: Bundle) -> Iterator[Fault]:
    """Results whose relevance the published formula does not give, or that stand in another order."""
    for sample in bundle.rows["ranking"]:
        results = sample["results"]
        order = sorted(results, key=lambda result: (-result["relevance"], result["newer"]))
        if order != results:
            yield Fault(
                "ranked_otherwise", sample["text"], "results do not stand by relevance, then newest first"
            )
        for result in results:
            relevance = round(_relevance(sample, result["places"]) * SCALE)
            if abs(relevance - result["relevance"]) > 1:
                text = f"{result['listing']} has {result['relevance']}, the formula gives {relevance}"
                yield Fault("relevance_differs", sample["text"], text)


def _relevance(sample: Row, places: dict[str, list[list[Any]]]) -> float:
    """ts_rank of PostgreSQL with its default weights, on the places of the words that were searched."""
    if not sample["either"] and len(sample["words"]) > 1:
        return _nearness(sample["words"], places)
    total = 0.0
    for word in sample["words"]:
        weights = [WEIGHTS[weight] for _, weight in places.get(word, [])]
        if weights:
            best = max(weights)
            falling = sum(weight / (at + 1) ** 2 for at, weight in enumerate(weights))
            total += (best + falling - best / (weights.index(best) + 1) ** 2) / 1.64493406685
    return total / len(sample["words"]) if sample["words"] else 0.0


def _nearness(words: list[str], places: dict[str, list[list[Any]]]) -> float:
    """The relevance where every word is wanted: pairs of words count by how near they stand."""
    rest = None
    for at, word in enumerate(words):
        for other in words[:at]:
            for place, weight in places.get(word, []):
                for place_before, weight_before in places.get(other, []):
                    distance = abs(place - place_before)
                    if distance:
                        near = 1e-30 if distance > 100 else 1 / (1.005 + 0.05 * math.exp(distance / 1.5 - 2))
                        pair = math.sqrt(WEIGHTS[weight] * WEIGHTS[weight_before] * near)
                        rest = (1 - pair) if rest is None else rest * (1 - pair)
    return 0.0 if rest is None else 1 - rest


def wrong_order(bundle: Bundle) -> Iterator[Fault]:
    """Items that were overtaken by another number of later ones than is stated."""
    lines: dict[str, list[Row]] = defaultdict(list)
    for row in bundle.shown("order"):
        lines[row["queue"]].append(row)
    for line in lines.values():
        for row, overtaken in zip(line, _overtakings(line), strict=True):
            if row["received_at"] > row["processed_at"]:
                yield Fault("processed_before_received", row["item"], row["processed_at"])
            if overtaken != row["overtaken_by"]:
                text = f"states {row['overtaken_by']} overtakings, the moments give {overtaken}"
                yield Fault("order_differs", row["item"], text)


def _overtakings(line: list[Row]) -> list[int]:
    found, processed, alike = [0] * len(line), [], []
    latest_first = sorted(range(len(line)), key=lambda at: line[at]["received_at"], reverse=True)
    for at in latest_first:
        if alike and line[alike[0]]["received_at"] != line[at]["received_at"]:
            for other in alike:
                insort(processed, line[other]["processed_at"])
            alike = []
        found[at] = bisect_left(processed, line[at]["processed_at"])
        alike.append(at)
    return found


def few_alike(bundle: Bundle) -> Iterator[Fault]:
    """Rows that fewer others look like than parties must stand behind them: who knows a party's day and price would find it."""
    for part in ALIKE:
        rows = bundle.shown(part)
        counted = Counter(map(_look, rows))
        for row in rows:
            if counted[_look(row)] < bundle.manifest["parties_min"]:
                yield Fault(
                    "row_identifies", row["item"], f"{counted[_look(row)]} rows of {part} look like it"
                )


def _look(row: Row) -> bytes:
    """All that a row shows, of pseudonyms only which facts of the row have the same."""
    places: dict[str, str] = {}

    def look(value: Any) -> Any:
        if isinstance(value, list):
            return [look(each) for each in value]
        if isinstance(value, str) and PSEUDONYM.fullmatch(value):
            return places.setdefault(value, f"~{len(places)}")
        return value

    facts = {name: look(value) for name, value in sorted(row.get("facts", {}).items())}
    told = {name: value for name, value in row.items() if name not in ("item", "content", "committed")}
    return canonical({**told, "facts": facts})


def wrong_figures(bundle: Bundle) -> Iterator[Fault]:
    """Figures that differ from the rows, or that tell of fewer than the stated number of parties."""
    for part in PARTS:
        withheld = Counter(row["withheld"] for row in bundle.rows[part] if "withheld" in row)
        stated = bundle.figures["parts"][part]
        if stated != {"rows": len(bundle.rows[part]), "withheld": dict(withheld)}:
            yield Fault("figures_differ", part, f"states {stated}, there are {len(bundle.rows[part])} rows")
    classes = bundle.figures["classes"]
    tables = [("participants", classes["participants"])]
    tables += [(name, measure["by"]) for name, measure in classes["measures"].items()]
    for name, dimensions in tables:
        for dimension, table in dimensions.items():
            if not _is_suppressed(table, bundle.manifest["parties_min"]):
                yield Fault(
                    "figures_identify",
                    f"{name} by {dimension}",
                    "fewer parties than promised stand behind it",
                )


def _is_suppressed(table: Row, parties_min: int) -> bool:
    """Whether no figure of a table, nor the difference between them, is from fewer than ``parties_min`` parties."""
    cells = [table["total"], *table["classes"].values()]
    shown = [cell for cell in cells if cell is not None]
    if any(0 < cell["parties"] < parties_min for cell in shown):
        return False
    hidden = [name for name, cell in table["classes"].items() if cell is None]
    if not hidden or table["total"] is None:
        return True
    rest = table["total"]["parties"] - sum(cell["parties"] for cell in shown[1:])
    return len(hidden) > 1 and rest >= parties_min


CHECKS: dict[str, Callable[[Bundle], Iterator[Fault]]] = {
    "files": wrong_files,
    "rulebooks": wrong_rulebooks,
    "in force": out_of_force,
    "outcomes": wrong_outcomes,
    "fees": wrong_fees,
    "rebates": wrong_rebates,
    "ranking": wrong_ranking,
    "order": wrong_order,
    "alike": few_alike,
    "figures": wrong_figures,
}


def verify(bundle: Bundle, checks: dict[str, Callable[[Bundle], Iterator[Fault]]]) -> int:
    """Run the checks, print what each found, and return the exit status."""
    status = 0
    for name, check in checks.items():
        try:
            faults = list(check(bundle))
        except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
            faults = [Fault("unreadable", name, f"a row lacks what it must have: {error!r}")]
        print(f"{name}: {f'{len(faults)} faults' if faults else 'ok'}")
        for fault in faults[:FAULTS_SHOWN_MAX]:
            print(f"  {fault.code} {fault.item}: {fault.text}")
        status |= bool(faults)
    for part in PARTS:
        print(f"{part}: {len(bundle.rows[part])} rows, {len(bundle.shown(part))} of them for everybody")
    return status


def main(arguments: list[str]) -> int:
    """Verify the bundle that the arguments name."""
    if len(arguments) != 1:
        print(__doc__)
        return 2
    try:
        bundle = Bundle(arguments[0])
    except Unreadable as error:
        print(f"not a bundle: {error}")
        return 2
    return verify(bundle, CHECKS)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
