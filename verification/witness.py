#!/usr/bin/env python3
"""A witness of the market's evidence log. Needs Python 3.11 and the package ``cryptography``, nothing else.

    python witness.py key NAME --file witness.key           # make a key; register the verifier key that it prints
    python witness.py run --log https://market.example/log --log-key VERIFIER_KEY --key witness.key --state witness.json \\
        --post https://market.example/api/v1/evidence/cosignatures/ [--once] [--every 60]

It keeps the last checkpoint that it verified in a file. At each poll it checks the log's signature and, from the tiles of the
public log (C2SP tlog-tiles), that the log continues what it kept; then it keeps the new checkpoint, and posts its cosignature
(C2SP tlog-cosignature, cosignature/v1). What is wrong it names, and signs nothing:

    rollback            the log has fewer entries than it had
    fork                the log has other entries than it had
    tail_cut            the checkpoint covers entries that the log does not have
    bad_signature       the log's signature is not valid
    unknown_key         the checkpoint is signed by a key that the witness was not told of
    other_log           the checkpoint is of another log
    unreadable          there is no checkpoint, or what is there is none
    unreachable         the log did not answer

The checkpoint that proves a fault is kept beside the state as ``STATE.fault``. Exit status of ``--once``: 0 signed or nothing
new, 1 a fault, 3 unreachable. A new key of the log it follows where the key before it handed over (``keys.json`` of the log).
One that replaces a lost or disclosed key was not handed over: tell it to the witness (``--log-key`` again) after you have asked
the operator by another way.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import http.client
import json
import os
import re
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

TILE_HEIGHT, HASH_BYTES = 8, 32
ANSWER_BYTES_MAX = 1_000_000
LINES_MAX = 100  # what other clients read of a note, too
ED25519, COSIGNATURE = 0x01, 0x04
HEAD = re.compile(r"([^\n]+)\n([1-9][0-9]{0,18})\n([A-Za-z0-9+/]{43}=)\n")
LINE = re.compile(r"— ([^ \n]+) ([A-Za-z0-9+/]+={0,2})")


class Refused(Exception):
    """The witness does not sign. ``code`` is one of those in the module's text."""

    def __init__(self, code: str, text: str) -> None:
        """What is wrong, for programs and for people."""
        super().__init__(f"{code}: {text}")
        self.code = code


class Head(NamedTuple):
    """What a checkpoint states."""

    body: str
    origin: str
    size: int
    root: bytes


def key_id(name: str, algorithm: int, public: bytes) -> bytes:
    """The identifier of a key in notes (C2SP signed-note)."""
    return hashlib.sha256(name.encode() + b"\n" + bytes([algorithm]) + public).digest()[:4]


def open_note(text: str, log_keys: list[str]) -> Head:
    """The checkpoint that one of the log's keys signed; raises Refused."""
    body, _, rest = text.partition("\n\n")
    head = HEAD.fullmatch(f"{body}\n")
    lines = [found for line in rest.splitlines() if (found := LINE.fullmatch(line))]
    if head is None or not 0 < len(lines) <= LINES_MAX:
        raise Refused("unreadable", "the log serves no signed checkpoint")
    trusted = dict(map(read_log_key, log_keys))
    names = {name for name, _ in trusted.values()}
    if head[1] not in names:
        raise Refused("other_log", f"the checkpoint is of {head[1]}, not of {', '.join(sorted(names))}")
    signed = [decode(line[2]) for line in lines if line[1] == head[1]]
    for signature in signed:
        if signature[:4] in trusted:
            verify_signature(trusted[signature[:4]][1], signature[4:], f"{body}\n")
            return Head(f"{body}\n", head[1], int(head[2]), base64.b64decode(head[3]))
    raise Refused("unknown_key", f"the checkpoint is signed by {[each[:4].hex() for each in signed]}")


def decode(text: str) -> bytes:
    """The bytes of a signature line; raises Refused."""
    try:
        found = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise Refused("unreadable", "a signature of the checkpoint is not base64") from error
    if base64.b64encode(found).decode() != text:
        raise Refused("unreadable", "a signature of the checkpoint is not the one base64 of its bytes")
    return found


