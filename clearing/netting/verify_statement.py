#!/usr/bin/env python3
"""Recompute your net position in a clearing cycle from your own trades, and check that they were cleared.

    python3 verify_statement.py STATEMENT [--keys KEYS] [--cycle CYCLE]

STATEMENT is the answer of /api/v1/positions/<id>/statement/; ``-`` reads it from standard input. KEYS is the market's
JWK Set, which checks the signature if the package ``cryptography`` is installed. CYCLE is the public answer of
/api/v1/cycles/<id>/, whose hashes must equal the hashes of the statement.

Needs only the standard library, not the market's software. Exits 0 if everything agrees, 1 naming each difference,
2 if something cannot be read, naming the member and what it must be.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

FORMAT = "sanpo.clearing.statement.v2"
BASIS_POINTS = 10_000
CORRECTIONS = ("refund", "adjustment", "penalty", "withholding")
SHARES = ("share", "share_return")
PUBLIC = ("business_key", "currency", "trades", "input_hash", "output_hash", "trades_root", "merkle_root")
ROW: dict[str, Any] = {"line": str, "index": int, "page": [str], "path": [str]}
STATEMENT: dict[str, Any] = {
    **dict.fromkeys(("format", "party", "name_in_lines"), str),
    **dict.fromkeys(("size", "block_lines", "page_lines"), int),
    "cycle": dict.fromkeys((*PUBLIC, "positions_root"), str) | {"trades": int},
    "position": {**ROW, "parts": [str], "size": int},
    "block_roots": [str],
    "lines": [ROW],
    "deferred": [str],
}
SHAPE: dict[str, Any] = {"signature": str, "statement": STATEMENT}
"""What a statement must have: a list of one element describes every element."""
KEYS_SHAPE: dict[str, Any] = {"keys": [{"kid": str, "x": str}]}
WORDS = {str: "text", int: "a whole number", dict: "an object", list: "a list"}


class Unreadable(ValueError):
    """A document is not what it must be; the message names the place."""


def require_shape(value: Any, shape: Any, place: str) -> None:
    """Raise Unreadable, naming the place, if ``value`` is not of ``shape``. Members that it does not name are ignored."""
    wanted = shape if isinstance(shape, type) else type(shape)
    if type(value) is not wanted:
        raise Unreadable(f"{place} must be {WORDS[wanted]}")
    found: Any = value
    if isinstance(shape, dict):
        for name, of_member in shape.items():
            if name not in found:
                raise Unreadable(f"{place}.{name} is missing")
            require_shape(found[name], of_member, f"{place}.{name}")
    elif isinstance(shape, list):
        for number, element in enumerate(found, start=1):
            require_shape(element, shape[0], f"{place}, element {number},")


def no_name_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The members of a JSON object. Raises Unreadable if two have one name, because readers differ in which they take."""
    members = dict(pairs)
    if len(members) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Unreadable(f"an object has two members {twice!r}")
    return members


def whole(text: str, place: str) -> int:
    """A whole number as the market writes it. Raises Unreadable, naming ``place``, for anything else."""
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) < 20 and str(int(text)) == text):
        raise Unreadable(f"{place} must be a whole number, not {text!r}")
    return int(text)


def leaf_hash(line: str) -> bytes:
    """RFC 6962 section 2.1: SHA-256 of 0x00 and the line."""
    return hashlib.sha256(b"\x00" + line.encode()).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """RFC 6962 section 2.1: SHA-256 of 0x01 and both children."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def page_hash(leaf: bytes, place: int, others: list[bytes]) -> bytes:
    """SHA-256 of 0x01 and the leaf hashes of a page, with ``leaf`` at ``place``."""
    return hashlib.sha256(b"\x01" + b"".join([*others[:place], leaf, *others[place:]])).digest()


def merkle_root(hashes: list[bytes]) -> bytes:
    """The root over hashes in order; without hashes, SHA-256 of nothing."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    while len(hashes) > 1:
        paired = [node_hash(hashes[at], hashes[at + 1]) for at in range(0, len(hashes) - 1, 2)]
        hashes = paired + hashes[len(paired) * 2 :]
    return hashes[0]


