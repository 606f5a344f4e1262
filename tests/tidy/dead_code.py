"""Finds code that nothing of production uses: functions, methods, classes, attributes and variables.

    python -m tests.tidy.dead_code [APPLICATION ...]

vulture reads the production code alone, so it also finds what only tests or benchmarks use; each finding says so.
``framework_names`` tells what a framework uses by name, and ``kept_code.KEPT`` what is alive for another reason. The
program needs Django's settings in its environment, and neither server.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import django
from vulture.core import Item, Vulture

from tests.tidy.framework_names import Place, is_used_by_name
from tests.tidy.kept_code import KEPT

PROJECT = Path(__file__).parents[2]
PRODUCTION = ("marketplace", "listings", "quality", "contracts", "delivery", "clearing", "web", "fixtures")
ELSEWHERE = ("tests", "bench")
KEPT_FILE = "tests/tidy/kept_code.py"
# vulture is this sure of what it finds by name: every function, method, class, attribute and variable.
CONFIDENCE_MIN = 60
# Such a decorator hands what it decorates over to whoever calls it.
REGISTERING_DECORATORS = ["@register.*", "@admin.register", "@contribute", "@_formats.checks"]
# By these arguments a serializer's field or a filter names an attribute or a method.
NAMING_ARGUMENTS = {"source", "method"}
DOTTED_PATH = re.compile(r"\w+(\.\w+)+")
# What a template of Django puts out or carries out.
TEMPLATE_TAG = re.compile(r"\{\{.*?\}\}|\{%.*?%\}")


class Reader(Vulture):
    """vulture with what our code names in strings.

    A dotted path (a handler, a task, a class in a setting) is a use. A name in ``__all__`` is none: a package only
    offers it there.
    """

    def __init__(self) -> None:
        super().__init__(ignore_decorators=REGISTERING_DECORATORS)
        self.dotted_paths: set[str] = set()

    def visit_Assign(self, node: ast.Assign) -> None:  # noqa: N802  # vulture's name
        """Read an assignment: where vulture would count the names in ``__all__``, count nothing."""

    def visit_Call(self, node: ast.Call) -> None:  # noqa: N802  # vulture's name
        """Read a call, and the names that it gives by the naming arguments."""
        super().visit_Call(node)
        for keyword in node.keywords:
            if keyword.arg in NAMING_ARGUMENTS and isinstance(keyword.value, ast.Constant):
                self.used_names |= set(str(keyword.value.value).split("."))

    def visit_Constant(self, node: ast.Constant) -> None:  # noqa: N802  # the syntax tree's name
        """Keep a string that is a dotted path."""
        if isinstance(node.value, str) and DOTTED_PATH.fullmatch(node.value):
            self.dotted_paths.add(node.value)


@dataclass(frozen=True, order=True)
class Finding:
    """Something that is dead: its file and line, vulture's word for its kind, its place, and who else uses it."""

    path: str
    line: int
    kind: str
    place: str
    used_elsewhere: bool

    def __str__(self) -> str:
        """One line for a person."""
        if self.path == KEPT_FILE:
            return f"{self.path}: remove {self.place}: it is gone, or production uses it"
        users = "only tests or benchmarks use" if self.used_elsewhere else "nothing uses"
        return f"{self.path}:{self.line}: {users} the {self.kind} {self.place}"


def dead_code(
    root: Path = PROJECT,
    *,
    production: Sequence[str] = PRODUCTION,
    elsewhere: Sequence[str] = ELSEWHERE,
    kept: Mapping[str, str] = KEPT,
) -> list[Finding]:
    """Every finding in the folders ``production`` under ``root``, in the order of files and lines.

    An entry of ``kept`` that keeps nothing is a finding too.
    """
    reader = read([root / folder for folder in production])
    found = {place_of(item, root): item for item in unused(reader)}
    dead = {
        place: item
        for place, item in found.items()
        if str(place) not in reader.dotted_paths and not is_used_by_name(place, kind=item.typ)
    }
    stale = sorted(set(kept) - {str(place) for place in dead})
    findings = [Finding(KEPT_FILE, 0, "entry", name, used_elsewhere=False) for name in stale]
    dead = {place: item for place, item in dead.items() if str(place) not in kept}
    if dead:
        # Read again with the others only now: what is still unused then, nothing uses at all.
        nowhere = {
            place_of(item, root) for item in unused(read([root / f for f in (*production, *elsewhere)]))
        }
        findings += [
            Finding(
                str(Path(item.filename).relative_to(root)),
                item.first_lineno,
                item.typ,
                str(place),
                used_elsewhere=place not in nowhere,
            )
            for place, item in dead.items()
        ]
    return sorted(findings)


def read(folders: Sequence[Path]) -> Reader:
    """vulture after reading every module of ``folders`` but migrations, and the names in their page templates."""
    reader = Reader()
    reader.scavenge(sorted(folders), exclude=["*/migrations/*"])
    for template in (path for folder in folders for path in folder.rglob("*.html")):
        for tag in TEMPLATE_TAG.findall(template.read_text(encoding="utf-8")):
            reader.used_names |= set(re.findall(r"\w+", tag))
    return reader


def unused(reader: Reader) -> list[Item]:
    """What the reader found unused; unused imports are ruff's to find."""
    return [item for item in reader.get_unused_code(CONFIDENCE_MIN) if item.typ != "import"]


def place_of(item: Item, root: Path) -> Place:
    """Where a finding of vulture stands, in a module under ``root``."""
    path = Path(item.filename)
    parts = path.relative_to(root).with_suffix("").parts
    outer: tuple[str, ...] = ()
    for lines, names in definitions(path):
        # vulture gives a decorated definition the line of its first decorator.
        if item.first_lineno in lines and (lines.start, names[-1]) != (item.first_lineno, item.name):
            outer = names
    return Place(".".join(parts[:-1] if parts[-1] == "__init__" else parts), (*outer, item.name))


@cache
def definitions(path: Path) -> tuple[tuple[range, tuple[str, ...]], ...]:
    """The lines of every class and function of a module, with the path of names to it; inner ones after outer ones."""

    def within(node: ast.AST, outer: tuple[str, ...]) -> Iterator[tuple[range, tuple[str, ...]]]:
        for child in ast.iter_child_nodes(node):
            inner = outer
            if isinstance(child, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
                inner = (*outer, child.name)
                first = min([child.lineno, *(decorator.lineno for decorator in child.decorator_list)])
                yield range(first, (child.end_lineno or child.lineno) + 1), inner
            yield from within(child, inner)

    return tuple(within(ast.parse(path.read_text(encoding="utf-8")), ()))


def main(applications: Sequence[str]) -> int:
    """Print the findings, of all applications or of those named; return 1 if there are any."""
    django.setup()
    findings = [
        finding
        for finding in dead_code()
        if not applications or finding.path.partition("/")[0] in {*applications, "tests"}
    ]
    for finding in findings:
        print(finding)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
