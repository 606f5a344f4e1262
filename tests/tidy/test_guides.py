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


def test_the_readme_names_every_guide():
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    pages = [*DOCS.glob("*.md"), *DOCS.glob("api/*.md"), *DOCS.glob("operator/*.md")]
    assert len(pages) > 25
    assert [page.name for page in pages if f"({page.relative_to(PROJECT)})" not in readme] == []


@pytest.mark.parametrize("document", EVERYTHING, ids=lambda path: str(path.relative_to(PROJECT)))
def test_the_links_of_a_document_lead_to_files_and_headings(document):
    text = document.read_text(encoding="utf-8")
    for page, anchor in re.findall(r"\]\((?!\w+:)([^)#\s]*)#?([^)\s]*)\)", text):
        target = (document.parent / page).resolve() if page else document
        assert target.exists(), page
        assert not anchor or anchor in anchors(target.read_text(encoding="utf-8")), f"{page}#{anchor}"


def anchors(text: str) -> set[str]:
    """The addresses of the headings of a page, as its readers make them."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_a_name_without_a_definition_is_found():
    assert used("post a/ '{}'\ncurl $BASE/log\nx=$(sha256 file)") == {"post", "BASE", "sha256"}
    assert defined("post() { curl; }\nBASE=x") == {"post", "BASE"}
