"""Validation of a rulebook's document before publication: its shape, its codes and its conditions. Pure."""

from __future__ import annotations

import difflib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import jsonschema
import rfc8785

from marketplace.kernel.canonical import canonical_json
from marketplace.kernel.labels import Label

from .cel import ExpressionRefused, Language
from .costing import (
    CONDITION_STEPS_MAX,
    CONDITIONS_LENGTH_MAX,
    EXAMPLES_STEPS_MAX,
    POINT_STEPS_MAX,
    faults_of_lists,
    sizes_of,
    steps_by_point,
    steps_of,
    steps_of_examples,
)
from .lexing import place_of
from .parameters import PARAMETERS
from .points import PointKind
from .tax_tables import KEYS

SCHEMA: dict[str, Any] = json.loads(
    (Path(__file__).parent / "rulebook_schema.json").read_text(encoding="utf-8")
)
ALWAYS = "true"
DOCUMENT_BYTES_MAX = 1_000_000
RULES_PER_POINT_MAX = 200
EXAMPLES_VALUES_MAX = 10_000
"""Facts, entries of lists and codes in the examples: each takes the web 0.1 ms whenever a document is saved."""
SHAPE_FAULTS_MAX = 100
"""Of a document whose shape is wrong, the first so many errors are looked for."""
MESSAGE_LENGTH_MAX = 300
SUGGESTIONS_MAX = 3


def _within(limit: str, keyword: str) -> Callable[..., Iterator[jsonschema.ValidationError]]:
    """A keyword of JSON Schema that does not look into a value with more entries than ``limit`` of its schema permits.

    That is a fault already, and each entry would cost the web time.
    """
    check = jsonschema.Draft202012Validator.VALIDATORS[keyword]

    def within(
        validator: Any, value: Any, instance: Any, schema: Mapping[str, Any]
    ) -> Iterator[jsonschema.ValidationError]:
        if not isinstance(instance, list | dict) or len(instance) <= schema.get(limit, len(instance)):
            yield from check(validator, value, instance, schema)

    return within


# JSON Schema accepts 500.0 as an integer; here amounts and rates must be true integers.
_Validator = jsonschema.validators.extend(  # type: ignore[no-untyped-call]
    jsonschema.Draft202012Validator,
    {
        "items": _within("maxItems", "items"),
        "propertyNames": _within("maxProperties", "propertyNames"),
        "additionalProperties": _within("maxProperties", "additionalProperties"),
    },
    type_checker=jsonschema.Draft202012Validator.TYPE_CHECKER.redefine(
        "integer", lambda _, value: type(value) is int
    ),
)

Fault = dict[str, Any]


def languages(vocabulary: Mapping[str, Any], document: Mapping[str, Any]) -> dict[str, Language]:
    """The language of each decision point of a vocabulary, with the lists of a document. Raises cel.UnknownEvaluator."""
    return {
        code: Language(
            point["facts"],
            evaluator=vocabulary["evaluator"],
            lists={
                name: [entry["organisation"] for entry in document.get(section, [])]
                for name, section in point.get("lists", {}).items()
            },
        )
        for code, point in vocabulary["points"].items()
    }


def check_document(document: Any, vocabulary: Mapping[str, Any]) -> tuple[list[Fault], dict[str, list[str]]]:
    """The errors in ``document``, and the facts that each rule and tariff reads: ``{code: [fact]}``.

    An error is ``{"place", "rule", "line", "column", "message": {"ja", "en"}}`` (see errors.RulebookRefused). If the
    shape is wrong, only errors of shape are reported, the first ``SHAPE_FAULTS_MAX``; what costs too much is not compiled.
    """
    shape = list(_faults_of_shape(document))
    if shape:
        return shape, {}
    faults = list(_faults_of_sense(document))
    if too_dear := list(_faults_of_cost(document, vocabulary)):
        return faults + too_dear, {}
    reads: dict[str, list[str]] = {}
    spoken = languages(vocabulary, document)
    for place, entry, kind in _conditions(document):
        point = vocabulary["points"].get(entry["point"])
        if point is None or point["kind"] != kind:
            known = ", ".join(code for code, row in vocabulary["points"].items() if row["kind"] == kind)
            message = Label(f"choose a point of {known}", f"判定点は {known} から選んでください")
            faults.append(fault_at(f"{place}.point", message, rule=entry["code"]))
            continue
        try:
            reads[entry["code"]] = list(spoken[entry["point"]].compile(entry["when"]).reads)
        except ExpressionRefused as refused:
            faults += [
                fault_at(f"{place}.when", fault.message, entry["code"], fault.line, fault.column)
                for fault in refused.faults
            ]
    return faults, reads


