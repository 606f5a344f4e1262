"""Why something waits is said by the register alone, and the document of it is made from there."""

from __future__ import annotations

from marketplace.kernel.management.commands.document_waiting import document
from marketplace.kernel.waiting import REASONS
from tests.tidy.test_shape import PROJECT, sources

SUBJECTS = {
    "approval", "bank_entry", "cycle", "debit_booking", "delivery", "payment", "shortfall", "statement_import", "trade",
}  # fmt: skip


def test_reasons_are_declared_in_modules_called_waiting():
    found = [
        str(path.relative_to(PROJECT))
        for path in sources("clearing", "delivery", "contracts", "listings", "quality", "marketplace")
        if " = WaitingReason(" in path.read_text(encoding="utf-8") and path.name != "waiting.py"
    ]
    assert found == []


def test_reasons_are_of_known_subjects():
    assert {code.partition(".")[0] for code in REASONS} - {"probe"} == SUBJECTS


def test_the_document_of_waiting_reasons_is_made_from_the_register():
    written = (PROJECT / "docs" / "waiting.md").read_text(encoding="utf-8")
    assert written == document(), "run: make servers, then manage.py document_waiting > docs/waiting.md"
