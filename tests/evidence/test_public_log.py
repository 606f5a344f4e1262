"""The public log is one that clients of C2SP tlog-tiles read, and tells nothing but commitments."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import pytest
from django.conf import settings

from marketplace.evidence import log_urls, services
from marketplace.evidence.log_paths import TileRequest, read_tile_path
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel.merkle import merkle_root
from tests.client import KeyedClient
from verification import verify, witness

from .factories import seal, write, write_many


@pytest.fixture
def log(committed_database):
    """600 sealed records under a checkpoint: three tiles of entries."""
    write_many(600)
    seal(600)
    return services.checkpoint()


def entries_in(bundle: bytes) -> list[bytes]:
    found, at = [], 0
    while at < len(bundle):
        length = int.from_bytes(bundle[at : at + 2], "big")
        found.append(bundle[at + 2 : at + 2 + length])
        at += 2 + length
    return found


def test_who_reads_entries_and_tiles_comes_to_the_root_of_the_checkpoint(log, api):
    note = api.get("/log/checkpoint")
    assert (note.status_code, note["Content-Type"]) == (200, "text/plain; charset=utf-8")
    _, size, root = note.content.decode().split("\n")[:3]
    bundles = [api.get(f"/log/tile/entries/{path}").content for path in ("000", "001", "002.p/88")]
    entries = [entry for bundle in bundles for entry in entries_in(bundle)]
    hashes = [hashlib.sha256(b"\x00" + entry).digest() for entry in entries]
    assert (len(entries), size) == (600, "600")
    assert merkle_root(hashes) == base64.b64decode(root) == bytes.fromhex(log.root)
    assert api.get("/log/tile/0/001").content == b"".join(hashes[256:512])
    assert api.get("/log/tile/0/002.p/88").content == b"".join(hashes[512:])
    assert api.get("/log/tile/1/000.p/2").content == merkle_root(hashes[:256]) + merkle_root(hashes[256:512])


def test_an_entry_tells_neither_who_nor_what(log, api):
    (entry, *_) = entries_in(api.get("/log/tile/entries/000").content)
    record = EvidenceRecord.objects.order_by("pk").first()
    assert set(entry.decode()) <= set('{}":,0123456789abcdefcommitmentv')
    assert record.public_id.encode() not in entry
    assert len(entry) == 87


def test_what_never_changes_may_be_kept_for_ever_and_the_checkpoint_not(log, api):
    for path in ("tile/0/000", "tile/0/000.p/7", "tile/entries/001", "tile/entries/002.p/88"):
        answer = api.get(f"/log/{path}")
        assert (answer.status_code, answer["Cache-Control"]) == (200, "public, max-age=31536000, immutable")
        assert api.head(f"/log/{path}").status_code == 200
    assert api.get("/log/checkpoint")["Cache-Control"] == "public, max-age=10"


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/002",
        "tile/0/002.p/89",
        "tile/entries/002",
        "tile/entries/002.p/89",
        "tile/entries/003.p/1",
        "tile/1/000",
        "tile/2/000.p/1",
        "tile/8/000",
        "tile/00/000",
        "tile/0/0",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/007",
        "tile/0/x000/001",
        "tile/0/x001/x002/x003/x004/x005/006",
        "tile/0/../checkpoint",
        "tile/entries/-01",
        "tile/other/000",
        "tile/",
    ],
)
def test_what_the_log_does_not_have_is_missing(log, api, path):
    answer = api.get(f"/log/{path}")
    assert answer.status_code == 404
    assert answer.get("Cache-Control", "no-store") == "no-store"


def test_a_log_without_a_checkpoint_says_so(db, api):
    answer = api.get("/log/checkpoint")
    assert (answer.status_code, answer.content) == (404, b"no checkpoint was signed yet\n")


def test_a_log_is_read_again_only_if_it_changed_and_by_pages_of_any_origin(log, api):
    for path in ("tile/0/000", "tile/entries/002.p/88", "checkpoint", "verify.py"):
        answer = api.get(f"/log/{path}", HTTP_ACCEPT_LANGUAGE="ja", HTTP_ORIGIN="https://reader.example")
        assert answer["Access-Control-Allow-Origin"] == "*"
        assert (answer.has_header("Vary"), answer.has_header("Content-Language")) == (False, False)
        again = api.get(f"/log/{path}", HTTP_IF_NONE_MATCH=answer["ETag"])
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", answer["ETag"])
        assert (again.has_header("Vary"), again["Cache-Control"]) == (False, answer["Cache-Control"])
        assert api.get(f"/log/{path}", HTTP_IF_NONE_MATCH='"other"').content == answer.content
    before = api.get("/log/checkpoint")["ETag"]
    write_many_more()
    assert api.get("/log/checkpoint", HTTP_IF_NONE_MATCH=before).status_code == 200


def write_many_more() -> None:
    write("more")
    seal(1)
    services.checkpoint()


def test_the_origin_of_a_log_is_an_address_of_its_market():
    host, _, path = settings.EVIDENCE_ORIGIN.partition("/")
    assert ("." in host, path) == (True, "log")


@pytest.mark.parametrize("name", log_urls.PROGRAMS)
def test_the_programs_for_outsiders_are_served(db, api, name):
    answer = api.get(f"/log/{name}")
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/x-python; charset=utf-8")
    assert answer.content == (Path(verify.__file__).parent / name).read_bytes()
    assert api.get("/log/__init__.py").status_code == 404


def test_nobody_writes_to_the_log(log, api):
    api = KeyedClient(enforce_csrf_checks=True)
    for answer in (
        api.post("/log/checkpoint", {}),
        api.delete("/log/tile/0/000"),
        api.put("/log/verify.py", {}),
    ):
        assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD")
        assert (answer["Content-Type"], answer.json()["status"]) == ("application/problem+json", 405)
    assert api.get("/log/checkpoint").content.decode() == log.note


@pytest.mark.parametrize(
    ("level", "index", "width", "path"),
    [
        (0, 67, 256, "0/067"),
        (None, 1_234_067, 256, "entries/x001/x234/067"),
        (1, 1_000, 5, "1/x001/000.p/5"),
    ],
)
def test_an_address_is_written_in_one_way(level, index, width, path):
    written = verify.tile_path(index, width) if level is None else witness.tile_path(level, index, width)
    assert written == f"tile/{path}"
    assert read_tile_path(path) == TileRequest(level, index, width)
