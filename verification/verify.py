#!/usr/bin/env python3
"""Verifies what the market publishes: its evidence log, its neutrality bundles, and bundles of agreements. One file, for strangers.

    python verify.py download https://market.example/log LOG        # the public log, into the folder LOG
    python verify.py LOG --key VERIFIER_KEY [--kept NOTE] [--witness VERIFIER_KEY]... [--witnesses-min N]
    python verify.py BUNDLE.zip [--log LOG --key VERIFIER_KEY ...]  # a neutrality bundle, and that the log has it
    python verify.py AGREEMENT.zip --key VERIFIER_KEY [--extract FOLDER] [--log LOG]  # the bundle of an agreement

Needs Python 3.11, and for the log and agreements the package ``cryptography``; nothing else. A log is a folder laid out as the log's
addresses are (C2SP tlog-tiles):

    checkpoint            the signed note: origin, size, root, the log's signature, cosignatures of witnesses
    tile/entries/...      the entries, 256 a file, each after its length in 16 bits
    records.jsonl         records that you may read, one a line: {"index": 5, "salt": "<hex>", "content": "<text>"}
    keys.json             the history of the log's keys: a key to which one that you trust handed over is trusted too
    stamped, stamped.tsr  a checkpoint that a timestamp authority stamped, and its answer (RFC 3161)

A neutrality bundle is the archive of a period. Recomputed are the hashes of its files and rulebooks, which version was in force,
fees and rebates, the ranking of searches, the order of processing, and the suppression of figures; with a log, that it has
the record of this very file. ``replay.py`` recomputes what needs the rules' language: every decision, and which tariff applies.

The bundle of an agreement (``agreements/{id}/bundle/``) holds the signed object, its texts, the signatures of both parties, the history
of the market's keys, records of the log, and the PDFs that the operator sealed. Recomputed are every hash, every signature, and the
paths of the records. The seals (PAdES) and their timestamps (RFC 3161) it reads, and prints the openssl commands that verify them.

Every check stands in CHECKS, RECOMPUTED or OF_AGREEMENTS: a name, and one function that yields what is wrong. What is wrong has a code, so that
programs can tell a fork from a missing file. Exit status: 0 verified, 1 faults, 2 nothing to verify.

Tell it the key (``--key``) and what you kept (``--kept``) from elsewhere than the log: whoever made the log can make
both anew. Keep the checkpoint that you verified, and verify the next log with it.
"""

from __future__ import annotations

import argparse
import base64
import gc
import hashlib
import http.client
import json
import math
import re
import sys
import urllib.error
import urllib.request
import zipfile
import zlib
from bisect import bisect_left, insort
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cached_property, partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

TILE_WIDTH = 256
ED25519, COSIGNATURE = 0x01, 0x04
FAULTS_SHOWN_MAX = 20
LINES_MAX = 100  # what other clients read of a note, too
ANSWER_BYTES_MAX = 20_000_000
"""More than 256 entries of the largest size take."""
ENTRY = re.compile(rb'\{"commitment":"([0-9a-f]{64})","v":1\}')
HEAD = re.compile(r"([^\n]+)\n(0|[1-9][0-9]{0,18})\n([A-Za-z0-9+/]{43}=)\n")
FINER = re.compile(r"[.,]\d{7}")
LINE = re.compile(r"— ([^ \n]+) ([A-Za-z0-9+/]+={0,2})")

FORMAT = "sanpo-neutrality/2"
PARTS = ("decisions", "fees", "rebates", "order")
ALIKE = ("decisions", "fees", "rebates")
PSEUDONYM = re.compile(r"(?:[a-z]{2,4}|~)_[0-9A-HJKMNP-TV-Z]{26}")
STRENGTH = ("allow", "warn", "hold", "deny")
WEIGHTS = {"A": 1.0, "B": 0.4, "C": 0.2, "D": 0.1}
SCALE = 1_000_000
FILE_BYTES_MAX = 1 << 30
MADE = "rules.neutrality_bundle_made"
NOT_HERE = {"decisions": "run replay.py", "tariffs": "run replay.py"}
"""What a neutrality bundle has and this program does not check."""
PARTIES_MIN = 3
"""How many parties stand at least behind what is shown, whatever a bundle says of itself."""
Row = dict[str, Any]


class Fault(NamedTuple):
    """What is wrong: a ``code`` for programs, ``text`` for people, and the ``item`` of a bundle that it is about."""

    code: str
    text: str
    item: str = ""


# JSON, days and moments ----------------------------------------------------------------------------------------------


class Lacking(KeyError):
    """A field that must be there is not; says which, and where."""


class Stated(Row):
    """An object of a bundle, which says what it lacks, and in which ``place`` of the bundle."""

    __slots__ = ("place",)

    def __init__(self, place: str, fields: Row) -> None:
        """``fields``: what it states."""
        super().__init__(fields)
        self.place = place

    def __missing__(self, name: str) -> Any:
        """Raises Lacking."""
        raise Lacking(f"{self.place} lacks {name}")


def read_json(text: str | bytes, place: str = "") -> Any:
    """What JSON (UTF-8) states, each object as one of the ``place``, if any; raises ValueError for NaN and what else is no number of JSON."""
    stated = text if isinstance(text, str) else text.decode()
    if not place:
        return _PLAIN.decode(stated)
    return json.loads(
        stated, parse_constant=_no_number, parse_float=_finite, object_hook=partial(Stated, place)
    )


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no number")


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _no_number(text)


_PLAIN = json.JSONDecoder(parse_constant=_no_number, parse_float=_finite)
"""Made once: a log has a million records, and making one takes longer than reading a record."""


def read_object(text: str | bytes, place: str) -> Row:
    """The object that JSON states; raises ValueError."""
    found = read_json(text, place)
    if not isinstance(found, dict):
        raise ValueError("it is no object")
    return found


def moment(text: str) -> datetime:
    """The instant, in whatever time zone it is written; raises ValueError without one, and for less than a microsecond."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None or FINER.search(text):
        raise ValueError(f"{text!r} is no instant")
    return found


def day(text: str) -> date:
    """The day, which is written one way alone; raises ValueError."""
    found = date.fromisoformat(text)
    if found.isoformat() != text:
        raise ValueError(f"{text!r} is no day")
    return found


# Keys and notes ------------------------------------------------------------------------------------------------------


class Key(NamedTuple):
    """A public key of a log or witness."""

    name: str
    algorithm: int
    public: bytes

    @property
    def identifier(self) -> bytes:
        """The first four bytes of SHA-256 over the name, a line feed, the algorithm's byte and the key."""
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([self.algorithm]) + self.public).digest()[:4]


def read_key(text: str) -> Key:
    """The key that ``name+identifier+base64`` (C2SP signed-note) states; raises ValueError."""
    name, _, rest = text.strip().partition("+")
    identifier, _, encoded = rest.partition("+")
    decoded = decode(encoded)
    key = Key(name, decoded[0] if decoded else 0, decoded[1:])
    if len(key.public) != 32 or key.identifier.hex() != identifier:
        raise ValueError(f"{text!r} is no verifier key")
    return key


def decode(text: str) -> bytes:
    """The bytes that base64 writes as ``text``, and not otherwise; raises ValueError."""
    found = base64.b64decode(text, validate=True)
    if base64.b64encode(found).decode() != text:
        raise ValueError("it is not the one base64 of its bytes")
    return found


@dataclass(frozen=True)
class Note:
    """A signed checkpoint: ``body`` is what is signed, ``lines`` are names with what they signed."""

    body: str
    origin: str
    size: int
    root: bytes
    lines: list[tuple[str, bytes]]


def read_note(text: str) -> Note:
    """The checkpoint in ``text``; raises ValueError where it is not written as C2SP says."""
    body, parted, rest = text.partition("\n\n")
    head = HEAD.fullmatch(f"{body}\n")
    lines = [LINE.fullmatch(line) for line in rest.removesuffix("\n").split("\n")]
    if head is None or not parted or not all(lines) or len(lines) > LINES_MAX:
        raise ValueError("it is no signed checkpoint")
    return Note(
        body=f"{body}\n",
        origin=head[1],
        size=int(head[2]),
        root=decode(head[3]),
        lines=[(line[1], decode(line[2])) for line in lines if line],
    )


