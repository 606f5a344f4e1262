"""What a guide tells to type works on any machine and says where its words come from."""

from __future__ import annotations

import re

import pytest

from tests.processes import PROJECT

DOCS = PROJECT / "docs"
SHELL = "api/README.md#a-shell-for-the-guides"
GUIDES = sorted(DOCS.glob("*.md"))
EVERYTHING = [
    PROJECT / "README.md",
    *GUIDES,
    *sorted(DOCS.glob("*/README.md")),
    *sorted(DOCS.glob("operator/*.md")),
]
NAMES = ("get", "post", "at", "key", "sha256", "API", "BASE", "TOKEN", "VERIFIER_KEY")
MISSING_ELSEWHERE = re.compile(r"\b(uuidgen|sha256sum|shasum|jq|wget)\b")
"""Programs that not every machine has; the guides need curl and Python."""


def typed(text: str) -> str:
    """What stands in the fences of a guide, and between backticks."""
    fences = re.findall(r"^```(?:sh)?\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    return "\n".join([*fences, *re.findall(r"`([^`\n]+)`", text)])


def used(code: str) -> set[str]:
    """The names of the shell for the guides that ``code`` uses."""
    functions = {name for name in NAMES if re.search(rf"(?:^|\$\(){name} +['\"a-z0-9-]", code, re.MULTILINE)}
    return functions | {name for name in NAMES if re.search(rf"\${name}\b", code)}


def defined(code: str) -> set[str]:
    """Those that ``code`` defines."""
    return {name for name in NAMES if re.search(rf"^{name}(?:\(\) |=)", code, re.MULTILINE)}


def test_the_shell_for_the_guides_defines_what_they_use():
    text = (DOCS / "api" / "README.md").read_text(encoding="utf-8")
    assert "\n## A shell for the guides\n" in text
    assert defined(typed(text)) == set(NAMES)


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.name)
def test_a_guide_defines_what_it_uses_or_names_where_it_is_defined(guide):
    text = guide.read_text(encoding="utf-8")
    code = typed(text)
    missing = used(code) - defined(code)
    assert not missing or SHELL in text, missing


@pytest.mark.parametrize("document", EVERYTHING, ids=lambda path: str(path.relative_to(PROJECT)))
def test_a_document_uses_programs_that_every_machine_has(document):
    assert MISSING_ELSEWHERE.findall(document.read_text(encoding="utf-8")) == []


def test_a_name_without_a_definition_is_found():
    assert used("post a/ '{}'\ncurl $BASE/log\nx=$(sha256 file)") == {"post", "BASE", "sha256"}
    assert defined("post() { curl; }\nBASE=x") == {"post", "BASE"}
