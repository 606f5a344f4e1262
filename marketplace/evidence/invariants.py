"""Invariants of the evidence log."""

from __future__ import annotations

from typing import Any

from marketplace.kernel.invariants import Invariant

from .services import verify_log


def _broken_links() -> list[dict[str, Any]]:
    return [{"fault": fault} for fault in verify_log().faults[:20]]


Invariant(
    name="evidence.chain_verifies",
    promise=5,
    statement="Every link follows from its record and the link before it, and every checkpoint from its links.",
    guards=(
        "evidence_evidencerecord.append_only",
        "evidence_chainlink.append_only",
        "evidence_checkpoint.append_only",
        "evidence_chainlink.chain_from_one",
    ),
    test="tests/evidence/test_guards.py::test_the_log_is_append_only",
    check=_broken_links,
)
