#!/usr/bin/env python3
"""Replays a neutrality bundle of the market: every decision, and which tariff applies to every trade.

    python replay.py BUNDLE.zip [--auditors AUDITORS.zip]

Needs Python 3.11 and the package ``cel-expr-python``, nothing else; ``verify.py`` lies beside it, whose checks of a bundle it
runs too. With the auditor's file it opens every commitment, recomputes pseudonyms and the digests of decisions, replays what is
withheld, and names the decisions that follow a name. Exit status: 0 verified, 1 faults, 2 nothing to verify.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import hmac
import re
import sys
import zipfile
from bisect import bisect_left
from collections.abc import Iterator
from datetime import UTC, datetime, time
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from cel_expr_python import cel
from verify import (
    PARTS,
    RECOMPUTED,
    STRENGTH,
    UNREADABLE,
    Fault,
    Published,
    Recomputed,
    Row,
    Unreadable,
    canonical,
    digest_of,
    moment,
    read_object,
    recompute,
    show,
    show_rows,
)

KNOWN, NULLABLE = ".known", "?"
TRADE_FEE = "trade_fee"
IDENTIFIER = re.compile(r"[a-z]{2,4}_[0-9A-HJKMNP-TV-Z]{26}")
QUOTED = re.compile(r"""//[^\n]*|'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*\"""")
NUMBER = re.compile(r"(?<![\w.])\d+(?![\w.])")
CROCKFORD = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "0123456789ABCDEFGHJKMNPQRSTVWXYZ")
CONFIGURATIONS = {
    1: """
stdlib:
  exclude_functions:
    - name: "dyn"
    - name: "type"
""",
    2: """
stdlib:
  exclude_functions:
    - name: "dyn"
    - name: "type"
    - name: "_+_"
      overloads:
        - id: "add_string"
        - id: "add_bytes"
        - id: "add_list"
""",
}
"""The language by the version of the evaluator that a rulebook states."""
TYPES = {
    "bool": cel.Type.BOOL,
    "int": cel.Type.INT,
    "string": cel.Type.STRING,
    "timestamp": cel.Type.TIMESTAMP,
    "list(int)": cel.Type.List(cel.Type.INT),
    "list(string)": cel.Type.List(cel.Type.STRING),
}
Verdict = tuple[str, list[tuple[str, str, str]]]


class Undecidable(Exception):
    """A condition is neither true nor false on the facts."""


class Rulebook:
    """A published version: the conditions of its rules and tariffs by decision point."""

    def __init__(self, row: Row) -> None:
        """Raises RuntimeError if a condition does not compile, and ValueError for another evaluator."""
        vocabulary, document = row["vocabulary"], row["document"]
        if vocabulary["evaluator"] not in CONFIGURATIONS:
            raise ValueError(f"this program does not know evaluator {vocabulary['evaluator']}")
        self.points: Row = vocabulary["points"]
        self.lists = {
            code: {
                name: [entry["organisation"] for entry in document.get(section, [])]
                for name, section in point.get("lists", {}).items()
            }
            for code, point in self.points.items()
        }
        languages = {
            code: _language(point["facts"], self.lists[code], CONFIGURATIONS[vocabulary["evaluator"]])
            for code, point in self.points.items()
        }
        self.entries = [
            (entry, languages[entry["point"]].compile(entry["when"]))
            for entry in (*document["rules"], *document.get("tariffs", []))
        ]

    def verdict(self, point: str, facts: Row) -> Verdict:
        """The outcome at a point, and of each reason its rule, outcome and basis."""
        reasons, activation = [], self._activation(point, facts)
        for entry, program in self.entries:
            if entry["point"] == point:
                try:
                    if _holds(program, activation):
                        reasons.append((entry["code"], entry["outcome"], "rule"))
                except Undecidable:
                    reasons.append((entry["code"], "hold", "error"))
        reasons = reasons or [("DEFAULT", self.points[point]["default"], "default")]
        return max((reason[1] for reason in reasons), key=STRENGTH.index), reasons

    def tariff(self, facts: Row) -> str | None:
        """The code of the first tariff that applies to a trade."""
        activation = self._activation(TRADE_FEE, facts)
        for entry, program in self.entries:
            if entry["point"] == TRADE_FEE:
                try:
                    if _holds(program, activation):
                        return str(entry["code"])
                except Undecidable:
                    return None
        return None

    def _activation(self, point: str, facts: Row) -> Row:
        values: Row = dict(self.lists[point])
        for name, kind in self.points[point]["facts"].items():
            value = facts.get(name)
            if kind.endswith(NULLABLE):
                values[name + KNOWN] = value is not None
            if value is not None:
                values[name] = moment(value) if kind.startswith("timestamp") else value
        return values


def _language(facts: Row, lists: Row, configuration: str) -> Any:
    variables = dict.fromkeys(lists, TYPES["list(string)"])
    variables |= {name: TYPES[kind.removesuffix(NULLABLE)] for name, kind in facts.items()}
    variables |= {name + KNOWN: cel.Type.BOOL for name, kind in facts.items() if kind.endswith(NULLABLE)}
    return cel.NewEnv(config=cel.NewEnvConfigFromYaml(configuration), variables=variables)


