"""Makes logs as bundles for the one-file verifier: written from the text of C2SP, not from the market's own trees."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from marketplace.kernel.merkle import leaf_hash, merkle_root
from verification import verify

ORIGIN = "market.example/evidence"


def private_key(seed: str) -> Ed25519PrivateKey:
    """The key that follows from a word."""
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(seed.encode()).digest())


def public_bytes(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def key_of(private: Ed25519PrivateKey, name: str = ORIGIN, algorithm: int = verify.ED25519) -> verify.Key:
    return verify.Key(name, algorithm, public_bytes(private))


LOG_KEY = private_key("log")
WITNESS_KEY = private_key("witness")
WITNESS = key_of(WITNESS_KEY, "witness.example", verify.COSIGNATURE)


@dataclass
class Log:
    """Records as (salt, content), and the entries that the log has of them."""

    records: list[tuple[bytes, str]]
    entries: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Commit to each record."""
        self.entries = self.entries or [entry_of(salt, content) for salt, content in self.records]

    def note(
        self,
        size: int | None = None,
        key: Ed25519PrivateKey = LOG_KEY,
        witnesses: Sequence[Ed25519PrivateKey] = (),
    ) -> str:
        """The signed note over the first ``size`` entries."""
        count = len(self.entries) if size is None else size
        root = merkle_root([leaf_hash(entry) for entry in self.entries[:count]])
        return signed(count, root, key, witnesses)

    def write(self, folder: Path, note: str | None = None, openings: Sequence[int] = ()) -> Path:
        """The bundle, in a folder that is new or is overwritten."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "checkpoint").write_text(self.note() if note is None else note, encoding="utf-8")
        for first in range(0, len(self.entries), 256):
            part = self.entries[first : first + 256]
            path = folder / verify.tile_path(first // 256, len(part))
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"".join(len(entry).to_bytes(2, "big") + entry for entry in part))
        (folder / "records.jsonl").write_text(
            "".join(self.opening(index) for index in openings), encoding="utf-8"
        )
        return folder

    def opening(self, index: int) -> str:
        """The line of a record."""
        salt, content = self.records[index]
        return json.dumps({"index": index, "salt": salt.hex(), "content": content}) + "\n"


def entry_of(salt: bytes, content: str) -> bytes:
    commitment = hashlib.sha256(salt + content.encode()).hexdigest()
    return f'{{"commitment":"{commitment}","v":1}}'.encode()


def signed(
    size: int, root: bytes, key: Ed25519PrivateKey = LOG_KEY, witnesses: Sequence[Ed25519PrivateKey] = ()
) -> str:
    """A note of any size and root, with the cosignatures of witnesses."""
    body = f"{ORIGIN}\n{size}\n{base64.b64encode(root).decode()}\n"
    value = key_of(key).identifier + key.sign(body.encode())
    lines = [line(ORIGIN, value), *(cosigned(body, witness) for witness in witnesses)]
    return f"{body}\n{''.join(lines)}"


def cosigned(body: str, key: Ed25519PrivateKey, time: int = 1_800_000_000) -> str:
    signature = key.sign(f"cosignature/v1\ntime {time}\n{body}".encode())
    identifier = key_of(key, WITNESS.name, verify.COSIGNATURE).identifier
    return line(WITNESS.name, identifier + time.to_bytes(8, "big") + signature)


def line(name: str, value: bytes) -> str:
    return f"— {name} {base64.b64encode(value).decode()}\n"


def made_log(count: int, variant: str = "") -> Log:
    """A log of ``count`` records; another one for each ``variant``."""
    return Log(
        [
            (hashlib.sha256(f"{variant}{at}".encode()).digest(), f'{{"id":"evi_{at}","n":{at}}}')
            for at in range(count)
        ]
    )


def codes(bundle: verify.Bundle) -> list[str]:
    """The codes of everything that the verifier finds."""
    return [fault.code for faults in verify.verify(bundle).values() for fault in faults]