def read_log_key(text: str) -> tuple[bytes, tuple[str, bytes]]:
    """Identifier, name and bytes of a verifier key ``name+identifier+base64``; raises ValueError."""
    name, _, rest = text.strip().partition("+")
    identifier, _, encoded = rest.partition("+")
    decoded = base64.b64decode(encoded, validate=True)
    found = key_id(name, ED25519, decoded[1:])
    if len(decoded) != 33 or decoded[0] != ED25519 or found.hex() != identifier:
        raise ValueError(f"{text!r} is no verifier key of a log")
    return found, (name, decoded[1:])


def follow_handovers(log_keys: list[str], history: bytes) -> list[str]:
    """The keys, and those in ``history`` (a JWK set, oldest first) to which one of them, or of these, handed over (JWS)."""
    trusted = list(log_keys)
    try:
        for stated in read_json(history)["keys"]:
            key = handed_over(trusted, str(stated["handover"]))
            if key and key not in trusted:
                trusted.append(key)
    except (ValueError, KeyError, TypeError, RecursionError):
        return trusted
    return trusted


def handed_over(trusted: list[str], handover: str) -> str:
    """The verifier key that ``handover`` names, if it is a JWS by a trusted key of the same log; else empty."""
    signed, _, signature = handover.rpartition(".")
    try:
        stated = read_json(from_base64url(signed.partition(".")[2]))
        name, public, value = stated["name"], from_base64url(stated["x"]), from_base64url(signature)
        identifier = key_id(name, ED25519, public).hex()
        is_handover = stated["statement"] == "sanpo.key_handover.v1" and len(public) == 32
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return ""
    for signer, signing in (read_log_key(text)[1] for text in trusted):
        try:
            Ed25519PublicKey.from_public_bytes(signing).verify(value, signed.encode())
        except InvalidSignature:
            continue
        if is_handover and signer == name:
            return f"{name}+{identifier}+{base64.b64encode(bytes([ED25519]) + public).decode()}"
    return ""


def read_json(text: str | bytes) -> Any:
    """What JSON states; raises ValueError for NaN and what else is no number of JSON."""
    return json.loads(text, parse_constant=_no_number)


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no number")


def from_base64url(text: str) -> bytes:
    """The bytes of unpadded base64url; raises ValueError."""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def verify_signature(public: bytes, signature: bytes, body: str) -> None:
    """Raise Refused unless the log's key signed ``body``."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, body.encode())
    except (InvalidSignature, ValueError) as error:
        raise Refused("bad_signature", "the log's signature on the checkpoint is not valid") from error


# The tree (RFC 6962), read from tiles --------------------------------------------------------------------------------


def node(left: bytes, right: bytes) -> bytes:
    """The hash of two children."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def split(size: int) -> int:
    """The largest power of two smaller than ``size``."""
    return 1 << (size - 1).bit_length() - 1


class Tiles:
    """Hashes of the log's tree of ``size`` leaves, read from its tiles."""

    def __init__(self, size: int, fetch: Callable[[str], bytes | None]) -> None:
        """``fetch`` gives the bytes at an address of the log, or None."""
        self.size, self._fetch = size, fetch
        self._tiles: dict[tuple[int, int], bytes] = {}

    def hash(self, start: int, end: int) -> bytes:
        """The hash over the leaves from ``start`` to before ``end``; raises Refused where a tile is missing."""
        length = end - start
        if length & (length - 1):
            middle = start + split(length)
            return node(self.hash(start, middle), self.hash(middle, end))
        level, within = divmod(length.bit_length() - 1, TILE_HEIGHT)
        first = start >> TILE_HEIGHT * level
        hashes = self._tile(level, first >> TILE_HEIGHT)
        at = first % 256 * HASH_BYTES
        found = [
            hashes[each : each + HASH_BYTES] for each in range(at, at + (HASH_BYTES << within), HASH_BYTES)
        ]
        while len(found) > 1:
            found = [node(found[each], found[each + 1]) for each in range(0, len(found), 2)]
        return found[0]

    def consistency(self, older: int) -> list[bytes]:
        """The proof that ``older`` leaves begin the tree (RFC 6962 section 2.1.2)."""
        path, start, end = [], 0, self.size
        while older < end:
            middle = start + split(end - start)
            if older <= middle:
                path.append(self.hash(middle, end))
                end = middle
            else:
                path.append(self.hash(start, middle))
                start = middle
        return [*([self.hash(start, end)] if start else []), *reversed(path)]

    def _tile(self, level: int, index: int) -> bytes:
        if (level, index) not in self._tiles:
            width = min(256, (self.size >> TILE_HEIGHT * level) - index * 256)
            hashes = self._fetch(tile_path(level, index, width)) or b""
            if len(hashes) != width * HASH_BYTES:
                raise Refused(
                    "tail_cut",
                    f"the checkpoint covers {self.size} entries; {tile_path(level, index, width)} is missing",
                )
            self._tiles[level, index] = hashes
        return self._tiles[level, index]


