"""The one-file verifier checks that the public log has the record of the very bundle that it recomputes."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import run
from typing import Any

import pytest
from django.conf import settings

from marketplace.evidence import public_log, services
from marketplace.evidence.keys import key_in_force
from marketplace.evidence.log_paths import TileRequest
from marketplace.evidence.models import EvidenceRecord
from marketplace.evidence.verifier_keys import ED25519, verifier_key
from tests.evidence.factories import seal
from tests.rules.neutrality.factories import end_day, made, traded_day
from verification import verify

from .running import tampered

PATH = "/api/v1/neutrality-bundles/"


@pytest.fixture
def downloaded(committed_database, api, tmp_path) -> tuple[Path, Path, str]:
    """The folder of the public log, the file of a bundle that it has, and the log's key: all by public routes."""
    traded_day()
    end_day()
    bundle = made()
    assert api.get(f"{PATH}{bundle.public_id}/proof/").json()["code"] == "not_in_checkpoint"
    seal(EvidenceRecord.objects.count())
    services.checkpoint()
    folder, file = tmp_path / "log", tmp_path / "bundle.zip"
    folder.mkdir()
    (folder / "checkpoint").write_text(api.get("/log/checkpoint").content.decode())
    note = verify.read_note((folder / "checkpoint").read_text())
    for index in range(-(-note.size // verify.TILE_WIDTH)):
        width = min(verify.TILE_WIDTH, note.size - index * verify.TILE_WIDTH)
        path = folder / verify.tile_path(index, width)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(public_log.read(TileRequest(None, index, width)) or b"")
    proof = api.get(f"{PATH}{bundle.public_id}/proof/")
    (folder / "records.jsonl").write_bytes(proof.content + b"\n")
    file.write_bytes(api.get(f"{PATH}{bundle.public_id}/content/").content)
    key = key_in_force()
    assert key.name == settings.EVIDENCE_ORIGIN
    return folder, file, verifier_key(key.name, ED25519, bytes(key.public_key))


def verified(folder: Path, file: Path, key: str) -> tuple[int, str]:
    """What the program says, alone: it finds nothing of ours."""
    ran = run(
        [sys.executable, "-I", str(verify.__file__), str(file), "--log", str(folder), "--key", key],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return ran.returncode, ran.stdout + ran.stderr


def test_the_log_has_the_bundle_and_what_is_another_bundle_is_named(downloaded):
    folder, file, key = downloaded
    status, output = verified(folder, file, key)
    assert status == 0, output
    for check in ("checkpoint", "entries", "records", "fees", "ranking", "order", "in the log"):
        assert f"{check}: ok" in output.splitlines(), output
    for spoil, code in SPOILT.values():
        (spoilt := file.with_name("spoilt.zip")).write_bytes(file.read_bytes())
        kept = (folder / "records.jsonl").read_bytes()
        spoil(folder, spoilt)
        status, output = verified(folder, spoilt, key)
        (folder / "records.jsonl").write_bytes(kept)
        assert (status, f"  {code}: " in output) == (1, True), (code, output)


def _same(rows: list[dict[str, Any]]) -> None:
    """Nothing changes but the bytes of the archive."""


def _pack_anew(_folder: Path, file: Path) -> None:
    file.write_bytes(tampered(file.read_bytes(), "ranking.jsonl", _same))


def _lose_record(folder: Path, _file: Path) -> None:
    (folder / "records.jsonl").write_text("")


def _state_otherwise(folder: Path, file: Path) -> None:
    """A record that states the file as it is, but is not the one that the log has."""
    opening = json.loads((folder / "records.jsonl").read_text())
    opening["content"] = opening["content"].replace('"actor":"system"', '"actor":"others"')
    (folder / "records.jsonl").write_text(json.dumps(opening) + "\n")


SPOILT: dict[str, tuple[Callable[[Path, Path], None], str]] = {
    "another archive": (_pack_anew, "published_otherwise"),
    "no record": (_lose_record, "record_missing"),
    "a forged record": (_state_otherwise, "record_differs"),
}
