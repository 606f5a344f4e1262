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
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cel_expr_python import cel as engine

from marketplace.kernel.labels import Label

from .providers import NULLABLE

logger = logging.getLogger(__name__)

KNOWN = ".known"
EXPRESSION_LENGTH_MAX = 2_000
SUGGESTIONS_MAX = 3

_CONFIGURATION = """
stdlib:
  exclude_functions:
    - name: "dyn"
    - name: "type"
"""
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


class Language:
    """The language of conditions at one decision point. ``types``: the type of each fact by its qualified name."""

    def __init__(self, types: Mapping[str, str]) -> None:
        """``types``: as in providers.FactProvider."""
        self.types = dict(types)
        self._variables: dict[str, Any] = {}
        for name, kind in self.types.items():
            self._variables[name] = _ENGINE_TYPES[kind.removesuffix(NULLABLE)]
            if kind.endswith(NULLABLE):
                self._variables[name + KNOWN] = engine.Type.BOOL
        self._environment = _environment(self._variables)

    def compile(self, text: str) -> Condition:
        """Compile ``text``; raises ExpressionRefused with every error found."""
        faults = _faults_of_form(text)
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
        return Condition(program, self._reads(text))

    def activation(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Recorded facts in the form for conditions: a null is left out, so a condition that reads it is undecidable."""
        values: dict[str, Any] = {}
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
                _environment(needed).compile(text)
            except RuntimeError as error:
                names = {name for _, _, issue in _ISSUE.findall(str(error)) for name in _names(issue)}
                found = {
                    name: self._variables[name] for name in names - set(needed) if name in self._variables
                }
                if not found:
                    raise
                needed |= found
            else:
                facts = {name if name in self.types else name.removesuffix(KNOWN) for name in needed}
                return tuple(sorted(facts))

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


def _environment(variables: Mapping[str, Any]) -> Any:
    return engine.NewEnv(config=engine.NewEnvConfigFromYaml(_CONFIGURATION), variables=variables)


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
        ExpressionFault(*_place(text, match.start()), message)
        for pattern, message in ((_CONTROL, hidden), (_HAS, asks))
        for match in pattern.finditer(text)
    ]


def _place(text: str, offset: int) -> tuple[int, int]:
    before = text[:offset]
    return before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1


def _instant(value: str) -> datetime:
    return datetime.fromisoformat(value)
