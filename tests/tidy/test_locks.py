"""Advisory locks are taken through their register, and the document of them is made from it."""

from __future__ import annotations

import re
from pathlib import Path

from django.apps import apps

from marketplace.kernel.locks import LOCKS
from marketplace.kernel.management.commands.document_locks import document
from tests.tidy.test_shape import APPLICATIONS, PROJECT, sources

REGISTER = "marketplace/kernel/locks.py"


def bodies_of_guards() -> list[Path]:
    """The SQL files of all applications and rooms."""
    return [path for application in APPLICATIONS for path in sorted((PROJECT / application).rglob("*.sql"))]


def test_advisory_locks_are_taken_through_the_register_alone():
    assert len(bodies_of_guards()) > 50
    found = [
        str(path.relative_to(PROJECT))
        for path in [*sources(*APPLICATIONS), *bodies_of_guards()]
        if re.search(r"pg_(try_)?advisory", path.read_text(encoding="utf-8"))
    ]
    assert found == [REGISTER]


def test_a_lock_is_named_after_its_application():
    labels = {config.label for config in apps.get_app_configs()}
    assert [name for name in LOCKS if name.partition(".")[0] not in labels] == []


def test_the_document_of_locks_is_made_from_the_register():
    written = (PROJECT / "docs" / "locks.md").read_text(encoding="utf-8")
    assert written == document(), "run: make servers, then manage.py document_locks > docs/locks.md"
