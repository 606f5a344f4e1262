"""What the file system refuses, told in one line: a full disk, a read-only folder, a folder of another user.

Stands on the standard library alone: the bootstrap script loads it by its path, before any package is installed.
"""

import errno
import os
import shutil
from pathlib import Path

SPACE_BYTES_MIN = 512 * 1024 * 1024
FULL_BYTES = 16 * 1024 * 1024
_MEGABYTE = 1024 * 1024
FULL = (errno.ENOSPC, errno.EDQUOT)
FORBIDDEN = (errno.EACCES, errno.EPERM)


def free_bytes(folder: Path) -> int:
    """Return the bytes that may still be written where the folder is, or will be made."""
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free


def is_full(folder: Path) -> bool:
    """Tell whether so little is free there that a program has failed, or soon will."""
    return free_bytes(folder) < FULL_BYTES


def shortage(folder: Path) -> str:
    """Return the line on too little space for a start, or an empty text when there is enough."""
    free = free_bytes(folder)
    if free >= SPACE_BYTES_MIN:
        return ""
    return (
        f"the disk that holds {folder} has {free // _MEGABYTE} MB free, and a start needs "
        f"{SPACE_BYTES_MIN // _MEGABYTE} MB: free some space, or name a folder on another disk with SANPO_VAR"
    )


def full_line(folder: Path) -> str:
    """Return the line on a disk that has become full: what stands on it is kept, and can be gone on with."""
    return (
        f"the disk that holds {folder} is full: free at least {SPACE_BYTES_MIN // _MEGABYTE} MB and run the command "
        "again, which goes on with what is there"
    )


def explain(error: OSError, folder: Path) -> str:
    """Return the line on an error of the file system, or an empty text for one that is not known.

    ``folder`` is where the command writes, for an error that names no file.
    """
    place = error.filename if isinstance(error.filename, str | os.PathLike) else folder
    if error.errno in FULL:
        return full_line(folder)
    if error.errno == errno.EROFS:
        return f"{place} is on a read-only file system: make it writable, or name a folder that is with SANPO_VAR"
    if error.errno in FORBIDDEN:
        return (
            f"{place}: {error.strerror}: if another user made it, run as that user, "
            "or have that user run `make clean`"
        )
    return ""