def _holds(program: Any, activation: Row) -> bool:
    try:
        value = program.eval(data=activation)
    except (RuntimeError, ValueError, TypeError, OverflowError) as error:
        raise Undecidable from error
    if value.type() != cel.Type.BOOL:
        raise Undecidable
    return bool(value.value())


def compiled(bundle: Published) -> dict[str, Rulebook]:
    """The versions whose text the bundle has."""
    return {key: Rulebook(row) for key, row in bundle.rulebooks.items() if "document" in row}


def wrong_decisions(bundle: Published) -> Iterator[Fault]:
    """Decisions that the rules do not give on their facts."""
    rulebooks = compiled(bundle)
    for row in bundle.shown("decisions"):
        yield from _differences(rulebooks, row["item"], row, row["facts"])


def _differences(rulebooks: dict[str, Rulebook], item: str, stated: Row, facts: Row) -> Iterator[Fault]:
    outcome, reasons = rulebooks[stated["rulebook"]].verdict(stated["point"], facts)
    shown = [(why["rule"], why["outcome"], why["basis"]) for why in stated["reasons"]]
    if outcome != stated["outcome"]:
        yield Fault("decision_differs", f"decided {stated['outcome']}, replayed {outcome}", item)
    elif reasons != shown:
        yield Fault("reasons_differ", f"stated {shown}, replayed {reasons}", item)


def wrong_tariffs(bundle: Published) -> Iterator[Fault]:
    """Fees under a tariff that is not the first to apply."""
    rulebooks = compiled(bundle)
    for row in bundle.shown("fees"):
        applies = rulebooks[row["rulebook"]].tariff(row["facts"])
        if applies != row["tariff"]:
            yield Fault("tariff_differs", f"charged {row['tariff']}, {applies} applies", row["item"])


class Opened:
    """The auditor's file: the salt of the bundle, and what every row commits to."""

    def __init__(self, path: str, bundle: str) -> None:
        """``bundle`` is the path of the public file. Raises Unreadable."""
        try:
            self.public_sha256 = hashlib.sha256(Path(bundle).read_bytes()).hexdigest()
            with zipfile.ZipFile(path) as archive:
                self.manifest = read_object(
                    archive.read("manifest.json"), "manifest.json of the auditor's file"
                )
                self.openings = [
                    read_object(line, f"openings.jsonl, line {number}")
                    for number, line in enumerate(archive.read("openings.jsonl").splitlines(), start=1)
                ]
            self.salt = bytes.fromhex(self.manifest["salt"])
        except UNREADABLE as error:
            raise Unreadable(str(error)) from error

    def item(self, part: str, identifier: str) -> str:
        """The name of a row in the public bundle."""
        return self._digest("item", part, identifier).hex()

    def commit(self, content: Any, *labels: str) -> str:
        """The commitment to a content."""
        salt = self._digest("salt", *labels).hex()
        return hashlib.sha256(salt.encode() + canonical(content)).hexdigest()

    def token(self, value: str, *labels: str) -> str:
        """The pseudonym of a text within one row."""
        encoded = base64.b32encode(self._digest("token", *labels, value)).decode().rstrip("=")
        prefix = value.partition("_")[0] if IDENTIFIER.fullmatch(value) else "~"
        return f"{prefix}_{encoded.translate(CROCKFORD)[:26]}"

    def _digest(self, *labels: str) -> bytes:
        message = b"".join(len(label.encode()).to_bytes(4, "big") + label.encode() for label in labels)
        return hmac.new(self.salt, message, hashlib.sha256).digest()


def wrong_openings(bundle: Published, opened: Opened) -> Iterator[Fault]:
    """Rows that the auditor's file does not open, or opens to something else."""
    if opened.public_sha256 != opened.manifest["public_sha256"]:
        yield Fault("other_bundle", "the auditor's file opens another bundle", "")
    contents = {(each["part"], each["item"]): each["content"] for each in opened.openings}
    zone = ZoneInfo(bundle.manifest["time_zone"])
    for part in PARTS:
        for row in bundle.rows[part]:
            content = contents.pop((part, row["item"]), None)
            if content is None:
                yield Fault("not_opened", f"a row of {part}", row["item"])
            elif opened.item(part, content["id"]) != row["item"]:
                yield Fault("item_differs", f"it is not that of {content['id']}", row["item"])
            elif opened.commit(content, part, row["item"]) != row["content"]:
                yield Fault("commitment_differs", f"a row of {part}, {content['id']}", row["item"])
            elif "facts" in row:
                yield from _wrong_facts(
                    opened, row, content["facts"], bundle.rulebooks[row["rulebook"]], zone
                )
    for part, item in contents:
        yield Fault("row_missing", f"{part} lacks what the auditor's file opens", item)


