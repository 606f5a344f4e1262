"""Verify the records of a participant's activity offline: their signature, their files, and nothing beside them; and that each
record of evidence among them stands in the market's log, under the checkpoint that they name.

Stands alone: it needs Python 3.11 and ``cryptography``, and nothing of the market.

    python activity_record.py RECORDS.zip KEYS.json [ORGANISATION]

``KEYS.json`` is what GET /api/v1/evidence/keys/ answers. With an organisation, the records must be its. Prints what is wrong, one
fault a line, and exits with 1; or how many rows of each kind there are; of how many records of evidence the log has the place
alone, because fields are withheld: nobody can tell whether the rest is what was recorded; and how many have no proof: they are
younger than the checkpoint, if the market is right, and a file that is asked for later has their proofs. Exits with 2 if a file is
missing.
"""

from __future__ import annotations

import base64
import hashlib
import json
import sys
import zipfile
import zlib
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FORMAT = "sanpo-activity-records/2"
EVIDENCE = "evidence.jsonl"
LINE_BYTES_MAX = 1 << 20
SIGNED = {"manifest.json", "manifest.jws"}
WITHHELD = {"clearing.plan_made": {"shares"}}
"""The fields of a payload that the market withholds from some of the parties to a record, by its kind."""
CHUNK = 1 << 20
MANIFEST_BYTES_MAX = 10 << 20
UNREADABLE = (
    OSError,
    EOFError,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    RuntimeError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What a file raises that is none, whatever is in it."""


def faults_of(records: str, keys: dict[str, Any], organisation: str = "") -> list[str]:
    """What is wrong with a file of records; nothing, if it is what the market signed."""
    try:
        with zipfile.ZipFile(records) as archive:
            return _faults_in(archive, keys, organisation)
    except UNREADABLE as error:
        return [f"the file cannot be read: {error!r}"]


def _faults_in(archive: zipfile.ZipFile, keys: dict[str, Any], organisation: str) -> list[str]:
    for name in SIGNED:
        if archive.getinfo(name).file_size > MANIFEST_BYTES_MAX:
            return [f"{name} is longer than a manifest"]
    stated = archive.read("manifest.json")
    if fault := _fault_of_signature(archive.read("manifest.jws").decode("ascii"), stated, keys):
        return [fault]
    manifest = read_json(stated)
    faults = []
    if manifest.get("format") != FORMAT:
        faults.append(f"format {manifest.get('format')} is not {FORMAT}")
    if organisation and manifest["organisation"] != organisation:
        faults.append(f"the records are of {manifest['organisation']}, not of {organisation}")
    names, listed = archive.namelist(), [file["name"] for file in manifest["files"]]
    faults += [f"{name} is there twice" for name in sorted({each for each in names if names.count(each) > 1})]
    faults += [f"{name} is missing" for name in listed if name not in names]
    faults += [f"{name} is not in the manifest" for name in names if name not in {*listed, *SIGNED}]
    for file in manifest["files"]:
        if file["name"] in names:
            faults += _faults_of_file(archive, file)
    if not faults:
        faults = _faults_of_evidence(archive, manifest["checkpoint"], keys)
    return faults


def _faults_of_evidence(archive: zipfile.ZipFile, note: str | None, keys: dict[str, Any]) -> list[str]:
    """What is wrong with the records of evidence: those without a proof are younger than the checkpoint."""
    size, root, fault = _checkpoint_of(note, keys) if note else (0, b"", "")
    if fault:
        return [fault]
    faults: list[str] = []
    identifiers, places = set[str](), set[int]()
    first = None if note else _first_checkpoint_at(keys)
    for row in _records_in(archive):
        fault = _fault_of_record(row, size, root)
        if row["id"] in identifiers or (row["proof"] and row["proof"]["index"] in places):
            fault = "it is there twice"
        elif row["proof"] and not note:
            fault = "it has a proof, but the manifest names no checkpoint"
        elif first is not None and datetime.fromisoformat(row["recorded_at"]) >= first:
            fault = (
                f"the manifest names no checkpoint, but the market has signed them since {first.isoformat()}"
            )
        identifiers.add(row["id"])
        if row["proof"]:
            places.add(row["proof"]["index"])
        if fault:
            faults.append(f"{row['id']}: {fault}")
    return faults


def _records_in(archive: zipfile.ZipFile) -> Iterator[dict[str, Any]]:
    """The records of evidence in a file."""
    with archive.open(EVIDENCE) as lines:
        while line := lines.readline(LINE_BYTES_MAX):
            yield read_json(line)


def _first_checkpoint_at(keys: dict[str, Any]) -> datetime | None:
    """When the market signed its first checkpoint: its first key begins with it. None before it."""
    since = [datetime.fromisoformat(key["since"]) for key in keys["keys"] if key["since"] is not None]
    return min(since, default=None)


def count_evidence(records: str) -> tuple[int, int]:
    """How many records of evidence in a file the log proves without what they say, because a part of it is withheld; and how many
    have no proof.
    """
    withheld = unproved = 0
    with zipfile.ZipFile(records) as archive:
        for row in _records_in(archive):
            withheld += bool(row["withheld"])
            unproved += row["proof"] is None
    return withheld, unproved


def _checkpoint_of(note: str, keys: dict[str, Any]) -> tuple[int, bytes, str]:
    """Size and root of a checkpoint (C2SP tlog-checkpoint), and what is wrong with it: a key of the market signed it."""
    text, _, signatures = note.partition("\n\n")
    origin, size, root = text.split("\n")[:3]
    for line in signatures.splitlines():
        dash, name, value = line.split(" ")
        signed = base64.b64decode(value)
        for key in keys["keys"]:
            public = _decoded(key["x"])
            named = hashlib.sha256(f"{origin}\n".encode() + b"\x01" + public).digest()[:4]
            if dash == "\u2014" and name == origin and signed[:4] == named:
                try:
                    Ed25519PublicKey.from_public_bytes(public).verify(signed[4:], f"{text}\n".encode())
                except InvalidSignature:
                    break
                return int(size), base64.b64decode(root), ""
    return 0, b"", "the checkpoint is not signed by a key of the market"


def _fault_of_record(row: dict[str, Any], size: int, root: bytes) -> str:
    """What is wrong with one record, or nothing."""
    if row["withheld"] and (fault := _fault_of_withheld(row)):
        return fault
    proof = row["proof"]
    if proof is None:
        return ""
    if (proof["content"] is None) != bool(row["withheld"]):
        return "it is withheld without saying what"
    if proof["content"] is not None:
        content = read_json(proof["content"])
        if any(content[name] != row[name] for name in ("id", "kind", "subject", "actor", "payload")):
            return "it is not what its content says"
        for name in ("occurred_at", "recorded_at"):
            # The API may show an instant in another zone than the content, which is in UTC.
            if datetime.fromisoformat(content[name]) != datetime.fromisoformat(row[name]):
                return f"its {name} is not what its content says"
        commitment = hashlib.sha256(bytes.fromhex(row["salt"]) + proof["content"].encode()).hexdigest()
        if proof["entry"] != f'{{"commitment":"{commitment}","v":1}}':
            return "its entry is not the commitment to it"
    leaf = hashlib.sha256(b"\x00" + proof["entry"].encode()).digest()
    path = [bytes.fromhex(each) for each in proof["path"]]
    return "" if _root_of(leaf, proof["index"], size, path) == root else "it is not in the log"


def _fault_of_withheld(row: dict[str, Any]) -> str:
    """What is wrong with a record of which fields are withheld: that the rest of it is what the log has, nobody can tell."""
    withheld = set(row["withheld"])
    if not withheld <= WITHHELD.get(row["kind"], set()):
        return f"the market withholds nothing named {', '.join(sorted(withheld))} of {row['kind']}"
    if row["salt"] is not None or withheld & set(row["payload"]):
        return "it is withheld and there"
    return ""


def _root_of(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes | None:
    """The root to which a path leads from a leaf (RFC 9162 section 2.1.3.2); None if the path does not fit the place."""
    if not 0 <= index < size:
        return None
    found, last, reached = index, size - 1, leaf
    for step in path:
        if last == 0:
            return None
        if found % 2 or found == last:
            reached = hashlib.sha256(b"\x01" + step + reached).digest()
            while found % 2 == 0 and found:
                found, last = found >> 1, last >> 1
        else:
            reached = hashlib.sha256(b"\x01" + reached + step).digest()
        found, last = found >> 1, last >> 1
    return reached if last == 0 else None


def _fault_of_signature(signature: str, stated: bytes, keys: dict[str, Any]) -> str:
    """What is wrong with the compact JWS over the manifest, or nothing."""
    header, payload, value = signature.split(".")
    named = read_json(_decoded(header))
    if named.get("alg") not in ("Ed25519", "EdDSA"):
        return f"the signature's algorithm is {named.get('alg')}, not Ed25519"
    key = next((each for each in keys["keys"] if each.get("kid") == named.get("kid")), None)
    if key is None:
        return f"the signature is by the key {named.get('kid')}, which is not among the market's"
    if _decoded(payload) != stated:
        return "the signature is not over this manifest"
    try:
        public = Ed25519PublicKey.from_public_bytes(_decoded(key["x"]))
        public.verify(_decoded(value), f"{header}.{payload}".encode("ascii"))
    except InvalidSignature:
        return "the signature of the manifest is not the market's"
    return ""


def _faults_of_file(archive: zipfile.ZipFile, file: dict[str, Any]) -> list[str]:
    digest, rows, size = hashlib.sha256(), 0, 0
    with archive.open(file["name"]) as content:
        while chunk := content.read(CHUNK):
            digest.update(chunk)
            rows, size = rows + chunk.count(b"\n"), size + len(chunk)
            if size > file["bytes"]:
                return [f"{file['name']} is longer than the manifest says"]
    if digest.hexdigest() != file["sha256"]:
        return [f"{file['name']} is not what the market signed"]
    if rows != file["rows"]:
        return [f"{file['name']} has {rows} rows, not {file['rows']}"]
    return []


def read_json(text: str | bytes) -> Any:
    """What JSON (UTF-8) states; raises ValueError for NaN and what else is no number of JSON."""
    return _JSON.decode(text if isinstance(text, str) else text.decode())


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no number")


_JSON = json.JSONDecoder(parse_constant=_no_number)
"""Made once: to make one takes longer than to read a record."""


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def main(arguments: list[str]) -> int:
    """Print the faults, or the rows of each kind."""
    if len(arguments) not in (2, 3):
        print(__doc__)
        return 2
    try:
        with open(arguments[1], encoding="utf-8") as file:
            keys = read_json(file.read())
        with open(arguments[0], "rb"):
            records = arguments[0]
    except (OSError, ValueError, RecursionError) as error:
        print(f"there is nothing to verify: {error!r}", file=sys.stderr)
        return 2
    faults = faults_of(records, keys, *arguments[2:])
    for fault in faults:
        print(fault)
    if not faults:
        with zipfile.ZipFile(records) as archive:
            for kind in read_json(archive.read("manifest.json"))["files"]:
                print(f"{kind['kind']}: {kind['rows']}")
        withheld, unproved = count_evidence(records)
        print(f"evidence proved without what it says: {withheld}")
        print(f"evidence without a proof: {unproved}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