def proves(leaf: bytes, index: int, size: int, path: list[bytes], root: bytes) -> bool:
    """Whether ``path`` leads from ``leaf`` at ``index`` among ``size`` to ``root`` (RFC 9162 section 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    at, last, current = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return False
        if at & 1 or at == last:
            current = node_hash(sibling, current)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            current = node_hash(current, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and current == root


def is_in_tree(row: dict[str, Any], at: int, lines: int, length: int, root: bytes) -> bool:
    """Whether the line of ``row`` is at index ``at`` of ``lines`` in a tree over pages of ``length`` lines."""
    if not 0 <= at < lines:
        return False
    page, place = divmod(at, length)
    others = hashes_of(row["page"])
    if len(others) != min(length, lines - page * length) - 1:
        return False
    found = page_hash(leaf_hash(row["line"]), place, others)
    return proves(found, page, -(-lines // length), hashes_of(row["path"]), root)


def hashes_of(texts: list[str]) -> list[bytes]:
    """Hashes from hexadecimal. Raises Unreadable for what is none."""
    for text in texts:
        if len(text) != 64 or not set(text) <= set("0123456789abcdef"):
            raise Unreadable(f"a hash must be 64 hexadecimal digits, not {text!r}")
    return [bytes.fromhex(text) for text in texts]


def check_roots(statement: dict[str, Any]) -> list[str]:
    """Check the roots of blocks, trades, positions and cycle against each other, and the position's proof."""
    cycle, position = statement["cycle"], statement["position"]
    found = []
    blocks = hashes_of(statement["block_roots"])
    if len(blocks) != -(-statement["size"] // statement["block_lines"]):
        found.append("block_roots: their number does not fit the lines of the cycle")
    if merkle_root(blocks).hex() != cycle["trades_root"]:
        found.append("block_roots: do not lead to trades_root")
    roots = hashes_of([cycle["trades_root"], cycle["positions_root"]])
    if node_hash(*roots).hex() != cycle["merkle_root"]:
        found.append("merkle_root: is not over trades_root and positions_root")
    length = statement["page_lines"]
    if not is_in_tree(position, position["index"], position["size"], length, roots[1]):
        found.append("position: its line is not in the cycle")
    return found


def check_lines(statement: dict[str, Any]) -> list[str]:
    """Check that each line is in the cycle, at its own index, and none is there twice."""
    found = []
    trades = set()
    length, size = statement["block_lines"], statement["size"]
    roots = hashes_of(statement["block_roots"])
    places = set()
    for number, row in enumerate(statement["lines"], start=1):
        index = row["index"]
        block = index // length
        if index in places:
            found.append(f"line {number}: has the same index as another")
        places.add(index)
        trade = tuple(row["line"].split("|")[:2])
        name = trade if trade[1:] == ("trade",) else row["line"]
        if name in trades:
            found.append(f"line {number}: is there twice, at two indexes: {row['line']}")
        trades.add(name)
        if not 0 <= block < len(roots) or not is_in_tree(
            row,
            index % length,
            min(length, size - block * length),
            statement["page_lines"],
            roots[block],
        ):
            found.append(f"line {number}: is not in the cycle: {row['line']}")
    return found


class Recomputed:
    """The parts of a position, recomputed from its lines."""

    def __init__(self, name: str) -> None:
        """``name`` is the participant's name in the lines."""
        self.name = name
        self.parts: dict[str, int] = defaultdict(int)
        self.problems: list[str] = []
        self._fees: dict[tuple[str, int], int] = defaultdict(int)

    def add(self, line: str) -> None:
        """Add one line."""
        fields = line.split("|")
        if len(fields) == 10 and fields[1] == "trade":
            self._add_trade(fields)
        elif len(fields) == 8:
            self._add_further(fields)
        else:
            self.problems.append(f"cannot read this line: {line}")

    def _add_trade(self, fields: list[str]) -> None:
        buyer, seller, payer = fields[2], fields[3], fields[9]
        price, tax, rate, fee, fee_rate = (whole(text, f"the line of {fields[0]}") for text in fields[4:9])
        if tax != price * rate // BASIS_POINTS:
            self.problems.append(f"the tax of a trade does not follow from its rate: {fields[0]}")
        if self.name == buyer:
            self.parts["purchases_minor"] -= price
            self.parts["purchase_tax_minor"] -= tax
        if self.name == seller:
            self.parts["sales_minor"] += price
            self.parts["sales_tax_minor"] += tax
        bearer = buyer if payer == "buyer" else seller
        if self.name in (bearer, "operator"):
            self._fees[bearer, fee_rate] += fee
        elif self.name not in (buyer, seller):
            self.problems.append(f"this trade belongs to others: {fields[0]}")

    def _add_further(self, fields: list[str]) -> None:
        kind, debtor, creditor = fields[1:4]
        amount, tax, rate = (whole(text, f"the line of {fields[0]}") for text in fields[4:7])
        if self.name not in (debtor, creditor, "operator"):
            self.problems.append(f"this obligation belongs to others: {fields[0]}")
        elif kind == "fee":
            self._fees[debtor, rate] += amount
        elif kind == "fee_refund":
            sign = 1 if self.name == "operator" else -1
            self.parts["fee_refunds_minor"] -= sign * amount
            self.parts["fee_refund_tax_minor"] -= sign * tax
        elif kind in CORRECTIONS or kind in SHARES:
            paid, received = (
                ("shares_paid_minor", "shares_received_minor")
                if kind in SHARES
                else ("corrections_paid_minor", "corrections_received_minor")
            )
            if self.name == debtor:
                self.parts[paid] -= amount + tax
            if self.name == creditor:
                self.parts[received] += amount + tax
        else:
            self.problems.append(f"this obligation has an unknown kind: {kind}")

    def add_deferred(self, line: str) -> None:
        """Add one line that is deferred to the next cycle."""
        fields = line.split("|")
        if len(fields) < 6:
            self.problems.append(f"cannot read this deferred line: {line}")
            return
        owed = sum(whole(text, f"the deferred line of {fields[0]}") for text in fields[4:6])
        self.parts["deferred_minor"] += owed * ((self.name == fields[2]) - (self.name == fields[3]))

    def finish(self) -> dict[str, int]:
        """Add fees, with tax rounded down once per rate and participant, and the net; returns the parts."""
        sign = 1 if self.name == "operator" else -1
        self.parts["fees_minor"] += sign * sum(self._fees.values())
        self.parts["fee_tax_minor"] += sign * sum(
            total * rate // BASIS_POINTS for (_, rate), total in self._fees.items()
        )
        parts = dict(self.parts)
        parts["net_minor"] = sum(parts.values())
        return parts


def check_position(statement: dict[str, Any]) -> list[str]:
    """Check that the position equals what its own lines add up to."""
    position = statement["position"]
    party, *values = position["line"].split("|")
    parts = position["parts"]
    if len(values) != len(parts) or len(set(parts)) != len(parts) or "net_minor" not in parts:
        raise Unreadable("statement.position.parts must name each number of the line once, and net_minor")
    stated = {name: whole(text, f"position: {name}") for name, text in zip(parts, values, strict=True)}
    found = [] if party == statement["party"] else ["position: belongs to another participant"]
    if sum(stated.values()) != 2 * stated["net_minor"]:
        found.append("position: its parts do not sum to its net")
    recomputed = Recomputed(statement["name_in_lines"])
    for row in statement["lines"]:
        recomputed.add(row["line"])
    for line in statement["deferred"]:
        recomputed.add_deferred(line)
    summed = recomputed.finish()
    found += recomputed.problems
    for name in sorted({*stated, *summed}):
        if stated.get(name, 0) != summed.get(name, 0):
            found.append(
                f"position: {name} is {stated.get(name, 0)}, your own lines add up to {summed.get(name, 0)}"
            )
    return found


def decoded(text: str) -> bytes:
    """base64url without padding. Raises Unreadable for what is none."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:
        raise Unreadable(f"not base64url: {text[:40]!r}") from None


def signed_part(text: str, name: str) -> dict[str, Any]:
    """The JSON object in one part of the signature. Raises Unreadable."""
    part: dict[str, Any] = parsed(decoded(text), f"signature, {name}", {})
    return part


def check_signature(document: dict[str, Any], keys: dict[str, Any] | None) -> tuple[list[str], str]:
    """Check that the signature covers this statement; the text says whether the signature itself was checked."""
    statement, signature = document["statement"], document["signature"]
    if signature.count(".") != 2:
        raise Unreadable("signature must be three parts with dots between")
    header, payload, signature_part = signature.split(".")
    signed, identifier = signed_part(payload, "payload"), signed_part(header, "header").get("kid")
    canonical = json.dumps(statement, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    found = []
    wanted = {
        "format": FORMAT,
        "cycle": statement["cycle"]["business_key"],
        "party": statement["party"],
        "merkle_root": statement["cycle"]["merkle_root"],
        "sha256": hashlib.sha256(canonical).hexdigest(),
    }
    found += [
        f"signature: its {name} is not the statement's" for name in wanted if signed.get(name) != wanted[name]
    ]
    if keys is None:
        return found, "the signature itself was NOT checked: give the market's keys by --keys"
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError:
        return found, "the signature itself was NOT checked: the package cryptography is not installed"
    for key in keys["keys"]:
        if key.get("kid") == identifier:
            try:
                public = Ed25519PublicKey.from_public_bytes(decoded(key["x"]))
                public.verify(decoded(signature_part), f"{header}.{payload}".encode())
            except (InvalidSignature, ValueError):
                break
            return found, "the signature is the market's"
    return [*found, "signature: not made with a key of the market"], "the signature was checked"


def check_public(statement: dict[str, Any], cycle: dict[str, Any]) -> list[str]:
    """Check the public hashes and figures of the cycle against the statement."""
    stated = statement["cycle"]
    return [
        f"{name}: differs from what the market publishes"
        for name in PUBLIC
        if stated[name] != cycle.get(name)
    ]


def parsed(content: bytes, name: str, shape: dict[str, Any]) -> Any:
    """JSON in UTF-8 of a shape. Raises Unreadable, naming what was read and the place, for anything else."""
    try:
        document = json.loads(content.decode(), object_pairs_hook=no_name_twice)
    except Unreadable as error:
        raise Unreadable(f"{name}: {error}") from None
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"{name}: is no JSON: {error}") from None
    require_shape(document, shape, name)
    return document


def read(path: str, shape: dict[str, Any], name: str) -> Any:
    """JSON of a shape from a file, or from standard input. Raises Unreadable, OSError."""
    return parsed(sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes(), name, shape)


def main() -> int:
    """Check the statement named on the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("statement")
    parser.add_argument("--keys")
    parser.add_argument("--cycle")
    arguments = parser.parse_args()
    try:
        document = read(arguments.statement, SHAPE, "document")
        statement = document["statement"]
        if statement["format"] != FORMAT or min(statement["block_lines"], statement["page_lines"]) < 1:
            raise Unreadable(
                f"document.statement: its format must be {FORMAT}, block_lines and page_lines 1 or more"
            )
        keys = read(arguments.keys, KEYS_SHAPE, "keys") if arguments.keys else None
        differing, words = check_signature(document, keys)
        differing += check_roots(statement) + check_lines(statement) + check_position(statement)
        if arguments.cycle:
            differing += check_public(statement, read(arguments.cycle, {}, "cycle"))
    except (OSError, Unreadable, UnicodeEncodeError) as error:
        print(f"cannot be read: {error}", file=sys.stderr)
        return 2
    for what in differing:
        print(f"DIFFERS {what}")
    if differing:
        return 1
    print(f"{statement['cycle']['business_key']}: your {len(statement['lines'])} lines are in the cycle")
    print(f"and add up to your position: {statement['position']['line']}")
    print(words)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
