"""A function imports our own modules only for a reason of the closed list, which stands beside the import."""

from __future__ import annotations

import ast
import re

import pytest

from tests.tidy.test_shape import APPLICATIONS, PROJECT, sources

OURS = {*APPLICATIONS, "tests"}
# Written as `# deferred: REASON` at the end of the import's line, or alone above a block of imports. Cycles are no
# reason: the floors forbid them.
REASONS = {
    "loaded applications": "the module needs loaded applications, and Django imports this one before",
    "Django set up": "the module needs Django's settings, and this program sets Django up itself",
}
REASON = re.compile(r"# deferred: (.*)$")


def deferred_imports(tree: ast.Module) -> list[ast.Import | ast.ImportFrom]:
    """The imports of our own modules inside functions, in the order of their lines."""
    found = {
        node.lineno: node
        for function in ast.walk(tree)
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef))
        for node in ast.walk(function)
        if isinstance(node, (ast.Import, ast.ImportFrom)) and _imports_ours(node)
    }
    return [found[line] for line in sorted(found)]


def _imports_ours(node: ast.Import | ast.ImportFrom) -> bool:
    if isinstance(node, ast.ImportFrom):
        return node.level > 0 or (node.module or "").split(".")[0] in OURS
    return any(alias.name.split(".")[0] in OURS for alias in node.names)


def unexplained_imports(text: str) -> list[int]:
    """The lines of a module's deferred imports that give no reason of the closed list."""
    tree, lines = ast.parse(text), text.splitlines()
    imports = {
        line
        for node in ast.walk(tree)
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }

    def reason_of(node: ast.stmt) -> str | None:
        above = node.lineno - 1
        while above in imports or not lines[above - 1].strip():
            above -= 1
        beside = range(node.lineno, (node.end_lineno or node.lineno) + 1)
        written = [lines[line - 1] for line in beside]
        if lines[above - 1].lstrip().startswith("#"):
            written.append(lines[above - 1])
        return next((match[1] for text in written if (match := REASON.search(text))), None)

    return [node.lineno for node in deferred_imports(tree) if reason_of(node) not in REASONS]


def test_every_deferred_import_of_ours_gives_a_reason():
    found = [
        f"{path.relative_to(PROJECT)}:{line}"
        for path in [*sources(*OURS), PROJECT / "manage.py"]
        for line in unexplained_imports(path.read_text(encoding="utf-8"))
    ]
    assert found == [], f"import at the top, or give a reason: {', '.join(map(repr, REASONS))}"


@pytest.mark.parametrize(
    "block",
    [
        "from clearing import services",
        "import marketplace.kernel.clock",
        "from .models import Trade",
        "from . import models  # needs Django",
        "from . import models  # deferred: it makes a cycle",
        "# deferred: loaded applications\n    clock = 1\n    from clearing import services",
    ],
)
def test_a_deferred_import_without_a_reason_of_the_list_is_found(block):
    text = f"class Service:\n  def act():\n    {block}\n    return services"
    assert unexplained_imports(text) == [2 + len(block.splitlines())]


@pytest.mark.parametrize(
    "text",
    [
        "def act():\n    import json\n    from django.db import models",
        "if TYPE_CHECKING:\n    from .models import Trade\ndef act(): ...",
        "def act():\n    from . import models  # noqa: F401  # deferred: loaded applications",
        "def act():\n    # deferred: Django set up\n    from clearing import (\n        a,\n    )\n\n    from . import b",
    ],
)
def test_other_imports_and_explained_ones_are_left_alone(text):
    assert unexplained_imports(text) == []
