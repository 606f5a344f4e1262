"""Conditions in the Common Expression Language, over typed facts. Pure.

A condition is compiled against the facts of its decision point: unknown names, type errors and syntax errors are
refused with line and column. Functions that hide a type (``dyn``, ``type``) are excluded, and nothing reads anything
but the facts: the same facts always give the same result.
Language: github.com/google/cel-spec, by the library ``cel-expr-python``.
"""

from __future__ import annotations

import difflib
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from importlib.metadata import version
from typing import Any

from cel_expr_python import cel as engine

from marketplace.kernel.labels import Label

from .lexing import Fault as TokenFault
from .lexing import faults_of_cost, patterns, place_of
from .providers import NULLABLE

logger = logging.getLogger(__name__)

KNOWN = ".known"
EXPRESSION_LENGTH_MAX = 2_000
SUGGESTIONS_MAX = 3
CONDITIONS_KEPT_MAX = 250
"""So many compiled conditions a process keeps, of 100 KB at most, before it begins anew."""

ENGINE = f"cel-expr-python {version('cel-expr-python')}"
"""The library that evaluates conditions, with its version; kept with each decision."""

_CONFIGURATIONS: Mapping[int, str] = {
    1: """
stdlib:
  exclude_functions:
    - name: "dyn"
    - name: "type"
""",
    # Nothing makes texts or lists longer than the facts and literals are, so memory is bounded.
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
"""The language by the version of the evaluator. A version never changes: old decisions are replayed with theirs."""
_ENGINE_TYPES = {
    "bool": engine.Type.BOOL,
    "int": engine.Type.INT,
    "string": engine.Type.STRING,
    "timestamp": engine.Type.TIMESTAMP,
    "list(int)": engine.Type.List(engine.Type.INT),
    "list(string)": engine.Type.List(engine.Type.STRING),
}
_ISSUE = re.compile(r"^(?:[A-Z_]+: )?ERROR: <input>:(-?\d+):(-?\d+): ([^\n]*)", re.MULTILINE)
_UNDECLARED = re.compile(r"undeclared reference to '\.?([^']+)'")
# ``has`` tests fields of messages; on a fact it would not test whether the fact is known, so rules may not use it.
_HAS = re.compile(r"(?<![\w.])has\s*\(")
_CONTROL = re.compile(r"[^\S\n\t ]|[\x00-\x08\x0e-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class ExpressionFault:
    """An error in a condition, with its place: ``line`` and ``column`` count from 1, in characters."""

    line: int
    column: int
    message: Label


class ExpressionRefused(ValueError):
    """A condition cannot be compiled; ``faults`` lists the errors by place."""

    def __init__(self, faults: list[ExpressionFault]) -> None:
        """``faults`` has at least one entry."""
        self.faults = sorted(faults, key=lambda fault: (fault.line, fault.column))
        first = self.faults[0]
        super().__init__(f"{first.line}:{first.column}: {first.message}")


class UnknownEvaluator(ValueError):
    """There is no evaluator of this version."""


class NotDecidable(Exception):
    """A condition evaluates to neither true nor false: it reads an unknown fact, or cannot be computed."""


class Condition:
    """A compiled condition: ``reads`` are the facts it names, sorted."""

    def __init__(self, program: Any, reads: tuple[str, ...]) -> None:
        """Only ``Language.compile`` makes conditions."""
        self._program = program
        self.reads = reads

    def holds(self, activation: Mapping[str, Any]) -> bool:
        """Whether the condition is true for the facts of ``Language.activation``; raises NotDecidable.

        One side of ``&&`` or ``||`` decides where that is enough, even if the other is undecidable:
        ``applicant.country.known && applicant.country == 'JP'`` is false for an unknown country.
        """
        try:
            value = self._program.eval(data=activation)
        except (RuntimeError, ValueError, TypeError, OverflowError) as error:
            raise NotDecidable(str(error)) from error
        if value.type() != engine.Type.BOOL:
            raise NotDecidable(str(value.value()))
        return bool(value.value())


_CONDITIONS: dict[tuple[Any, str], Condition] = {}
"""What was compiled, by the evaluator, the names and types of its language, and its text: nothing else decides it."""


class Language:
    """The language of conditions at one decision point. ``types``: the type of each fact by its qualified name."""

    def __init__(
        self,
        types: Mapping[str, str],
        *,
        evaluator: int = 1,
        lists: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        """``types``: as in providers.FactProvider. ``lists``: texts that the rulebook itself lists, by their name in rules.

        Raises UnknownEvaluator.
        """
        if evaluator not in _CONFIGURATIONS:
            raise UnknownEvaluator(f"there is no evaluator of version {evaluator}")
        self.types = dict(types)
        self._evaluator = evaluator
        self._lists = {name: list(values) for name, values in (lists or {}).items()}
        self._variables: dict[str, Any] = dict.fromkeys(self._lists, _ENGINE_TYPES["list(string)"])
        for name, kind in self.types.items():
            self._variables[name] = _ENGINE_TYPES[kind.removesuffix(NULLABLE)]
            if kind.endswith(NULLABLE):
                self._variables[name + KNOWN] = engine.Type.BOOL
        self._declared = (evaluator, tuple(self.types.items()), tuple(self._lists))

    @cached_property
    def _environment(self) -> Any:
        return self._declare(self._variables)

    def compile(self, text: str) -> Condition:
        """Compile ``text``, once in a process against the same names and types; raises ExpressionRefused with every error found."""
        key = (self._declared, text)
        kept = _CONDITIONS.get(key)
        if kept is None:
            if len(_CONDITIONS) >= CONDITIONS_KEPT_MAX:
                _CONDITIONS.clear()
            kept = _CONDITIONS[key] = self._compile(text)
        return kept

    def _compile(self, text: str) -> Condition:
        faults = _faults_of_form(text)
        if not faults and self._evaluator > 1:
            faults = [_stated(text, fault) for fault in faults_of_cost(text)]
        if faults:
            raise ExpressionRefused(faults)
        try:
            program = self._environment.compile(text)
        except RuntimeError as error:
            raise ExpressionRefused(self._faults(text, str(error))) from error
        if program.return_type() != engine.Type.BOOL:
            found = program.return_type().name().lower()
            message = Label(
                f"a condition must be true or false, this is {found}",
                f"条件は真偽値でなければなりません（{found} になっています）",
            )
            raise ExpressionRefused([ExpressionFault(1, 1, message)])
        if self._evaluator > 1 and (wrong := self._faults_of_patterns(text)):
            raise ExpressionRefused(wrong)
        return Condition(program, self._reads(text))

    def _faults_of_patterns(self, text: str) -> list[ExpressionFault]:
        """Patterns that the engine refuses: it looks at them only when it evaluates them."""
        faults = []
        for pattern in patterns(text):
            try:
                Condition(self._declare({}).compile(f"''.matches({pattern.written})"), ()).holds({})
            except (NotDecidable, RuntimeError) as error:
                words = str(error).partition("invalid regular expression: ")[2] or str(error)
                message = Label(
                    f"this is no pattern of RE2: {words}", f"RE2 の正規表現として正しくありません: {words}"
                )
                faults.append(ExpressionFault(*place_of(text, pattern.offset), message))
        return faults

    def activation(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Recorded facts in the form for conditions: a null is left out, so a condition that reads it is undecidable."""
        values: dict[str, Any] = dict(self._lists)
        for name, kind in self.types.items():
            value = facts.get(name)
            if kind.endswith(NULLABLE):
                values[name + KNOWN] = value is not None
            if value is not None:
                values[name] = _instant(value) if kind.startswith("timestamp") else value
        return values

    def _reads(self, text: str) -> tuple[str, ...]:
        """The facts that ``text`` reads: those without whose declaration it does not compile.

        The library reports a limited number of undeclared names at a time, hence the loop.
        """
        needed: dict[str, Any] = {}
        while True:
            try:
                self._declare(needed).compile(text)
            except RuntimeError as error:
                names = {name for _, _, issue in _ISSUE.findall(str(error)) for name in _names(issue)}
                found = {
                    name: self._variables[name] for name in names - set(needed) if name in self._variables
                }
                if not found:
                    raise
                needed |= found
            else:
                facts = {
                    name if name in self.types else name.removesuffix(KNOWN)
                    for name in needed
                    if name not in self._lists
                }
                return tuple(sorted(facts))

    def _declare(self, variables: Mapping[str, Any]) -> Any:
        configuration = _CONFIGURATIONS[self._evaluator]
        return engine.NewEnv(config=engine.NewEnvConfigFromYaml(configuration), variables=variables)

    def _faults(self, text: str, report: str) -> list[ExpressionFault]:
        faults = [
            self._fault(text, int(line), int(column), re.sub(r" \[[A-Z_]+\]$", "", issue))
            for line, column, issue in _ISSUE.findall(report)
            if int(line) > 0
        ]
        return faults or [
            ExpressionFault(
                1, 1, Label(f"this cannot be compiled: {report}", f"コンパイルできません: {report}")
            )
        ]

    def _fault(self, text: str, line: int, column: int, issue: str) -> ExpressionFault:
        name = next(iter(_names(issue)), None)
        if name is None:
            return ExpressionFault(line, column, Label(issue, f"式が正しくありません: {issue}"))
        source = text.split("\n")[line - 1]
        if source[column - 1 : column] == "(":
            message = Label(f"there is no function {name}", f"関数 {name} はありません")
            return ExpressionFault(line, _start(source, column, name), message)
        near = difflib.get_close_matches(name, self._variables, n=SUGGESTIONS_MAX)
        hint = (f"; did you mean {', '.join(near)}?", f"（候補: {'、'.join(near)}）") if near else ("", "")
        message = Label(
            f"{name} is not a fact of this decision point{hint[0]}",
            f"事実 {name} はこの判定点では参照できません{hint[1]}",
        )
        return ExpressionFault(line, _start(source, column, name.rpartition(".")[0]), message)


def _names(issue: str) -> list[str]:
    """The undeclared name that an issue reports, or None."""
    return _UNDECLARED.findall(issue)


def _start(source: str, column: int, written: str) -> int:
    """The start of a name: the library points at its last dot or bracket, so go back over ``written``."""
    start = column - len(written)
    return start if start >= 1 and source[start - 1 : column - 1] == written else column


def _faults_of_form(text: str) -> list[ExpressionFault]:
    """Errors found before compiling: length, invisible characters, and ``has``."""
    if not text.strip() or len(text) > EXPRESSION_LENGTH_MAX:
        words = Label(
            f"write 1 to {EXPRESSION_LENGTH_MAX} characters",
            f"1～{EXPRESSION_LENGTH_MAX}文字で記述してください",
        )
        return [ExpressionFault(1, 1, words)]
    hidden = Label(
        "control characters and unusual spaces are not permitted", "制御文字や特殊な空白は使えません"
    )
    asks = Label(
        "has() cannot test facts; use name.known for a fact that may be null",
        "has() は使えません。null になり得る事実には 名前.known を使ってください",
    )
    return [
        ExpressionFault(*place_of(text, match.start()), message)
        for pattern, message in ((_CONTROL, hidden), (_HAS, asks))
        for match in pattern.finditer(text)
    ]


def _stated(text: str, fault: TokenFault) -> ExpressionFault:
    return ExpressionFault(*place_of(text, fault.offset), fault.message)


def _instant(value: str) -> datetime:
    return datetime.fromisoformat(value)
