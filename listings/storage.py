"""Content-addressed files under ``STORAGE_DIRECTORY``: written atomically, verified when they are read.

A file's key is its SHA-256, so the same content is stored once. A file that no row names (its transaction was rolled
back) is harmless.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from django.conf import settings

from marketplace.kernel.outside import require_no_transaction

CHUNK_BYTES = 1 << 20
VERIFIED_SECONDS = 300.0
VERIFIED_MAX = 10_000

_verified: dict[tuple[str | int, ...], float] = {}
"""Until when (monotonic) this process need not read a file again to verify it, by what changes when it is written."""


class ContentLost(Exception):
    """The file of a key is missing, or its content has changed."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A stored file: its ``key``, size and hashes (lower-case hexadecimal)."""

    key: str
    size_bytes: int
    sha256: str
    sha512: str


def store(content: bytes | Path | BinaryIO) -> StoredFile:
    """Store ``content`` durably on disk; returns its key, size and hashes."""
    require_no_transaction("storing a file")
    directory = _directory()
    sha256, sha512, size = hashlib.sha256(), hashlib.sha512(), 0
    descriptor, draft = tempfile.mkstemp(dir=directory, prefix="draft-")
    try:
        with os.fdopen(descriptor, "wb") as target:
            for chunk in _chunks(content):
                target.write(chunk)
                sha256.update(chunk)
                sha512.update(chunk)
                size += len(chunk)
            target.flush()
            os.fsync(target.fileno())
        key = f"{sha256.hexdigest()[:2]}/{sha256.hexdigest()}"
        place = directory / key
        place.parent.mkdir(exist_ok=True)
        Path(draft).replace(place)
        _sync_directory(place.parent)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
    return StoredFile(key, size, sha256.hexdigest(), sha512.hexdigest())


def open_verified(key: str, sha256: str) -> BinaryIO:
    """Open the stored file of ``key`` at its start, after verifying that its hash is ``sha256``.

    A file that has not been written since is not read again for ``VERIFIED_SECONDS``: else whoever asks for a byte of a
    large file, again and again, keeps the disk and the threads from everybody. Raises ContentLost if it is missing or
    damaged. The caller closes the file.
    """
    require_no_transaction("reading a stored file")
    try:
        file = (_directory() / key).open("rb")
    except OSError as error:
        raise ContentLost(key) from error
    try:
        facts = os.fstat(file.fileno())
        seen = (sha256, facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns)
        if _verified.get(seen, 0.0) < time.monotonic():
            if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
                raise ContentLost(key)
            _remember(seen)
            file.seek(0)
    except BaseException:
        file.close()
        raise
    return file


def _remember(seen: tuple[str | int, ...]) -> None:
    if len(_verified) >= VERIFIED_MAX:
        _verified.clear()
    _verified[seen] = time.monotonic() + VERIFIED_SECONDS


def _directory() -> Path:
    directory = Path(settings.STORAGE_DIRECTORY)
    directory.mkdir(parents=True, exist_ok=True)
    return directory


def _sync_directory(directory: Path) -> None:
    # A rename is durable only after its directory is synced.
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _chunks(content: bytes | Path | BinaryIO) -> Iterator[bytes]:
    if isinstance(content, bytes):
        yield content
    elif isinstance(content, Path):
        with content.open("rb") as source:
            yield from _read(source)
    else:
        content.seek(0)
        yield from _read(content)


def _read(source: BinaryIO) -> Iterator[bytes]:
    while chunk := source.read(CHUNK_BYTES):
        yield chunk