def faults_of_signature(note: Note, keys: Iterable[Key], *, of: str) -> Iterator[Fault]:
    """What is wrong with the log's own signature on ``note``, which is ``of`` the bundle or of the reader."""
    known = {key.identifier: key for key in keys if key.algorithm == ED25519 and key.name == note.origin}
    signed = [value for name, value in note.lines if name == note.origin]
    named = [value for value in signed if value[:4] in known]
    if not signed:
        yield Fault("not_signed", f"{of} is not signed in the name of {note.origin}")
    elif not named:
        yield Fault(
            "key_unknown", f"{of} is signed by key {signed[0][:4].hex()}, which is none of those you trust"
        )
    for value in named:
        if not is_signed(known[value[:4]].public, value[4:], note.body.encode()):
            yield Fault(
                "signature_invalid", f"the signature of {of} is not valid under key {value[:4].hex()}"
            )


def is_signed(public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether ``signature`` is that of the key over the message."""
    # Imported here: who verifies no log, such as the replayer, needs no package.
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def cosigned_at(note: Note, witness: Key, value: bytes) -> int | None:
    """The UNIX time at which the witness cosigned ``note`` (cosignature/v1); None if it did not."""
    if len(value) != 4 + 8 + 64 or value[:4] != witness.identifier:
        return None
    time = int.from_bytes(value[4:12], "big")
    message = f"cosignature/v1\ntime {time}\n{note.body}".encode()
    return time if is_signed(witness.public, value[12:], message) else None


# The tree (RFC 6962) -------------------------------------------------------------------------------------------------


def root_of(leaves: list[bytes]) -> bytes:
    """The root over leaf hashes."""
    sha256, level = hashlib.sha256, leaves
    while len(level) > 1:
        paired = len(level) // 2 * 2
        level = [sha256(b"\x01" + level[at] + level[at + 1]).digest() for at in range(0, paired, 2)] + level[
            paired:
        ]
    return level[0] if level else sha256(b"").digest()


def roots_at(sizes: Iterable[int], tiles: Iterable[list[bytes]]) -> dict[int, bytes]:
    """The root at each of ``sizes`` that the leaf hashes in ``tiles`` reach; they are read once and not kept."""
    due, found = sorted(set(sizes)), dict[int, bytes]()
    peaks: list[tuple[int, bytes]] = []
    read = 0
    while due and due[0] == 0:
        found[due.pop(0)] = root_of([])
    for leaves in tiles:
        while due and due[0] <= read + len(leaves):
            size = due.pop(0)
            root = root_of(leaves[: size - read])
            for _, peak in reversed(peaks):
                root = hashlib.sha256(b"\x01" + peak + root).digest()
            found[size] = root
        read += len(leaves)
        height, node = 0, root_of(leaves)
        while peaks and peaks[-1][0] == height:
            node = hashlib.sha256(b"\x01" + peaks.pop()[1] + node).digest()
            height += 1
        peaks.append((height, node))
    return found


def tile_path(index: int, width: int) -> str:
    """Where the entries of a tile stand: its number in groups of three digits."""
    groups = [f"{index % 1000:03d}"]
    while index := index // 1000:
        groups.append(f"x{index % 1000:03d}")
    return f"tile/entries/{'/'.join(reversed(groups))}" + (f".p/{width}" if width < TILE_WIDTH else "")


def entries_of(bundle: bytes) -> list[bytes]:
    """The entries of one file; raises ValueError if it ends within one."""
    found, at = [], 0
    while at < len(bundle):
        end = at + 2 + int.from_bytes(bundle[at : at + 2], "big")
        if end > len(bundle):
            raise ValueError("it ends within an entry")
        found.append(bundle[at + 2 : end])
        at = end
    return found


# The bundle ----------------------------------------------------------------------------------------------------------


@dataclass
class Bundle:
    """What is verified, and what the reader brings: keys that it trusts, the checkpoints that it kept, and witnesses."""

    folder: Path
    keys: list[Key]
    """Those that the reader trusts, and then those that they handed over to (``keys.json``)."""
    kept: str | Sequence[str] | None = None
    witnesses: list[Key] = field(default_factory=list)
    witnesses_min: int = 0
    faults_of_entries: list[Fault] = field(default_factory=list)
    opened: dict[int, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Trust the keys that were handed over to."""
        self.keys = follow_handovers(self.keys, self.text("keys.json") or "")

    @cached_property
    def note(self) -> Note | None:
        """The checkpoint of the bundle; None if it cannot be read."""
        return _note_or_none(self.text("checkpoint") or "")

    @cached_property
    def kept_notes(self) -> list[Note | None]:
        """The checkpoints that the reader kept; None in place of what cannot be read."""
        return [
            _note_or_none(text) for text in ([self.kept] if isinstance(self.kept, str) else self.kept or ())
        ]

    @cached_property
    def stamped_note(self) -> Note | None:
        """The checkpoint that was timestamped; None without one, or if it cannot be read."""
        return _note_or_none(self.text("stamped") or "")

    @cached_property
    def roots(self) -> dict[int, bytes]:
        """The roots over the entries, at the sizes of all checkpoints, as far as there are entries."""
        notes = [note for note in (self.note, *self.kept_notes, self.stamped_note) if note]
        return roots_at([note.size for note in notes], self._tiles(self.note.size if self.note else 0))

    def text(self, name: str) -> str | None:
        """The text of a file of the bundle, or None."""
        path = self.folder / name
        return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else None

    def _tiles(self, size: int) -> Iterator[list[bytes]]:
        """The leaf hashes of the entries, as far as files are there and right; keeps what is wrong, and asked commitments."""
        sha256 = hashlib.sha256
        wanted = {opening.place for opening in self.openings if isinstance(opening, Opening)}
        for index in range(-(-size // TILE_WIDTH)):
            width = min(TILE_WIDTH, size - index * TILE_WIDTH)
            path = self.folder / tile_path(index, width)
            try:
                entries = entries_of(path.read_bytes())
            except (OSError, ValueError) as error:
                self.faults_of_entries.append(Fault("entries_missing", f"{tile_path(index, width)}: {error}"))
                return
            if len(entries) != width:
                text = f"{tile_path(index, width)} holds {len(entries)} entries, not {width}"
                self.faults_of_entries.append(Fault("entries_missing", text))
                return
            for at, entry in enumerate(entries, start=index * TILE_WIDTH):
                stated = ENTRY.fullmatch(entry)
                if stated is None:
                    self.faults_of_entries.append(Fault("entry_unreadable", f"entry {at} is no commitment"))
                elif at in wanted:
                    self.opened[at] = bytes.fromhex(stated[1].decode())
            yield [sha256(b"\x00" + entry).digest() for entry in entries]

    @cached_property
    def openings(self) -> list[Opening | Fault]:
        """The records of the bundle, each with what opens its commitment; a fault in place of what cannot be read."""
        lines = (self.text("records.jsonl") or "").splitlines()
        return [read_opening(number, line) for number, line in enumerate(lines, start=1) if line.strip()]


class Opening(NamedTuple):
    """A record: its place in the log, its salt, and what it states."""

    place: int
    salt: bytes
    content: bytes

    @property
    def commitment(self) -> bytes:
        """What the log's entry must commit to."""
        return hashlib.sha256(self.salt + self.content).digest()


def read_opening(number: int, line: str) -> Opening | Fault:
    """The record in a line of ``records.jsonl``."""
    try:
        stated = read_json(line)
        return Opening(int(stated["index"]), bytes.fromhex(stated["salt"]), stated["content"].encode())
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return Fault("record_unreadable", f"line {number} of records.jsonl states no index, salt and content")


def _note_or_none(text: str) -> Note | None:
    try:
        return read_note(text)
    except ValueError:
        return None


# Keys that were handed over, and timestamps -----------------------------------------------------------------------------


def follow_handovers(keys: Iterable[Key], history: str) -> list[Key]:
    """The keys, and those in ``history`` (a JWK set, oldest first) to which one of them, or of these, handed over."""
    trusted = list(keys)
    try:
        for stated in read_json(history or '{"keys": []}')["keys"]:
            key = handed_over(trusted, str(stated["handover"]))
            if key is not None and key not in trusted:
                trusted.append(key)
    except (ValueError, KeyError, TypeError, RecursionError):
        return trusted
    return trusted


def handed_over(trusted: Iterable[Key], handover: str) -> Key | None:
    """The key that ``handover`` names, if it is a JWS by a trusted key of the same log; else None."""
    signed, _, signature = handover.rpartition(".")
    try:
        stated = read_json(_from_base64url(signed.partition(".")[2]))
        key, value = (
            Key(stated["name"], ED25519, _from_base64url(stated["x"])),
            _from_base64url(signature),
        )
        is_handover = stated["statement"] == "sanpo.key_handover.v1"
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    signers = [each.public for each in trusted if (each.name, each.algorithm) == (key.name, ED25519)]
    return key if is_handover and any(is_signed(each, value, signed.encode()) for each in signers) else None


def _from_base64url(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


HASHES = {"608648016503040201": "sha256", "608648016503040203": "sha512"}
"""The hash algorithms of timestamps by the bytes of their object identifiers."""


class Stamp(NamedTuple):
    """What a timestamp states, whoever signed it: the hash of what it is of, its algorithm, and the authority's time."""

    algorithm: str
    imprint: bytes
    time: str


def read_stamp(answer: bytes) -> Stamp:
    """What a TimeStampResp (RFC 3161, in DER) states; its signature is not verified. Raises ValueError."""
    try:
        token = _parts(_parts(answer)[0])[1]
        signed_data = _parts(_parts(token)[1])[0]
        content = _parts(_parts(signed_data)[2])[1]
        info = _parts(_parts(_parts(content)[0])[0])
        algorithm, imprint = _parts(info[2])
        return Stamp(HASHES.get(_parts(algorithm)[0].hex(), "unknown"), imprint, info[4].decode("ascii"))
    except IndexError as error:
        raise ValueError("it is no answer with a timestamp") from error


def _parts(content: bytes) -> list[bytes]:
    """The values of the elements (DER) in ``content``; raises ValueError, IndexError where it is cut."""
    found, at = [], 0
    while at < len(content):
        length, at = content[at + 1], at + 2
        if length > 0x80:
            width = length & 0x7F
            length, at = int.from_bytes(content[at : at + width], "big"), at + width
        if at + length > len(content):
            raise ValueError("an element ends beyond what it is in")
        found.append(content[at : at + length])
        at += length
    return found


def check_timestamp(bundle: Bundle) -> Iterator[Fault]:
    """The timestamp is of a checkpoint that the log signed and continues. Who signed the timestamp, openssl verifies."""
    note = bundle.stamped_note
    if note is None:
        yield Fault("timestamp_unreadable", "the file stamped is missing, or is no signed checkpoint")
        return
    yield from faults_of_signature(note, bundle.keys, of="the stamped checkpoint")
    try:
        stamp = read_stamp((bundle.folder / "stamped.tsr").read_bytes())
    except ValueError as error:
        yield Fault("timestamp_unreadable", f"stamped.tsr: {error}")
        return
    content = (bundle.folder / "stamped").read_bytes()
    if stamp.algorithm == "unknown" or hashlib.new(stamp.algorithm, content).digest() != stamp.imprint:
        yield Fault("timestamp_differs", "stamped.tsr is not of the bytes of the file stamped")
    if bundle.note and (note.origin != bundle.note.origin or bundle.roots.get(note.size) != note.root):
        yield Fault("timestamp_differs", f"the log does not have the stamped root at size {note.size}")


def openssl_command(bundle: Bundle) -> str:
    """What verifies who signed the timestamp; the certificates are those that the authority publishes."""
    at = bundle.folder
    return f"openssl ts -verify -data {at / 'stamped'} -in {at / 'stamped.tsr'} -CAfile CERTIFICATES_OF_THE_AUTHORITY.pem"


# The checks ----------------------------------------------------------------------------------------------------------


def check_checkpoint(bundle: Bundle) -> Iterator[Fault]:
    """The log signed the checkpoint."""
    if bundle.note is None:
        yield Fault("checkpoint_unreadable", "the file checkpoint is missing, or is no signed checkpoint")
    else:
        yield from faults_of_signature(bundle.note, bundle.keys, of="the checkpoint")


def check_entries(bundle: Bundle) -> Iterator[Fault]:
    """The entries are those that the checkpoint covers: none changed, left out, added or moved."""
    if bundle.note is None:
        return
    root = bundle.roots.get(bundle.note.size)
    yield from bundle.faults_of_entries
    if root is not None and root != bundle.note.root:
        yield Fault(
            "entries_differ",
            f"the {bundle.note.size} entries have the root {root.hex()}; the checkpoint says {bundle.note.root.hex()}",
        )


def check_kept(bundle: Bundle) -> Iterator[Fault]:
    """The log continues every checkpoint that the reader kept."""
    for kept in bundle.kept_notes:
        if kept is None:
            yield Fault("kept_unreadable", "what you kept is no signed checkpoint")
        else:
            yield from _faults_of_kept(bundle, kept)


def _faults_of_kept(bundle: Bundle, kept: Note) -> Iterator[Fault]:
    note = bundle.note
    yield from faults_of_signature(kept, bundle.keys, of="the checkpoint that you kept")
    missing = f"you kept size {kept.size} with root {kept.root.hex()}: both are missing"
    if note is None:
        yield Fault("tail_missing", f"the bundle has no checkpoint; {missing}")
        return
    if kept.origin != note.origin:
        yield Fault("other_log", f"you kept a checkpoint of {kept.origin}; this is the log {note.origin}")
    elif kept.size > note.size:
        yield Fault("tail_missing", f"the log has {note.size} entries; {missing}")
    elif (root := bundle.roots.get(kept.size)) is not None and root != kept.root:
        yield Fault(
            "forked",
            f"at size {kept.size} the log has the root {root.hex()}; you kept {kept.root.hex()}: it was rewritten or forked",
        )


def check_witnesses(bundle: Bundle) -> Iterator[Fault]:
    """As many of the witnesses that the reader trusts have cosigned as it asks."""
    if bundle.note is None:
        return
    signed = set()
    for witness in bundle.witnesses:
        lines = [
            value
            for name, value in bundle.note.lines
            if name == witness.name and value[:4] == witness.identifier
        ]
        if any(cosigned_at(bundle.note, witness, value) is not None for value in lines):
            signed.add(witness.public)
        elif lines:
            yield Fault("cosignature_invalid", f"the cosignature of {witness.name} is not valid")
    if len(signed) < bundle.witnesses_min:
        yield Fault(
            "not_witnessed",
            f"{len(signed)} witnesses that you trust have cosigned the checkpoint; you ask for {bundle.witnesses_min}",
        )


def check_records(bundle: Bundle) -> Iterator[Fault]:
    """Every record opens the commitment at its place in the log."""
    _ = bundle.roots
    for opening in bundle.openings:
        if isinstance(opening, Fault):
            yield opening
            continue
        commitment = bundle.opened.get(opening.place)
        if commitment is None:
            yield Fault("record_not_covered", f"the checkpoint covers no entry {opening.place}")
        elif opening.commitment != commitment:
            yield Fault("record_differs", f"the record at {opening.place} is not the one that the log has")


class Check(NamedTuple):
    """A check: its ``name``, whether the bundle has what it needs, and what yields the faults."""

    name: str
    applies: Callable[[Bundle], bool]
    faults: Callable[[Bundle], Iterator[Fault]]


CHECKS = (
    Check("checkpoint", lambda _: True, check_checkpoint),
    Check("entries", lambda _: True, check_entries),
    Check("kept checkpoint", lambda bundle: bundle.kept is not None, check_kept),
    Check("witnesses", lambda bundle: bool(bundle.witnesses or bundle.witnesses_min), check_witnesses),
    Check("records", lambda bundle: bool(bundle.openings), check_records),
    Check("timestamp", lambda bundle: (bundle.folder / "stamped.tsr").is_file(), check_timestamp),
)
"""Every check, in order."""


def verify(bundle: Bundle) -> dict[str, list[Fault]]:
    """What each check that applies finds; nothing found is an empty list."""
    return {check.name: list(check.faults(bundle)) for check in CHECKS if check.applies(bundle)}


# A neutrality bundle -------------------------------------------------------------------------------------------------


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
"""What an archive raises that is none, whatever is in it."""


class Unreadable(Exception):
    """The file is no neutrality bundle."""


class Published:
    """A neutrality bundle: its files, read whole."""

    def __init__(self, path: str | Path) -> None:
        """Raises Unreadable."""
        try:
            self.sha256 = hashlib.sha256(Path(path).read_bytes()).hexdigest()
            with zipfile.ZipFile(path) as archive:
                if sum(entry.file_size for entry in archive.infolist()) > FILE_BYTES_MAX:
                    raise Unreadable("it is larger than this program reads")
                self.files = {name: archive.read(name) for name in archive.namelist()}
            self.manifest = read_object(self.files["manifest.json"], "manifest.json")
        except UNREADABLE as error:
            raise Unreadable(str(error)) from error
        if self.manifest.get("format") != FORMAT:
            raise Unreadable(f"its format is not {FORMAT}")
        self.unreadable: list[Fault] = []
        figures = list(self._objects("figures.json", [self.files.get("figures.json", b"{}")]))
        self.figures = figures[0] if figures else Stated("figures.json", {})
        self.rows = {
            name: list(self._objects(f"{name}.jsonl", self.files.get(f"{name}.jsonl", b"").splitlines()))
            for name in (*PARTS, "rulebooks", "ranking")
        }

    def _objects(self, name: str, texts: list[bytes]) -> Iterator[Row]:
        """The objects in a file, without those that cannot be read, of which it keeps a fault."""
        for number, text in enumerate(texts, start=1):
            place = f"{name}, line {number}" if name.endswith(".jsonl") else name
            try:
                yield read_object(text, place)
            except (ValueError, RecursionError) as error:
                self.unreadable.append(Fault("unreadable", str(error), place))

    @property
    def rulebooks(self) -> dict[str, Row]:
        """The versions of the rulebook by their identifiers."""
        return {row["rulebook"]: row for row in self.rows["rulebooks"]}

    def shown(self, part: str) -> list[Row]:
        """The rows of a part that are not withheld."""
        return [row for row in self.rows[part] if "withheld" not in row]


def canonical(value: Any) -> bytes:
    """Canonical JSON (RFC 8785) of what bundles hold: no fractions."""
    if isinstance(value, dict):
        ordered = sorted(value.items(), key=lambda pair: pair[0].encode("utf-16-be"))
        return b"{" + b",".join(canonical(key) + b":" + canonical(each) for key, each in ordered) + b"}"
    if isinstance(value, list):
        return b"[" + b",".join(map(canonical, value)) + b"]"
    return json.dumps(value, ensure_ascii=False).encode()


def digest_of(value: Any) -> str:
    """SHA-256 of the canonical JSON."""
    return hashlib.sha256(canonical(value)).hexdigest()


def wrong_files(bundle: Published) -> Iterator[Fault]:
    """Files that are missing, were added, differ from the manifest, or hold what cannot be read."""
    yield from bundle.unreadable
    listed = bundle.manifest["files"]
    for name in sorted((set(listed) | set(bundle.files)) - {"manifest.json"}):
        if name not in listed or name not in bundle.files:
            yield Fault("file_missing", "it stands in the manifest or in the archive alone", name)
        elif hashlib.sha256(bundle.files[name]).hexdigest() != listed[name]["sha256"]:
            yield Fault("file_changed", "it does not have the hash of the manifest", name)


def wrong_rulebooks(bundle: Published) -> Iterator[Fault]:
    """Rulebooks whose text does not have its digest, or that are not numbered in order."""
    numbers = [row["number"] for row in bundle.rows["rulebooks"]]
    if numbers != list(range(1, len(numbers) + 1)):
        yield Fault("rulebook_missing", f"versions are numbered {numbers}", "")
    for row in bundle.rows["rulebooks"]:
        for text, digest in (("document", "digest"), ("vocabulary", "vocabulary_digest")):
            if text in row and digest_of(row[text]) != row[digest]:
                yield Fault("rulebook_changed", f"its {text} does not have its digest", row["rulebook"])


def out_of_force(bundle: Published) -> Iterator[Fault]:
    """Decisions and fees under a version that was not in force on their day, or that were not of the period."""
    zone = ZoneInfo(bundle.manifest["time_zone"])
    versions = [
        (row["number"], moment(row["effective_from"]), row["rulebook"]) for row in bundle.rows["rulebooks"]
    ]
    first_day, last_day = day(bundle.manifest["first_day"]), day(bundle.manifest["last_day"])
    for part, column in (("decisions", "decided_on"), ("fees", "concluded_on")):
        for row in bundle.shown(part):
            if not first_day <= day(row[column]) <= last_day:
                yield Fault("not_of_the_period", f"it is of {row[column]}", row["item"])
            starts = datetime.combine(day(row[column]), time.min, tzinfo=zone)
            if row["rulebook"] not in _in_force(versions, starts, starts + timedelta(days=1)):
                yield Fault(
                    "not_in_force", f"{row['rulebook']} was not in force on {row[column]}", row["item"]
                )


def _in_force(versions: list[tuple[int, datetime, str]], starts: datetime, ends: datetime) -> set[str]:
    """The versions in force at some moment of a time: of those effective, the highest number."""
    moments = [starts, *(since for _, since, _ in versions if starts < since < ends)]
    return {
        max(effective)[2]
        for moment in moments
        if (effective := [version for version in versions if version[1] <= moment])
    }


def wrong_outcomes(bundle: Published) -> Iterator[Fault]:
    """Decisions whose outcome is not the strongest of their reasons, or whose reasons the rulebook does not state."""
    for row in bundle.shown("decisions"):
        outcomes = [why["outcome"] for why in row["reasons"]]
        if not outcomes or max(outcomes, key=STRENGTH.index) != row["outcome"]:
            yield Fault("outcome_without_reason", f"{row['outcome']} from {outcomes}", row["item"])
        rules = bundle.rulebooks[row["rulebook"]]["document"]["rules"]
        stated = {(rule["code"], rule["outcome"]) for rule in rules if rule["point"] == row["point"]}
        for why in row["reasons"]:
            if why["basis"] == "rule" and (why["rule"], why["outcome"]) not in stated:
                yield Fault("reason_not_stated", f"no rule {why['rule']} with {why['outcome']}", row["item"])


def wrong_fees(bundle: Published) -> Iterator[Fault]:
    """Fees that their tariff does not give: the share of the price within minimum, cap and price, rounded down."""
    for row in bundle.shown("fees"):
        tariff = _tariff(bundle, row)
        if tariff is None:
            yield Fault("tariff_not_stated", row["tariff"], row["item"])
            continue
        price = row["facts"]["trade.price_minor"]
        fee = max(price * tariff["rate_bp"] // 10_000, tariff["minimum_minor"])
        fee = min(fee, price, fee if tariff["cap_minor"] is None else tariff["cap_minor"])
        if fee != row["fee_minor"]:
            yield Fault("fee_differs", f"charged {row['fee_minor']}, the tariff gives {fee}", row["item"])


def _tariff(bundle: Published, row: Row) -> Row | None:
    tariffs = bundle.rulebooks[row["rulebook"]]["document"].get("tariffs", [])
    return next((entry for entry in tariffs if entry["code"] == row["tariff"]), None)


def wrong_rebates(bundle: Published) -> Iterator[Fault]:
    """Rebates that the tiers of their tariff do not give for the volume."""
    for row in bundle.shown("rebates"):
        tiers = (_tariff(bundle, row) or {}).get("tiers", [])
        rebate = _rebate(tiers, row["volume_minor"], row["charged_minor"])
        if rebate != row["rebate_minor"]:
            yield Fault("rebate_differs", f"gave {row['rebate_minor']}, the tiers give {rebate}", row["item"])


def _rebate(tiers: list[Row], volume: int, charged: int) -> int:
    if len(tiers) < 2 or volume <= tiers[1]["from_minor"]:
        return 0
    ends = [*(tier["from_minor"] for tier in tiers[1:]), volume]
    parts: int = sum(
        max(min(volume, end) - tier["from_minor"], 0) * tier["rate_bp"]
        for tier, end in zip(tiers, ends, strict=True)
    )
    return max(min(charged, volume * tiers[0]["rate_bp"] // 10_000) - parts // 10_000, 0)


def wrong_ranking(bundle: Published) -> Iterator[Fault]:
    """Results whose relevance the published formula does not give, or that stand in another order."""
    first_day, last_day = day(bundle.manifest["first_day"]), day(bundle.manifest["last_day"])
    for sample in bundle.rows["ranking"]:
        results, shown_on = sample["results"], sample.get("shown_on")
        # A search that the market made itself says so; every other was shown on some day.
        if sample.get("is_sample") is not True and not (shown_on and first_day <= day(shown_on) <= last_day):
            yield Fault("not_of_the_period", f"it was shown on {shown_on or 'no day'}", sample["text"])
        order = sorted(results, key=lambda result: (-result["relevance"], result["newer"]))
        if order != results:
            yield Fault(
                "ranked_otherwise", "results do not stand by relevance, then newest first", sample["text"]
            )
        for result in results:
            relevance = round(_relevance(sample, result["places"]) * SCALE)
            if abs(relevance - result["relevance"]) > 1:
                text = f"{result['listing']} has {result['relevance']}, the formula gives {relevance}"
                yield Fault("relevance_differs", text, sample["text"])


def _relevance(sample: Row, places: dict[str, list[list[Any]]]) -> float:
    """ts_rank of PostgreSQL with its default weights, on the places of the words that were searched."""
    count = len(sample["words"]) + sample["others"]
    if not sample["either"] and count > 1:
        return _nearness(sample["words"], places)
    total = 0.0
    for word in sample["words"]:
        weights = [WEIGHTS[weight] for _, weight in places.get(word, [])]
        if weights:
            best = max(weights)
            falling = sum(weight / (at + 1) ** 2 for at, weight in enumerate(weights))
            total += (best + falling - best / (weights.index(best) + 1) ** 2) / 1.64493406685
    return total / count if count else 0.0


def _nearness(words: list[str], places: dict[str, list[list[Any]]]) -> float:
    """The relevance where every word is wanted: pairs of words count by how near they stand."""
    rest = None
    for at, word in enumerate(words):
        for other in words[:at]:
            for place, weight in places.get(word, []):
                for place_before, weight_before in places.get(other, []):
                    distance = abs(place - place_before)
                    if distance:
                        near = 1e-30 if distance > 100 else 1 / (1.005 + 0.05 * math.exp(distance / 1.5 - 2))
                        pair = math.sqrt(WEIGHTS[weight] * WEIGHTS[weight_before] * near)
                        rest = (1 - pair) if rest is None else rest * (1 - pair)
    return 0.0 if rest is None else 1 - rest


def wrong_order(bundle: Published) -> Iterator[Fault]:
    """Items that were overtaken by another number of later ones than is stated."""
    lines: dict[str, list[Row]] = defaultdict(list)
    for row in bundle.shown("order"):
        lines[row["queue"]].append(row)
    for line in lines.values():
        for row, overtaken in zip(line, _overtakings(line), strict=True):
            if moment(row["received_at"]) > moment(row["processed_at"]):
                yield Fault("processed_before_received", row["processed_at"], row["item"])
            if overtaken != row["overtaken_by"]:
                text = f"states {row['overtaken_by']} overtakings, the moments give {overtaken}"
                yield Fault("order_differs", text, row["item"])


def _overtakings(line: list[Row]) -> list[int]:
    found, alike = [0] * len(line), list[int]()
    received = [moment(row["received_at"]) for row in line]
    ended = [moment(row["processed_at"]) for row in line]
    processed: list[datetime] = []
    for at in sorted(range(len(line)), key=received.__getitem__, reverse=True):
        if alike and received[alike[0]] != received[at]:
            for other in alike:
                insort(processed, ended[other])
            alike = []
        found[at] = bisect_left(processed, ended[at])
        alike.append(at)
    return found


def few_alike(bundle: Published) -> Iterator[Fault]:
    """Rows that fewer others look like than parties must stand behind them: who knows a party's day and price would find it."""
    least = _parties_min(bundle.manifest)
    if least != bundle.manifest["parties_min"]:
        text = f"it promises {bundle.manifest['parties_min']!r} parties, of which there must be {PARTIES_MIN}"
        yield Fault("too_few_promised", text, "manifest.json")
    for part in ALIKE:
        rows = bundle.shown(part)
        counted = Counter(map(_look, rows))
        for row in rows:
            if counted[_look(row)] < least:
                yield Fault(
                    "row_identifies", f"{counted[_look(row)]} rows of {part} look like it", row["item"]
                )


def _parties_min(stated: Row) -> int:
    """How many parties must stand behind what is shown: what is promised, but not fewer than is due."""
    promised = stated["parties_min"]
    return max(promised, PARTIES_MIN) if isinstance(promised, int) else PARTIES_MIN


def _look(row: Row) -> bytes:
    """All that a row shows, of pseudonyms only which facts of the row have the same."""
    places: dict[str, str] = {}

    def look(value: Any) -> Any:
        if isinstance(value, list):
            return [look(each) for each in value]
        if isinstance(value, str) and PSEUDONYM.fullmatch(value):
            return places.setdefault(value, f"~{len(places)}")
        return value

    facts = {name: look(value) for name, value in sorted(row.get("facts", {}).items())}
    told = {name: value for name, value in row.items() if name not in ("item", "content", "committed")}
    return canonical({**told, "facts": facts})


def wrong_figures(bundle: Published) -> Iterator[Fault]:
    """Figures that differ from the rows, or that tell of fewer than the stated number of parties."""
    for part in PARTS:
        withheld = Counter(row["withheld"] for row in bundle.rows[part] if "withheld" in row)
        stated = bundle.figures["parts"][part]
        if stated != {"rows": len(bundle.rows[part]), "withheld": dict(withheld)}:
            yield Fault("figures_differ", f"states {stated}, there are {len(bundle.rows[part])} rows", part)
    counted = bundle.figures["decisions"]
    for (point, outcome), count in Counter(
        (row["point"], row["outcome"]) for row in bundle.shown("decisions")
    ).items():
        if counted[point][outcome] is not None and counted[point][outcome] < count:
            yield Fault("figures_differ", f"{count} rows are {outcome}", point)
    if sum(count or 0 for of in counted.values() for count in of.values()) > len(bundle.rows["decisions"]):
        yield Fault("figures_differ", "more decisions are counted than there are rows", "decisions")
    classes = bundle.figures["classes"]
    tables = [("participants", classes["participants"])]
    tables += [(name, measure["by"]) for name, measure in classes["measures"].items()]
    for name, dimensions in tables:
        for dimension, table in dimensions.items():
            if not _is_suppressed(table, _parties_min(bundle.manifest)):
                yield Fault(
                    "figures_identify",
                    "fewer parties than promised stand behind it",
                    f"{name} by {dimension}",
                )


def _is_suppressed(table: Row, parties_min: int) -> bool:
    """Whether no figure of a table, nor the difference between them, is from fewer than ``parties_min`` parties."""
    cells = [table["total"], *table["classes"].values()]
    shown = [cell for cell in cells if cell is not None]
    if any(0 < cell["parties"] < parties_min for cell in shown):
        return False
    hidden = [name for name, cell in table["classes"].items() if cell is None]
    if not hidden or table["total"] is None:
        return True
    rest = table["total"]["parties"] - sum(cell["parties"] for cell in shown[1:])
    return len(hidden) > 1 and rest >= parties_min


Recomputed = Callable[[Published], Iterator[Fault]]
"""A check of a neutrality bundle."""

RECOMPUTED: dict[str, Recomputed] = {
    "files": wrong_files,
    "rulebooks": wrong_rulebooks,
    "in force": out_of_force,
    "outcomes": wrong_outcomes,
    "fees": wrong_fees,
    "rebates": wrong_rebates,
    "ranking": wrong_ranking,
    "order": wrong_order,
    "alike": few_alike,
    "figures": wrong_figures,
}
"""Every check of a neutrality bundle, in order."""


def not_in_log(published: Published, log: Bundle) -> Iterator[Fault]:
    """The log has the record that the market made of this very file."""
    _ = log.roots
    stated = []
    for opening in log.openings:
        if isinstance(opening, Opening) and log.opened.get(opening.place) == opening.commitment:
            record = _json_or_none(opening.content)
            if record.get("kind") == MADE and record.get("subject") == published.manifest["bundle"]:
                stated.append(record["payload"]["sha256"])
    if not stated:
        yield Fault(
            "record_missing",
            "records.jsonl of the log has no record of this bundle: GET neutrality-bundles/{id}/proof/ gives it",
        )
    elif published.sha256 not in stated:
        yield Fault("published_otherwise", f"the log says {stated[0]}; this file is {published.sha256}")


def _json_or_none(content: bytes) -> Row:
    try:
        found = read_json(content)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def recompute(published: Published, checks: Mapping[str, Recomputed]) -> dict[str, list[Fault]]:
    """What each check of a neutrality bundle finds; a row that lacks what it must have is a fault of its check."""
    found = {}
    for name, check in checks.items():
        try:
            found[name] = list(check(published))
        except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RuntimeError) as error:
            text = error.args[0] if isinstance(error, Lacking) else f"a row is not what it must be: {error!r}"
            found[name] = [Fault("unreadable", text, name)]
    return found


# The bundle of an agreement --------------------------------------------------------------------------------------------


AGREED = "sanpo-agreement/1"
SIGNED_TYPE, CLAIMS_TYPE = "sanpo.agreement.v1", "sanpo.signature.v1"
SIDES = {"seller": "provider", "buyer": "consumer"}
CURVES = {"Ed25519": ("Ed25519", "EdDSA"), "P-256": ("ES256",)}
"""The curves of parties' keys, and how the header of a signature may call their algorithm."""
BYTE_RANGE = re.compile(rb"/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*\]")
STAMP_TOKEN = bytes.fromhex("060b2a864886f70d010910020e")
"""The object identifier of a timestamp over a signature (RFC 3161 appendix A), in DER."""


class Agreed:
    """The bundle of an agreement: its files, read whole, and the keys of the market that the reader trusts."""

    def __init__(self, files: dict[str, bytes], keys: list[Key]) -> None:
        """Raises Unreadable."""
        self.files = files
        try:
            self.manifest = read_object(files["manifest.json"], "manifest.json")
            self.object = read_object(files["object.json"], "object.json")
            self.signatures = [
                Stated("signatures.json", row)
                for row in read_json(files["signatures.json"], "signatures.json")
            ]
            self.evidence = read_object(files["evidence.json"], "evidence.json")
            history = files["keys.json"].decode()
            own = [read_key(row["verifier_key"]) for row in read_json(history, "keys.json")["keys"]]
        except (*UNREADABLE, RecursionError) as error:
            raise Unreadable(f"{error!r}"[:300]) from error
        self.keys = follow_handovers(keys, history) if keys else own
        self.note = _note_or_none(self.evidence["checkpoint"] or "")


class Seal(NamedTuple):
    """The signature in a PDF: the bytes that it is over, itself (CMS in DER), its value, and the timestamp on that, if any."""

    signed: bytes
    cms: bytes
    value: bytes
    token: bytes


def read_agreed(path: Path) -> dict[str, bytes] | None:
    """The files of the bundle of an agreement; None if the file is something else."""
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > FILE_BYTES_MAX:
                return None
            names = archive.namelist()
            if len(names) != len(set(names)):
                return None
            files = {name: archive.read(name) for name in names}
        stated = read_object(files["manifest.json"], "manifest.json")
    except (*UNREADABLE, RecursionError):
        return None
    return files if stated.get("format") == AGREED else None


def agreed_files(agreed: Agreed) -> Iterator[Fault]:
    """Files are those of the manifest, which a key of the market signed."""
    listed = agreed.manifest["files"]
    for name in sorted((set(listed) | set(agreed.files)) - {"manifest.json", "manifest.jws"}):
        if name not in listed or name not in agreed.files:
            yield Fault("file_missing", "it stands in the manifest or in the archive alone", name)
        elif hashlib.sha256(agreed.files[name]).hexdigest() != listed[name]["sha256"]:
            yield Fault("file_changed", "it does not have the hash of the manifest", name)
    if not _is_market_jws(agreed, agreed.files["manifest.jws"].decode(), agreed.files["manifest.json"]):
        yield Fault("manifest_not_signed", "no key of the market that you trust signed the manifest")


def agreed_object(agreed: Agreed) -> Iterator[Fault]:
    """The object is the one that was signed, in canonical form, of the agreement and market that the manifest names."""
    content, stated = agreed.files["object.json"], agreed.manifest
    if hashlib.sha256(content).hexdigest() != stated["signed_hash"]:
        yield Fault("object_changed", "it does not have the signed hash", "object.json")
    if canonical(agreed.object) != content:
        yield Fault("object_not_canonical", "it is not in canonical form (RFC 8785)", "object.json")
    if agreed.object["type"] != SIGNED_TYPE:
        yield Fault(
            "object_unknown", f"its type is {agreed.object['type']!r}, not {SIGNED_TYPE}", "object.json"
        )
    for name in ("agreement", "market"):
        if agreed.object[name] != stated[name]:
            yield Fault("object_of_another", f"its {name} is {agreed.object[name]}", "object.json")


def agreed_texts(agreed: Agreed) -> Iterator[Fault]:
    """The texts and the plan are those of the object."""
    for language, digest in agreed.object["text"].items():
        name = f"text.{language}.txt"
        if hashlib.sha256(agreed.files[name]).hexdigest() != digest:
            yield Fault("text_changed", "the object has another hash of it", name)
    if ("plan" in agreed.object) != ("plan.json" in agreed.files):
        yield Fault("plan_differs", "the plan stands in the object or beside it alone", "plan.json")
    elif "plan" in agreed.object and canonical(agreed.object["plan"]) != agreed.files["plan.json"]:
        yield Fault("plan_differs", "the object has another plan", "plan.json")


def agreed_annexes(agreed: Agreed) -> Iterator[Fault]:
    """Every annex that the object names stands in the bundle, and no other file does."""
    annexes = agreed.object.get("annexes", [])
    beside = {name: content for name, content in agreed.files.items() if name.startswith("annex-")}
    for number, annex in enumerate(annexes, start=1):
        names = [name for name in beside if name.startswith(f"annex-{number}.")]
        digests = [hashlib.sha256(beside.pop(name)).hexdigest() for name in names]
        if digests != [annex["sha256"]]:
            yield Fault(
                "annex_differs", f"the object has another annex {number} than the bundle", ", ".join(names)
            )
    for name in beside:
        yield Fault("annex_differs", "the object names no such annex", name)


def agreed_signatures(agreed: Agreed) -> Iterator[Fault]:
    """Both parties signed the hash of the object, each for itself, at the level that the terms demand."""
    parties = [row["party"] for row in agreed.signatures]
    if sorted(parties) != sorted(SIDES):
        yield Fault("signature_missing", f"signed by {', '.join(parties) or 'nobody'}", "signatures.json")
    level = agreed.object["terms"].get("signature_level", "market_side")
    for row in agreed.signatures:
        yield from _faults_of_claims(agreed, row)
        if row["method"] == "own_key":
            yield from _faults_of_own(row)
        elif not _is_market_jws(agreed, row["jws"], row["content"].encode()):
            yield Fault("signature_invalid", "no key of the market that you trust made it", row["party"])
        if level != "market_side" and row["method"] != level:
            yield Fault(
                "signature_level", f"the terms demand {level}, it signed by {row['method']}", row["party"]
            )


def _faults_of_claims(agreed: Agreed, row: Row) -> Iterator[Fault]:
    """What a signature is over says who signed what."""
    claims = read_object(row["content"], f"the signature of the {row['party']}")
    side = SIDES.get(row["party"], "")
    expected = {
        "type": CLAIMS_TYPE,
        "agreement": agreed.object["agreement"],
        "signed_hash": hashlib.sha256(agreed.files["object.json"]).hexdigest(),
        "party": row["party"],
        "organisation": agreed.object[side]["id"] if side else None,
        "method": row["method"],
    }
    if row["method"] == "market_side":
        expected |= {"signer": row["signer"], "signed_at": claims["signed_at"]}
        if moment(claims["signed_at"]) != moment(row["signed_at"]):
            yield Fault("signature_of_another", "it was made at another moment", row["party"])
    if canonical(claims) != row["content"].encode() or claims != expected:
        yield Fault("signature_of_another", "it is over something else", row["party"])


def _faults_of_own(row: Row) -> Iterator[Fault]:
    """A party's own signature is a detached JWS by its key, which was in force."""
    key, at = row["key"], moment(row["signed_at"])
    try:
        is_valid = _is_own_jws(row["jws"], row["content"].encode(), key["jwk"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        yield Fault("signature_invalid", f"it is no signature by a key: {error!r}", row["party"])
        return
    if not is_valid:
        yield Fault("signature_invalid", "the party's key did not make it", row["party"])
    ended = key["revoked_at"] is not None and moment(key["revoked_at"]) < at
    if ended or at < moment(key["valid_from"]):
        yield Fault("key_not_in_force", f"{key['id']} was not in force when it signed", row["party"])


def _is_market_jws(agreed: Agreed, signature: str, content: bytes) -> bool:
    """Whether it is a compact JWS over ``content`` by a key of the market that is trusted."""
    signed, _, value = signature.rpartition(".")
    try:
        header, _, payload = signed.partition(".")
        if read_json(_from_base64url(header))["alg"] not in CURVES["Ed25519"]:
            return False
        if _from_base64url(payload) != content:
            return False
        found = _from_base64url(value)
    except (ValueError, KeyError, TypeError, RecursionError):
        return False
    keys = [key.public for key in agreed.keys if key.algorithm == ED25519]
    return any(is_signed(public, found, signed.encode()) for public in keys)


def _is_own_jws(signature: str, content: bytes, jwk: Row) -> bool:
    """Whether it is a detached JWS (RFC 7515 appendix F) over ``content`` by the key ``jwk``; raises ValueError, KeyError."""
    header, payload, value = signature.split(".")
    stated = read_json(_from_base64url(header))
    members = {name: jwk[name] for name in ("crv", "kty", "x", *(("y",) if jwk["kty"] == "EC" else ()))}
    thumbprint = base64.urlsafe_b64encode(hashlib.sha256(canonical(members)).digest()).rstrip(b"=").decode()
    if payload or stated["alg"] not in CURVES[jwk["crv"]] or stated["kid"] != thumbprint:
        return False
    message = header.encode() + b"." + base64.urlsafe_b64encode(content).rstrip(b"=")
    public, found = _from_base64url(jwk["x"]), _from_base64url(value)
    if jwk["crv"] == "Ed25519":
        return is_signed(public, found, message)
    return _is_signed_p256(public, _from_base64url(jwk["y"]), found, message)


def _is_signed_p256(x: bytes, y: bytes, signature: bytes, message: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
    from cryptography.hazmat.primitives.hashes import SHA256

    if len(signature) != 64:
        return False
    numbers = [int.from_bytes(each, "big") for each in (x, y, signature[:32], signature[32:])]
    try:
        public = ec.EllipticCurvePublicNumbers(numbers[0], numbers[1], ec.SECP256R1()).public_key()
        public.verify(encode_dss_signature(numbers[2], numbers[3]), message, ec.ECDSA(SHA256()))
    except (InvalidSignature, ValueError):
        return False
    return True


def agreed_evidence(agreed: Agreed) -> Iterator[Fault]:
    """The records stand in the log under the checkpoint that it signed, and say what the other files say."""
    if agreed.evidence["checkpoint"] is None:
        if agreed.evidence["records"]:
            yield Fault("record_not_covered", "there are records, but no checkpoint", "evidence.json")
        return
    if agreed.note is None:
        yield Fault("checkpoint_unreadable", "its checkpoint is no signed checkpoint", "evidence.json")
        return
    yield from faults_of_signature(agreed.note, agreed.keys, of="the checkpoint of evidence.json")
    for row in agreed.evidence["records"]:
        content = row["content"].encode()
        commitment = hashlib.sha256(bytes.fromhex(row["salt"]) + content).hexdigest()
        leaf = hashlib.sha256(b"\x00" + f'{{"commitment":"{commitment}","v":1}}'.encode()).digest()
        path = [bytes.fromhex(step) for step in row["path"]]
        if root_of_path(leaf, row["index"], agreed.note.size, path) != agreed.note.root:
            yield Fault("record_differs", "the log does not have it under the checkpoint", row["id"])
        yield from _faults_of_record(agreed, read_object(content, row["id"]), row["id"])


def _faults_of_record(agreed: Agreed, record: Row, item: str) -> Iterator[Fault]:
    stated = record["payload"]
    if record["subject"] not in (agreed.object["agreement"], agreed.object["negotiation"]):
        yield Fault("record_of_another", f"it is about {record['subject']}", item)
    elif record["kind"] == "documents.sealed":
        name = f"agreement.{stated['language']}.pdf"
        if hashlib.sha256(agreed.files[name]).hexdigest() != stated["sha256"]:
            yield Fault("record_states_otherwise", f"the log has another hash of {name}", item)
    elif stated["signed_hash"] != agreed.manifest["signed_hash"]:
        yield Fault("record_states_otherwise", "the log has another signed hash", item)


def root_of_path(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root to which a path leads from a leaf (RFC 9162 section 2.1.3.2); None if it does not fit the place."""
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


def read_seal(pdf: bytes) -> Seal:
    """The one signature of a PDF, which is over the whole file but itself; raises ValueError."""
    ranges = BYTE_RANGE.findall(pdf)
    if len(ranges) != 1:
        raise ValueError(f"it has {len(ranges)} signatures, not the operator's one")
    start, length, after, rest = map(int, ranges[0])
    if start != 0 or after < length or after + rest != len(pdf):
        raise ValueError("its signature does not cover the whole file")
    gap = pdf[length:after]
    if not (gap.startswith(b"<") and gap.endswith(b">")):
        raise ValueError("its signature is not where it must be")
    filled = bytes.fromhex(gap[1:-1].decode("ascii"))
    try:
        size = _size_of(filled)
        cms = filled[:size]
        if any(filled[size:]):
            raise ValueError("something stands behind its signature")
        signer = _parts(_parts(_parts(_parts(_parts(cms)[0])[1])[0])[-1])[0]
        value = _parts(signer)[5]
    except IndexError as error:
        raise ValueError("its signature is no CMS") from error
    signed = pdf[:length] + pdf[after:]
    if b"\x04\x20" + hashlib.sha256(signed).digest() not in cms:
        raise ValueError("bytes that were sealed have changed")
    return Seal(signed, cms, value, _token_in(signer))


def _token_in(signer: bytes) -> bytes:
    """The timestamp on a signature, in DER; empty without one."""
    _, found, rest = signer.partition(STAMP_TOKEN)
    return _parts(rest)[0][: _size_of(_parts(rest)[0])] if found else b""


def _size_of(content: bytes) -> int:
    """How many bytes the first element (DER) takes."""
    length = content[1]
    if length <= 0x80:
        return 2 + length
    width = length & 0x7F
    return 2 + width + int.from_bytes(content[2 : 2 + width], "big")


def agreed_documents(agreed: Agreed) -> Iterator[Fault]:
    """The PDFs have one seal each, over all of their bytes. Who made it, openssl and readers of PDF verify."""
    for name in _documents(agreed):
        try:
            read_seal(agreed.files[name])
        except (ValueError, IndexError, KeyError) as error:
            yield Fault("seal_invalid", str(error), name)


def _documents(agreed: Agreed) -> list[str]:
    return [f"agreement.{language}.pdf" for language in sorted(agreed.object["text"])]


OF_AGREEMENTS: dict[str, Callable[[Agreed], Iterator[Fault]]] = {
    "files": agreed_files,
    "object": agreed_object,
    "texts": agreed_texts,
    "annexes": agreed_annexes,
    "signatures": agreed_signatures,
    "evidence": agreed_evidence,
    "documents": agreed_documents,
}
"""Every check of the bundle of an agreement, in order."""


def seal_commands(name: str, folder: Path) -> list[str]:
    """What verifies the seal of a PDF, and its timestamp, with the files that ``extract_agreed`` writes."""
    at = folder / name.removesuffix(".pdf")
    return [
        (
            f"openssl cms -verify -binary -inform DER -in {at}.p7s -content {at}.signed -CAfile {folder / 'certificates.pem'}"
            " -purpose any -out /dev/null"
        ),
        f"openssl ts -verify -token_in -in {at}.tst -data {at}.value -CAfile CERTIFICATES_OF_THE_AUTHORITY.pem",
    ]


def extract_agreed(agreed: Agreed, folder: Path) -> None:
    """Write the files of the bundle that it names itself, and of each PDF what its seal is over, the seal, and its timestamp."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in agreed.manifest["files"]:
        if re.fullmatch(r"[a-z]+(\.[a-z]+)+", name):
            (folder / name).write_bytes(agreed.files[name])
    for name in _documents(agreed):
        seal, at = read_seal(agreed.files[name]), name.removesuffix(".pdf")
        parts = {"signed": seal.signed, "p7s": seal.cms, "value": seal.value, "tst": seal.token}
        for ending, content in parts.items():
            if content:
                (folder / f"{at}.{ending}").write_bytes(content)


def verify_agreement(files: dict[str, bytes], options: argparse.Namespace) -> int:
    """Verify the bundle of an agreement; prints what was found, and what verifies the rest. Returns the exit status."""
    agreed = Agreed(files, options.key)
    status = 0
    if options.log is not None:
        kept = [*(options.kept or ()), *([agreed.evidence["checkpoint"]] if agreed.note else [])]
        status = verify_log(Bundle(options.log, options.key, kept, options.witness, options.witnesses_min))
    if not options.key:
        print("keys: the bundle's own; name one that you have from elsewhere by --key")
    outcome = {name: _all_of(check, agreed, name) for name, check in OF_AGREEMENTS.items()}
    status |= show(outcome)
    proved, unproved = len(agreed.evidence["records"]), agreed.evidence["without_proof"]
    print(f"records of the log: {proved} proved, {unproved} younger than the checkpoint")
    folder = options.extract or Path("FOLDER")
    if options.extract and not status:
        extract_agreed(agreed, folder)
    print("not checked: who sealed the documents (PAdES), and their timestamps (RFC 3161)")
    print(
        "  a reader of PDF that verifies signatures does, such as Adobe Acrobat Reader, and so do these commands:"
    )
    if not options.extract:
        print("  (with --extract FOLDER this program writes their files)")
    for name in [] if outcome["documents"] else _documents(agreed):
        cms, stamp = seal_commands(name, folder)
        print(f"  {cms}")
        print(f"  {stamp}" if read_seal(files[name]).token else f"  {name} has no timestamp")
    if not status:
        print(f"verified: {agreed.object['agreement']}, signed hash {agreed.manifest['signed_hash']}")
    return status


def _all_of(check: Callable[[Agreed], Iterator[Fault]], agreed: Agreed, name: str) -> list[Fault]:
    try:
        return list(check(agreed))
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RuntimeError) as error:
        text = error.args[0] if isinstance(error, Lacking) else f"it is not what it must be: {error!r}"
        return [Fault("unreadable", text, name)]


# Commands ------------------------------------------------------------------------------------------------------------


def show(outcome: Mapping[str, list[Fault]]) -> int:
    """Print what each check found; returns the exit status."""
    for name, faults in outcome.items():
        print(f"{name}: {f'{len(faults)} faults' if faults else 'ok'}")
        for fault in faults[:FAULTS_SHOWN_MAX]:
            print(f"  {fault.code}{fault.item and ' '}{fault.item}: {fault.text}")
    return int(any(outcome.values()))


def show_rows(published: Published) -> None:
    """Print how many rows a neutrality bundle has, and how many of them everybody reads."""
    for part in PARTS:
        print(f"{part}: {len(published.rows[part])} rows, {len(published.shown(part))} of them for everybody")


def download(log: str, folder: Path) -> int:
    """Copy the public log at the address ``log`` into ``folder``; full tiles that are there already stay. Returns its size."""
    text = _fetch(f"{log}/checkpoint").decode()
    note = read_note(text)
    for index in range(-(-note.size // TILE_WIDTH)):
        place = tile_path(index, min(TILE_WIDTH, note.size - index * TILE_WIDTH))
        path = folder / place
        if not path.is_file():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(_fetch(f"{log}/{place}"))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "checkpoint").write_text(text, encoding="utf-8")
    _download_further(log, folder, note.size)
    return note.size


def _download_further(log: str, folder: Path, size: int) -> None:
    """The history of the keys, and the newest timestamped checkpoint if it is not larger than ``size``."""
    for name in ("keys.json", "stamped", "stamped.tsr"):
        (folder / name).unlink(missing_ok=True)
    if (history := _fetch_if_there(f"{log}/keys.json")) is not None:
        (folder / "keys.json").write_bytes(history)
    stamped = _fetch_if_there(f"{log}/stamped")
    found = None if stamped is None else read_note(stamped.decode())
    if stamped is None or found is None or found.size > size:
        return
    answer = _fetch_if_there(f"{log}/timestamp/{found.size}.tsr")
    if answer is not None:
        (folder / "stamped").write_bytes(stamped)
        (folder / "stamped.tsr").write_bytes(answer)


def _fetch_if_there(address: str) -> bytes | None:
    try:
        return _fetch(address)
    except urllib.error.HTTPError as error:
        if error.code == 404:
            return None
        raise


def _fetch(address: str) -> bytes:
    if not address.startswith(("https://", "http://")):
        raise ValueError(f"{address} is no address of a log")
    with urllib.request.urlopen(address, timeout=30) as answer:  # noqa: S310 - the scheme is checked
        content: bytes = answer.read(ANSWER_BYTES_MAX + 1)
    if len(content) > ANSWER_BYTES_MAX:
        raise ValueError(f"{address} answered more than {ANSWER_BYTES_MAX} bytes")
    return content


def main(arguments: list[str]) -> int:
    """Verify what the command line names, or download a log; returns the exit status."""
    if arguments[:1] == ["download"]:
        if len(arguments) != 3:
            print(__doc__, file=sys.stderr)
            return 2
        try:
            size = download(arguments[1].rstrip("/"), Path(arguments[2]))
        except (OSError, ValueError, http.client.HTTPException) as error:
            print(f"the log cannot be downloaded: {error!r}", file=sys.stderr)
            return 2
        print(f"{size} entries in {arguments[2]}")
        return 0
    parser = _parser()
    options = parser.parse_args(arguments)
    folder = options.bundle if options.bundle.is_dir() else options.log
    if folder is None and not options.bundle.is_file():
        parser.error(f"{options.bundle} is neither the folder of a log nor the file of a neutrality bundle")
    if folder is not None and not folder.is_dir():
        parser.error(f"{folder} is no folder")
    agreed = read_agreed(options.bundle) if options.bundle.is_file() else None
    if agreed is not None:
        return _verify_agreement(parser, agreed, options)
    if folder is None and options.kept:
        parser.error("what you kept is compared with a log: name it by --log")
    if folder is not None and find_spec("cryptography") is None:
        parser.error("verifying a log needs the package cryptography: pip install cryptography")
    log = _log_of(folder, options) if folder is not None else None
    if folder is options.bundle and log is not None:
        return verify_log(log)
    try:
        return verify_bundle(Published(options.bundle), log)
    except Unreadable as error:
        print(f"not a bundle: {error}")
        return 2


def _verify_agreement(
    parser: argparse.ArgumentParser, files: dict[str, bytes], options: argparse.Namespace
) -> int:
    if find_spec("cryptography") is None:
        parser.error("verifying an agreement needs the package cryptography: pip install cryptography")
    if options.kept and options.log is None:
        parser.error("what you kept is compared with a log: name it by --log")
    try:
        return verify_agreement(files, options)
    except Unreadable as error:
        print(f"not a bundle: {error}")
        return 2


def verify_log(log: Bundle) -> int:
    """Verify a log and print what was found; returns the exit status."""
    outcome = verify(log)
    status = show(outcome)
    if "timestamp" not in outcome:
        print("timestamp: none")
    elif log.stamped_note and not outcome["timestamp"]:
        stamp = read_stamp((log.folder / "stamped.tsr").read_bytes())
        print(
            f"  an authority states {stamp.time} for size {log.stamped_note.size}; who signed it, this verifies:"
        )
        print(f"  {openssl_command(log)}")
    if log.note and not status:
        print(f"verified: {log.note.size} entries, root {log.note.root.hex()}")
    return status


def verify_bundle(published: Published, log: Bundle | None) -> int:
    """Verify a neutrality bundle, and the log that has it; prints what was found and what was not checked."""
    status, checks = 0, dict(RECOMPUTED)
    if log is None:
        print("log: not checked, name it by --log")
    else:
        status = verify_log(log)
        checks["in the log"] = partial(not_in_log, log=log)
    status |= show(recompute(published, checks))
    show_rows(published)
    for name, how in NOT_HERE.items():
        print(f"not checked: {name}, {how}")
    return status


def _log_of(folder: Path, options: argparse.Namespace) -> Bundle:
    return Bundle(folder, options.key, options.kept, options.witness, options.witnesses_min)


def read_kept(text: str) -> list[str]:
    """The texts of the checkpoints in a file or folder; raises ArgumentTypeError if there is none."""
    path = Path(text)
    try:
        paths = sorted(path.iterdir()) if path.is_dir() else [path]
        found = [each.read_text(encoding="utf-8", errors="replace") for each in paths]
    except OSError as error:
        raise argparse.ArgumentTypeError(f"what you kept cannot be read: {error}") from error
    if not found:
        raise argparse.ArgumentTypeError(f"the folder {path} holds no checkpoint that you kept")
    return found


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description="Verifies the market's evidence log, its neutrality bundles and its agreements."
    )
    parser.add_argument(
        "bundle", type=Path, help="the folder of a log, or the file of a neutrality bundle or of an agreement"
    )
    parser.add_argument("--log", type=Path, help="the folder of the log that has the neutrality bundle")
    parser.add_argument(
        "--key", action="append", type=read_key, default=[], help="the log's verifier key; may be repeated"
    )
    parser.add_argument(
        "--kept", type=read_kept, help="a checkpoint that you kept earlier, or a folder of them"
    )
    parser.add_argument(
        "--witness", action="append", type=read_key, default=[], help="a witness that you trust"
    )
    parser.add_argument("--witnesses-min", type=int, default=0)
    parser.add_argument(
        "--extract", type=Path, help="where to write the files of an agreement that verified, for openssl"
    )
    return parser


if __name__ == "__main__":
    gc.disable()  # Millions of records live until the end, and none of them in a cycle.
    sys.exit(main(sys.argv[1:]))