def _numbers(rulebook: Row, point: str, fact: str) -> list[int]:
    """The numbers that the rules or tariffs of a point name, and their negatives, in ascending order.

    For a withheld fact, about the money of a party, those of the conditions that read it alone.
    """
    entries = (*rulebook["document"]["rules"], *rulebook["document"].get("tariffs", []))
    entries = tuple(entry for entry in entries if entry["point"] == point)
    if fact in rulebook["vocabulary"]["points"][point].get("withheld", {}):
        entries = tuple(entry for entry in entries if fact in rulebook["vocabulary"]["reads"][entry["code"]])
    written = " ".join(QUOTED.sub(" ", entry["when"]) for entry in entries)
    numbers = {int(number) for number in NUMBER.findall(written)}
    return sorted(numbers | {-number for number in numbers})


def _wrong_facts(opened: Opened, row: Row, facts: Row, rulebook: Row, zone: ZoneInfo) -> Iterator[Fault]:
    """Facts as shown that are neither the fact itself nor what stands for it."""
    if set(facts) != set(row["facts"]) | set(row["committed"]):
        yield Fault("facts_missing", "not every fact is shown or committed", row["item"])
    for name, commitment in row["committed"].items():
        if opened.commit(facts[name], row["item"], name) != commitment:
            yield Fault("commitment_differs", name, row["item"])
    for name, shown in row["facts"].items():
        value, item = facts[name], row["item"]
        numbers = _numbers(rulebook, row.get("point", TRADE_FEE), name)
        pairs = [(value, shown)]
        if isinstance(value, list) and isinstance(shown, list) and len(value) == len(shown):
            pairs = list(zip(value, shown, strict=True))
        if any(one != other and other != _stand_in(opened, item, one, numbers, zone) for one, other in pairs):
            yield Fault("fact_differs", name, item)


def _stand_in(opened: Opened, item: str, value: Any, numbers: list[int], zone: ZoneInfo) -> Any:
    """What may be shown for a fact: the pseudonym of a text, the start of a day, the least number between two of the rules."""
    if isinstance(value, str):
        return _day_of(value, zone) or opened.token(value, item)
    if isinstance(value, bool) or not isinstance(value, int):
        return value
    at = bisect_left(numbers, value)
    if at == 0:
        return numbers[0] - 1 if numbers else 0
    return numbers[at - 1] + 1


def _day_of(text: str, zone: ZoneInfo) -> str | None:
    """The start of the day of an instant, None for another text."""
    if "T" not in text:
        return None
    try:
        day = moment(text).astimezone(zone).date()
    except ValueError:
        return None
    return datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC).isoformat()


def wrong_withheld(bundle: Published, opened: Opened) -> Iterator[Fault]:
    """Decisions, withheld or not, that their full facts do not give, or whose digest is another; and which follow a name."""
    rulebooks, followed = compiled(bundle), []
    for each in opened.openings:
        if each["part"] != "decisions":
            continue
        content, item = each["content"], each["item"]
        yield from _differences(rulebooks, item, content, content["facts"])
        if _decision_digest(content) != content["digest"]:
            yield Fault("digest_differs", content["id"], item)
        rulebook, facts = rulebooks[content["rulebook"]], content["facts"]
        renamed = {name: _rename(opened, item, value) for name, value in facts.items()}
        if rulebook.verdict(content["point"], renamed) != rulebook.verdict(content["point"], facts):
            followed.append(content["id"])
            print(f"  follows a name: {content['id']}, {content['point']} of {content['subject']}")
    if sorted(followed) != sorted(opened.manifest["followed"]):
        yield Fault("followed_differs", f"states {opened.manifest['followed']}, replayed {followed}", "")


def _rename(opened: Opened, item: str, value: Any) -> Any:
    if isinstance(value, list):
        return [_rename(opened, item, each) for each in value]
    is_name = isinstance(value, str) and IDENTIFIER.fullmatch(value)
    return opened.token(value, item) if is_name else value


def _decision_digest(content: Row) -> str:
    return digest_of(
        {
            "point": content["point"],
            "subject": content["subject"],
            "rulebook": content["rulebook_digest"],
            "vocabulary": content["vocabulary_digest"],
            "facts": content["facts"],
            "outcome": content["outcome"],
            "reasons": content["reasons"],
            "salt": content["salt"],
        }
    )


def main() -> int:
    """Replay the bundle that the arguments name."""
    parser = argparse.ArgumentParser(description="Replays a neutrality bundle.")
    parser.add_argument("bundle")
    parser.add_argument("--auditors", help="the auditor's file of the same bundle")
    arguments = parser.parse_args()
    checks: dict[str, Recomputed] = {
        **RECOMPUTED,
        "decisions": wrong_decisions,
        "tariffs": wrong_tariffs,
    }
    try:
        bundle = Published(arguments.bundle)
        if arguments.auditors:
            opened = Opened(arguments.auditors, arguments.bundle)
            checks["openings"] = partial(wrong_openings, opened=opened)
            checks["withheld"] = partial(wrong_withheld, opened=opened)
    except Unreadable as error:
        print(f"not a bundle: {error}")
        return 2
    status = show(recompute(bundle, checks))
    show_rows(bundle)
    return status


if __name__ == "__main__":
    sys.exit(main())
