"""A stranger's programs recompute the day's neutrality bundle, without Django and without the market."""

from __future__ import annotations

from marketplace.rules.neutrality.models import NeutralityBundle
from marketplace.rules.neutrality.queries import public_content
from tests.verification.running import run_alone, tampered

RECOMPUTED = [
    "alike", "checkpoint", "decisions", "entries", "fees", "figures", "files", "in force", "in the log", "openings", "order", "outcomes",
    "ranking", "rebates", "records", "rulebooks", "tariffs", "withheld",
]  # fmt: skip


def test_the_auditor_of_the_day_recomputed_its_bundle(report):
    assert report["neutrality_bundle"] == {
        "recomputed": RECOMPUTED,
        "faulty": [],
        "exit_status": 0,
    }


def test_a_buyer_of_the_day_verified_the_bundle_of_its_agreement(report):
    said = report["agreement_bundle"]
    assert (said["faulty"], said["exit_status"]) == ([], 0)
    assert {"object", "texts", "annexes", "signatures", "evidence", "documents"} <= set(said["recomputed"])


def test_a_stranger_recomputes_the_bundle_of_the_day(report, tmp_path):
    bundle = NeutralityBundle.objects.get()
    content, _ = public_content(bundle.public_id)
    (tmp_path / "bundle.zip").write_bytes(content)
    status, output = run_alone("replay.py", "bundle.zip", folder=tmp_path)
    assert status == 0, output
    parts = bundle.figures["parts"]
    for part in ("decisions", "order"):
        withheld = sum(parts[part]["withheld"].values())
        assert parts[part]["rows"] > withheld, (part, parts[part])
    assert bundle.figures["names_replaced"]["followed"] == 0
    assert bundle.figures["names_replaced"]["replayed"] == parts["decisions"]["rows"]


def test_a_changed_outcome_of_the_day_is_named(report, tmp_path):
    content, _ = public_content(NeutralityBundle.objects.get().public_id)

    def deny(rows):
        next(row for row in rows if row.get("outcome") == "allow")["outcome"] = "deny"

    (tmp_path / "bundle.zip").write_bytes(tampered(content, "decisions.jsonl", deny))
    status, output = run_alone("replay.py", "bundle.zip", folder=tmp_path)
    assert (status, "  decision_differs " in output) == (1, True), output
