"""Kinds of obligation are listed in one place: no other module of clearing lists two or more of them."""

from __future__ import annotations

import ast
import re

import pytest

from clearing.trades.states import ObligationKind
from tests.tidy.test_shape import PROJECT

HOME = {"clearing/trades/obligation_kinds.py", "clearing/trades/states.py"}
# What tells kinds apart for what only they are, in one text, and the reason.
EXEMPT = {
    "clearing/netting/verify_statement.py": "participants run it by itself, without any software of the market",
    "clearing/trades/fee_rebates.py": "reads fees beside what was given back of them",
    "clearing/trades/invariants.py": "each kind is compared with other columns of its trade",
    "clearing/trades/sql/fee_refunds_fit.sql": "compares what is given back of a fee with the fee",
    "clearing/trades/sql/obligations_fit.sql": "each kind is compared with other columns of its trade",
}
LITERAL = re.compile(rf"'({'|'.join(ObligationKind.values)})'")


def listed_in(path: str) -> list[tuple[int, set[str]]]:
    """Where a file, Python or SQL, lists two or more kinds: the line, and which."""
    text = (PROJECT / path).read_text(encoding="utf-8")
    if path.endswith(".py"):
        return listed_kinds(text)
    kinds = kinds_in_sql(text)
    return [(1, kinds)] if len(kinds) > 1 else []


def listed_kinds(text: str) -> list[tuple[int, set[str]]]:
    """The line of each collection, comparison and text of a module with two or more kinds, and which."""
    found = []
    for node in ast.walk(ast.parse(text)):
        kinds: set[str] = set()
        if isinstance(node, (ast.Tuple, ast.List, ast.Set)):
            kinds = {kind for element in node.elts if (kind := _kind(element))}
        elif isinstance(node, ast.Dict):
            kinds = {kind for key in node.keys if key is not None and (kind := _kind(key))}
        elif isinstance(node, ast.BoolOp):
            compared = [value for value in node.values if isinstance(value, ast.Compare)]
            kinds = {kind for value in compared if (kind := _kind(value.comparators[0]))}
        elif isinstance(node, (ast.Constant, ast.JoinedStr)):
            kinds = kinds_in_sql(ast.unparse(node) if isinstance(node, ast.JoinedStr) else str(node.value))
        if len(kinds) > 1 and (node.lineno, kinds) not in found:
            found.append((node.lineno, kinds))
    return found


def kinds_in_sql(text: str) -> set[str]:
    """The kinds that stand as literals in SQL about obligations."""
    return set(LITERAL.findall(text)) if re.search(r"\bkind\b|base\(", text) else set()


def _kind(node: ast.expr) -> str | None:
    if isinstance(node, ast.Attribute) and node.attr == "value":
        node = node.value
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return node.attr.lower() if node.value.id == "ObligationKind" else None
    if isinstance(node, ast.Constant) and node.value in ObligationKind.values:
        return str(node.value)
    return None


def sources() -> list[str]:
    """Every Python and SQL file of clearing but its migrations and the home of the kinds, by its path."""
    files = (path for ending in ("py", "sql") for path in (PROJECT / "clearing").rglob(f"*.{ending}"))
    paths = (path.relative_to(PROJECT).as_posix() for path in files)
    return sorted(path for path in paths if "/migrations/" not in path and path not in HOME)


def test_no_module_but_the_table_lists_kinds():
    found = {path: listed for path in sources() if path not in EXEMPT and (listed := listed_in(path))}
    assert found == {}


def test_every_exempt_file_lists_kinds():
    listing = {path for path in EXEMPT if listed_in(path)}
    assert listing == set(EXEMPT)


@pytest.mark.parametrize(
    "text",
    [
        "KINDS = (ObligationKind.FEE, ObligationKind.SHARE.value)",
        "WORDS = {ObligationKind.FEE: 1, ObligationKind.SHARE: 2}",
        "found = kind == ObligationKind.FEE or kind == ObligationKind.SHARE",
        "kinds = ['fee', 'share']",
        '''sql = "SELECT FROM clearing_obligation WHERE kind IN ('fee', 'share')"''',
        '''sql = f"SELECT {what} WHERE o.kind = 'fee' OR o.kind = 'share'"''',
    ],
)
def test_a_list_of_kinds_is_found(text):
    assert [kinds for _, kinds in listed_kinds(text)] == [{"fee", "share"}]


@pytest.mark.parametrize("text", ["kind == ObligationKind.FEE", "kinds = (*BASE_KINDS, 'fee')", "x = 'fee'"])
def test_one_kind_alone_is_no_list(text):
    assert listed_kinds(text) == []