def _conditions(document: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any], str]]:
    """Every rule and tariff, with its place and the kind of its decision point."""
    for section, kind in (("rules", PointKind.DECISION), ("tariffs", PointKind.TARIFF)):
        for at, entry in enumerate(document.get(section, [])):
            yield f"{section}.{at}", entry, kind.value


def _faults_of_shape(document: Any) -> Iterator[Fault]:
    if not _is_short(document):
        yield fault_at(
            "document",
            Label(
                f"the document has more than {DOCUMENT_BYTES_MAX:,} bytes",
                f"文書は{DOCUMENT_BYTES_MAX:,}バイト以内にしてください",
            ),
        )
        return
    if isinstance(document, dict) and _has_more_values(document.get("examples"), EXAMPLES_VALUES_MAX):
        yield fault_at(
            "examples",
            Label(
                f"the examples state more than {EXAMPLES_VALUES_MAX:,} values in all",
                f"例に記載できる値は、合計{EXAMPLES_VALUES_MAX:,}個までです",
            ),
        )
        return
    validator = _Validator(SCHEMA, format_checker=jsonschema.FormatChecker())
    found = islice(validator.iter_errors(document), SHAPE_FAULTS_MAX)
    errors = sorted(found, key=lambda error: list(map(str, error.absolute_path)))
    for error in errors:
        place = ".".join(map(str, error.absolute_path)) or "document"
        yield fault_at(place, _words_of(error), _code_at(document, error))
    if not errors and not _is_storable(document):
        yield fault_at(
            "document",
            Label(
                "a text contains a character that cannot be stored", "保存できない文字を含む文字列があります"
            ),
        )


def _has_more_values(stated: Any, most: int) -> bool:
    """Whether JSON holds more than so many values: lists, objects, and what stands in them."""
    waiting, counted = [stated], 0
    while waiting and counted <= most:
        value = waiting.pop()
        counted += 1
        if isinstance(value, list | dict):
            waiting.extend(islice(value.values() if isinstance(value, dict) else value, most + 1))
    return counted > most


def _is_short(document: Any) -> bool:
    return (
        len(json.dumps(document, ensure_ascii=False, default=str).encode(errors="replace"))
        <= DOCUMENT_BYTES_MAX
    )


def _words_of(error: jsonschema.ValidationError) -> Label:
    """An error of shape in words; the validator's own text begins with the value, which may be long."""
    if error.validator in ("maxItems", "maxProperties"):
        return Label(
            f"at most {error.validator_value} entries", f"{error.validator_value}件以内にしてください"
        )
    words = error.message[:MESSAGE_LENGTH_MAX]
    return Label(words, f"形式が正しくありません: {words}")


def _is_storable(document: Any) -> bool:
    """Whether the document has a canonical form and no NUL, which the database cannot store in a text."""
    try:
        return b"\\u0000" not in canonical_json(document)
    except (rfc8785.CanonicalizationError, UnicodeError):
        return False


def _code_at(document: Any, error: jsonschema.ValidationError) -> str | None:
    """The code of the rule or tariff that has an error of shape, if it can be determined."""
    path = list(error.absolute_path)
    if len(path) < 2 or path[0] not in ("rules", "tariffs"):
        return None
    entry = document[path[0]][path[1]]
    code = entry.get("code") if isinstance(entry, dict) else None
    return code if isinstance(code, str) else None