def tile_path(level: int, index: int, width: int) -> str:
    """The address of a tile below that of the log."""
    groups = [f"{index % 1000:03d}"]
    while index := index // 1000:
        groups.append(f"x{index % 1000:03d}")
    return f"tile/{level}/{'/'.join(reversed(groups))}" + (f".p/{width}" if width < 256 else "")


def is_consistent(older: Head, newer: Head, path: list[bytes]) -> bool:
    """Whether ``path`` proves that the tree of ``older`` begins that of ``newer`` (RFC 9162 section 2.1.4.2)."""
    hashes = [older.root, *path] if older.size & (older.size - 1) == 0 else list(path)
    at, last = older.size - 1, newer.size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    first = second = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            first, second = node(sibling, first), node(sibling, second)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            second = node(second, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and first == older.root and second == newer.root


# The witness ---------------------------------------------------------------------------------------------------------


class Witness:
    """Checks one log and cosigns what continues it."""

    def __init__(self, *, log: str, log_keys: list[str], key: Path, state: Path, post: str = "") -> None:
        """``log``: the address of the log; ``post``: where cosignatures go, nowhere if empty."""
        self.log, self.log_keys, self.state, self.post = log.rstrip("/"), log_keys, state, post
        stated = read_json(key.read_text(encoding="utf-8"))
        self.name = str(stated["name"])
        self._private = Ed25519PrivateKey.from_private_bytes(base64.b64decode(stated["private"]))
        self._public = self._private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def poll(self) -> str:
        """Check the log's newest checkpoint, keep it and post the cosignature; says what was done. Raises Refused."""
        text = (fetch(f"{self.log}/checkpoint") or b"").decode(errors="replace")
        try:
            head = self._open(text)
            kept = self._kept()
            self.require_continues(kept, head)
        except Refused as fault:
            if fault.code != "unreachable":
                write(self.state.with_name(f"{self.state.name}.fault"), f"{fault}\n\n{text}")
            raise
        if kept is None or kept.size != head.size:
            write(self.state, json.dumps({"log": head.origin, "checkpoint": text}))
        if self.post:
            send(self.post, {"size": head.size, "cosignature": self.cosign(head)})
        return f"size {head.size}, root {head.root.hex()}"

    def _open(self, text: str) -> Head:
        """The checkpoint, signed by a key that the witness was told of or that was handed over to; raises Refused."""
        try:
            return open_note(text, self.log_keys)
        except Refused as fault:
            if fault.code != "unknown_key":
                raise
            history = fetch(f"{self.log}/keys.json") or b""
            return open_note(text, follow_handovers(self.log_keys, history))

    def require_continues(self, kept: Head | None, head: Head) -> None:
        """Raise Refused unless the log has what the checkpoint covers, and begins with what was kept."""
        if kept is not None and head.size < kept.size:
            text = f"the log has {head.size} entries; kept is size {kept.size} with root {kept.root.hex()}: both are missing"
            raise Refused("rollback", text)
        tiles = Tiles(head.size, lambda place: fetch(f"{self.log}/{place}"))
        if kept is not None and head.size == kept.size and head.root != kept.root:
            raise Refused(
                "fork",
                f"at size {kept.size} root {kept.root.hex()} was kept; the log signed {head.root.hex()}",
            )
        if tiles.hash(0, head.size) != head.root:
            raise Refused(
                "fork", f"the tiles of the log have another root at size {head.size} than its checkpoint"
            )
        if (
            kept is not None
            and head.size > kept.size
            and not is_consistent(kept, head, tiles.consistency(kept.size))
        ):
            text = f"size {head.size} does not continue size {kept.size} with root {kept.root.hex()}: the log was rewritten"
            raise Refused("fork", text)

    def cosign(self, head: Head) -> str:
        """The signature line of cosignature/v1."""
        moment = int(time.time())
        signature = self._private.sign(f"cosignature/v1\ntime {moment}\n{head.body}".encode())
        value = key_id(self.name, COSIGNATURE, self._public) + moment.to_bytes(8, "big") + signature
        return f"— {self.name} {base64.b64encode(value).decode()}"

    def _kept(self) -> Head | None:
        """The checkpoint that was kept; its signature was checked then, maybe under a key that is not in force now."""
        if not self.state.exists():
            return None
        try:
            text = str(read_json(self.state.read_text(encoding="utf-8"))["checkpoint"])
        except (ValueError, KeyError, TypeError):
            text = ""
        body = text.partition("\n\n")[0] + "\n"
        head = HEAD.fullmatch(body)
        if head is None:
            raise Refused("unreadable", f"{self.state} holds no checkpoint: restore it from a copy")
        return Head(body, head[1], int(head[2]), base64.b64decode(head[3]))


def fetch(address: str) -> bytes | None:
    """What the log serves at an address, None if there is nothing; raises Refused if it does not answer."""
    for pause in (1, 5, 30, None):
        try:
            with urllib.request.urlopen(address, timeout=30) as answer:  # noqa: S310 - the operator of the witness names it
                content: bytes = answer.read(ANSWER_BYTES_MAX)
                return content
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            if pause is None or error.code not in (429, 503):
                raise Refused("unreachable", f"{address} answered {error.code}") from error
            time.sleep(pause)
        except (OSError, http.client.HTTPException) as error:
            raise Refused("unreachable", f"{address}: {error!r}") from error
    return None


def send(address: str, body: dict[str, object]) -> None:
    """Post ``body`` as JSON; raises Refused if it is not taken."""
    request = urllib.request.Request(  # noqa: S310 - the operator of the witness names it
        address, json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=30):  # noqa: S310
            pass
    except urllib.error.HTTPError as error:
        raise Refused(
            "unreachable", f"{address} answered {error.code}: {error.read(1000).decode(errors='replace')}"
        ) from error
    except (OSError, http.client.HTTPException) as error:
        raise Refused("unreachable", f"{address}: {error!r}") from error


def write(path: Path, text: str) -> None:
    """Write a file such that a crash leaves the old one or the new one."""
    draft = path.with_name(f"{path.name}.draft")
    with draft.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def make_key(name: str, path: Path) -> str:
    """Write a new key of the witness ``name``; returns its verifier key. Raises FileExistsError."""
    if not re.fullmatch(r"[^\s+]{1,200}", name):
        raise ValueError("the name of a witness has no spaces and no +")
    private = Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    secret = private.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump({"name": name, "private": base64.b64encode(secret).decode()}, file)
    encoded = base64.b64encode(bytes([COSIGNATURE]) + public).decode()
    return f"{name}+{key_id(name, COSIGNATURE, public).hex()}+{encoded}"


def watch(witness: Witness, every: float) -> None:
    """Poll for ever; a fault is named each time."""
    while True:
        try:
            print(witness.poll(), flush=True)
        except Refused as fault:
            print(fault, file=sys.stderr, flush=True)
        time.sleep(every)


def main(arguments: list[str]) -> int:
    """Carry out what the command line says; returns the exit status."""
    parser = argparse.ArgumentParser(description="A witness of the market's evidence log.")
    commands = parser.add_subparsers(dest="command", required=True)
    key = commands.add_parser("key", help="make a key")
    key.add_argument("name")
    key.add_argument("--file", type=Path, required=True)
    run = commands.add_parser("run", help="check the log and cosign its checkpoints")
    run.add_argument("--log", required=True)
    run.add_argument("--log-key", action="append", required=True)
    run.add_argument("--key", type=Path, required=True)
    run.add_argument("--state", type=Path, required=True)
    run.add_argument("--post", default="")
    run.add_argument("--once", action="store_true")
    run.add_argument("--every", type=float, default=60.0)
    options = parser.parse_args(arguments)
    if options.command == "key":
        print(make_key(options.name, options.file))
        return 0
    try:
        witness = Witness(
            log=options.log, log_keys=options.log_key, key=options.key, state=options.state, post=options.post
        )
        for each in options.log_key:
            read_log_key(each)
    except (ValueError, KeyError, OSError, binascii.Error) as error:
        parser.error(str(error))
    if not options.once:
        watch(witness, options.every)
    try:
        print(witness.poll())
    except Refused as fault:
        print(fault, file=sys.stderr)
        return 3 if fault.code == "unreachable" else 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
