"""The var folder: one version of it, one command at a time in it."""

import os
import stat
from pathlib import Path

import pytest

from marketplace.runtime.errors import RuntimeRefusal
from marketplace.runtime.layout import VERSION_TEXT, check_version, exclusive, prepare_var, write_private


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_prepare_var_stamps_a_new_folder(tmp_path: Path) -> None:
    prepare_var(tmp_path / "var")
    assert (tmp_path / "var" / "VERSION").read_text() == VERSION_TEXT
    assert names(tmp_path / "var") == ["VERSION", "log"]


def test_prepare_var_accepts_what_bootstrap_left(tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    (tmp_path / "cache").mkdir()
    prepare_var(tmp_path)
    assert (tmp_path / "VERSION").read_text() == VERSION_TEXT


def test_prepare_var_refuses_another_layout_and_touches_nothing(tmp_path: Path) -> None:
    (tmp_path / "VERSION").write_text("layout 99\npostgres 18\n")
    with pytest.raises(RuntimeRefusal) as refusal:
        prepare_var(tmp_path)
    assert str(refusal.value) == (
        f"{tmp_path} was made by another version (layout 99, postgres 18; this one makes layout 2, postgres 18): "
        "run `make clean`, which deletes it, and start again"
    )
    assert names(tmp_path) == ["VERSION"]
    assert (tmp_path / "VERSION").read_text() == "layout 99\npostgres 18\n"


def test_check_version_refuses_another_postgres(tmp_path: Path) -> None:
    (tmp_path / "VERSION").write_text("layout 1\npostgres 17\n")
    with pytest.raises(RuntimeRefusal, match="layout 1, postgres 17"):
        check_version(tmp_path)


def test_check_version_refuses_data_without_a_version(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    with pytest.raises(RuntimeRefusal, match="no VERSION file"):
        check_version(tmp_path)


def test_exclusive_refuses_a_second_holder_and_names_the_first(tmp_path: Path) -> None:
    with (
        exclusive(tmp_path, "make run"),
        pytest.raises(RuntimeRefusal) as refusal,
        exclusive(tmp_path, "make demo"),
    ):
        raise AssertionError("two holders of one lock")
    assert str(refusal.value) == (
        f"`make run` (process {os.getpid()}) is already using {tmp_path}: stop it first, or work in another clone"
    )
    with exclusive(tmp_path, "make demo"):
        assert "make demo" in (tmp_path / "lock").read_text()


def test_write_private_replaces_the_text_and_hides_it_from_others(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    write_private(path, "old")
    write_private(path, "new")
    assert path.read_text() == "new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert names(tmp_path) == ["secret"]
