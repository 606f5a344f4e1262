"""A folder in memory is one user's, and stands only where the machine has room for it."""

import os
from pathlib import Path

import pytest

from marketplace.runtime import memory
from marketplace.runtime.memory import make_place, place_in_memory, remove_place


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place on a machine that has room."""
    for name in ("ROOM_BYTES_MIN", "MACHINE_BYTES_MIN"):
        monkeypatch.setattr(memory, name, 0)
    return place_in_memory(tmp_path / "var", shared=tmp_path)


def test_each_folder_and_user_has_its_own_place(tmp_path: Path) -> None:
    one, other = (place_in_memory(tmp_path / name, shared=tmp_path) for name in ("one", "other"))
    assert one == place_in_memory(tmp_path / "other" / ".." / "one", shared=tmp_path)
    assert one != other
    assert one.parent == tmp_path
    assert one.name.startswith(f"sanpo-{os.geteuid()}-")


def test_it_is_its_owners_alone_and_goes_with_all_in_it(place: Path) -> None:
    assert make_place(place)
    assert place.stat().st_mode & 0o777 == 0o700
    (place / "data").mkdir()
    remove_place(place)
    assert not place.exists()
    remove_place(place)


def test_what_stands_there_already_is_left_alone(place: Path, tmp_path: Path) -> None:
    strange = tmp_path / "strange"
    strange.mkdir()
    place.symlink_to(strange)
    assert not make_place(place)
    remove_place(place)
    assert strange.is_dir()


@pytest.mark.parametrize("lack", ["ROOM_BYTES_MIN", "MACHINE_BYTES_MIN"])
def test_without_room_there_is_none(place: Path, monkeypatch: pytest.MonkeyPatch, lack: str) -> None:
    monkeypatch.setattr(memory, lack, 2**60)
    assert not make_place(place)
    assert not place.exists()


def test_without_shared_memory_there_is_none(place: Path) -> None:
    assert not make_place(place / "none" / "place")