def _faults_of_sense(document: Mapping[str, Any]) -> Iterator[Fault]:
    """Errors that a schema cannot find: repeated codes, inconsistent fees and rates, unknown parameters."""
    yield from _faults_of_codes(document)
    yield from _faults_of_numbers(document)
    yield from _faults_of_tariffs(document)
    yield from _faults_of_tax_rates(document)
    yield from _faults_of_tax_tables(document)
    yield from _faults_of_parameters(document)


def _faults_of_codes(document: Mapping[str, Any]) -> Iterator[Fault]:
    listed = [(place, entry) for place, entry, _ in _conditions(document)]
    listed += [(f"unlawful_terms.{at}", entry) for at, entry in enumerate(document.get("unlawful_terms", []))]
    codes = Counter(entry["code"] for _, entry in listed)
    for place, entry in listed:
        if codes[entry["code"]] > 1:
            yield fault_at(
                f"{place}.code",
                Label("this code is used more than once", "同じコードが重複しています"),
                entry["code"],
            )


def _faults_of_numbers(document: Mapping[str, Any]) -> Iterator[Fault]:
    """Points with more rules than one decision may evaluate."""
    counted: Counter[str] = Counter()
    for place, entry, _ in _conditions(document):
        counted[entry["point"]] += 1
        if counted[entry["point"]] == RULES_PER_POINT_MAX + 1:
            message = Label(
                f"a decision point has at most {RULES_PER_POINT_MAX} rules or fees",
                f"一つの判定点に置ける規則・料金は{RULES_PER_POINT_MAX}件までです",
            )
            yield fault_at(place, message, entry["code"])


def _faults_of_cost(document: Mapping[str, Any], vocabulary: Mapping[str, Any]) -> Iterator[Fault]:
    """Conditions, points and examples that take more steps than they may, whatever the facts are (``costing``)."""
    lengths = sum(len(entry["when"]) for _, entry, _ in _conditions(document))
    if lengths > CONDITIONS_LENGTH_MAX:
        yield _too_dear("document", lengths, CONDITIONS_LENGTH_MAX, Label("characters", "文字"))
        return
    points, steps = vocabulary["points"], Label("steps", "ステップ")
    sizes = {code: sizes_of(point, document) for code, point in points.items()}
    for place, entry, _ in _conditions(document):
        if entry["point"] not in points:
            continue
        lists = sizes[entry["point"]]
        for fault in faults_of_lists(entry["when"], lists):
            line, column = place_of(entry["when"], fault.offset)
            yield fault_at(f"{place}.when", fault.message, entry["code"], line, column)
        if (needed := steps_of(entry["when"], lists)) > CONDITION_STEPS_MAX:
            message = _too_dear(f"{place}.when", needed, CONDITION_STEPS_MAX, steps)
            yield {**message, "rule": entry["code"]}
    for code, needed in steps_by_point(document, points, sizes).items():
        if needed > POINT_STEPS_MAX:
            yield _too_dear(code, needed, POINT_STEPS_MAX, steps)
    if (needed := steps_of_examples(document, points)) > EXAMPLES_STEPS_MAX:
        yield _too_dear("examples", needed, EXAMPLES_STEPS_MAX, steps)


def _too_dear(place: str, needed: int, most: int, unit: Label) -> Fault:
    message = Label(
        f"the conditions need {needed:,} {unit.en}, at most {most:,} are permitted: go through fewer or shorter lists",
        f"条件に{needed:,}{unit.ja}が必要です。{most:,}{unit.ja}以内になるよう、走査するリストを減らすか短くしてください",
    )
    return fault_at(place, message)


