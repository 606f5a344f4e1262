"""The memory of this machine as a place for data that outlives no command.

The whole suite makes and drops 500 databases of 1,800 files each, which takes six times as long on a disk. What a killed
command leaves there goes with the next command of the same folder, or with `make clean`.
"""

import hashlib
import os
import shutil
from pathlib import Path

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108  # a folder of our own in it, which nobody else may enter
ROOM_BYTES_MIN = 3 * 1024**3
MACHINE_BYTES_MIN = 6 * 1024**3


def memory_bytes() -> int:
    """The memory of this machine."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def place_in_memory(folder: Path, shared: Path = SHARED_MEMORY) -> Path:
    """The folder in memory that belongs to ``folder`` and to this user, whether it stands or not."""
    name = hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:16]
    return shared / f"sanpo-{os.geteuid()}-{name}"


def make_place(place: Path) -> bool:
    """Make the folder anew, for its owner alone; False where this machine has no memory to spare, or none to write to."""
    if not place.parent.is_dir() or memory_bytes() < MACHINE_BYTES_MIN:
        return False
    if shutil.disk_usage(place.parent).free < ROOM_BYTES_MIN:
        return False
    try:
        place.mkdir(mode=0o700)
    except OSError:
        return False
    return True


def stands(place: Path) -> bool:
    """Whether the folder stands; a link is none."""
    return place.is_dir() and not place.is_symlink()


def remove_place(place: Path) -> None:
    """Remove the folder with all in it, where it stands."""
    if stands(place):
        shutil.rmtree(place)