def _faults_of_tariffs(document: Mapping[str, Any]) -> Iterator[Fault]:
    """Tariffs that leave a trade without a fee, or whose cap is below their minimum."""
    last = {entry["point"]: (f"tariffs.{at}", entry) for at, entry in enumerate(document.get("tariffs", []))}
    for place, entry in last.values():
        if entry["when"].strip() != ALWAYS:
            yield fault_at(
                f"{place}.when",
                Label(
                    "the last tariff of a point must always apply (true), so that every trade has a fee",
                    "どの取引にも料金が定まるよう、判定点の最後の料金は常に適用（true）としてください",
                ),
                entry["code"],
            )
    for at, entry in enumerate(document.get("tariffs", [])):
        if entry["cap_minor"] is not None and entry["cap_minor"] < entry["minimum_minor"]:
            yield fault_at(
                f"tariffs.{at}.cap_minor",
                Label("the cap is below the minimum", "上限が下限を下回っています"),
                entry["code"],
            )
        for name, message in _faults_of_tiers(entry):
            yield fault_at(f"tariffs.{at}.tiers.{name}", message, entry["code"])


def _faults_of_tiers(entry: Mapping[str, Any]) -> Iterator[tuple[str, Label]]:
    """Tiers start at 0 with the tariff's rate and rise strictly; a later tier never has a higher rate."""
    tiers = entry.get("tiers", [])
    for at, tier in enumerate(tiers):
        if at == 0:
            if tier["from_minor"] != 0:
                yield (
                    "0.from_minor",
                    Label("the first tier must start at 0", "最初の区分は0から始めてください"),
                )
            if tier["rate_bp"] != entry["rate_bp"]:
                yield (
                    "0.rate_bp",
                    Label(
                        "the first tier must have the rate of the tariff, which is levied when a trade is concluded",
                        "最初の区分の料率は、取引の成立時に適用する料率と同じにしてください",
                    ),
                )
            continue
        if tier["from_minor"] <= tiers[at - 1]["from_minor"]:
            yield (
                f"{at}.from_minor",
                Label(
                    "a tier must start above the previous one",
                    "区分の下限は、前の区分より大きくしてください",
                ),
            )
        if tier["rate_bp"] > tiers[at - 1]["rate_bp"]:
            yield (
                f"{at}.rate_bp",
                Label(
                    "a tier must not have a higher rate than the previous one, because the difference is returned",
                    "差額を返金するため、料率は前の区分より高くできません",
                ),
            )


def _faults_of_tax_rates(document: Mapping[str, Any]) -> Iterator[Fault]:
    rates = Counter((rate["category"], rate["from"]) for rate in document.get("tax_rates", []))
    for at, rate in enumerate(document.get("tax_rates", [])):
        if rates[(rate["category"], rate["from"])] > 1:
            yield fault_at(
                f"tax_rates.{at}.from",
                Label(
                    "a category can have only one rate from one date",
                    "同じ税区分・同じ適用開始日の税率が重複しています",
                ),
            )


def _faults_of_tax_tables(document: Mapping[str, Any]) -> Iterator[Fault]:
    """Tables of tax points, classes of supply and withholding in which a key has two rows from one date."""
    for table, names in KEYS.items():
        rows = document.get(table, [])
        keys = Counter(tuple(row[name] for name in (*names, "from")) for row in rows)
        for at, row in enumerate(rows):
            if keys[tuple(row[name] for name in (*names, "from"))] > 1:
                yield fault_at(
                    f"{table}.{at}.from",
                    Label(
                        "only one row can apply to this case from one date",
                        "同じ条件・同じ適用開始日の行が重複しています",
                    ),
                )


def _faults_of_parameters(document: Mapping[str, Any]) -> Iterator[Fault]:
    for name, value in document.get("parameters", {}).items():
        parameter = PARAMETERS.get(name)
        if parameter is None:
            near = difflib.get_close_matches(name, PARAMETERS, n=SUGGESTIONS_MAX) or list(PARAMETERS)
            message = Label(
                f"unknown parameter; similar names: {', '.join(near)}",
                f"このパラメーターはありません（候補: {'、'.join(near)}）",
            )
            yield fault_at(f"parameters.{name}", message)
        elif (wrong := parameter.fault_of(value)) is not None:
            yield fault_at(f"parameters.{name}", wrong)


def fault_at(
    place: str, message: Label, rule: str | None = None, line: int | None = None, column: int | None = None
) -> Fault:
    """An error at a place of a document, as ``check_document`` returns it."""
    return {"place": place, "rule": rule, "line": line, "column": column, "message": message.as_dict()}
