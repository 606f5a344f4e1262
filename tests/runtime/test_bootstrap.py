"""`make` finds a Python that it supports or says what to do; an environment counts only with its stamp."""

import errno
import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from marketplace.runtime.layout import PROJECT


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    # Of its own: a `make` around this test must not hand its own flags down.
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=PROJECT,
        env=kept,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.fixture
def bootstrap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The bootstrap script as a module, for a project in a folder of its own."""
    spec = importlib.util.spec_from_file_location("bootstrap", PROJECT / "marketplace/runtime/bootstrap.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "LOCK", tmp_path / "requirements.lock")
    monkeypatch.setattr(module, "ENVIRONMENT", tmp_path / ".venv")
    monkeypatch.setattr(module, "STAMP", tmp_path / ".venv" / "stamp")
    (tmp_path / "requirements.lock").write_text("one==1\n")
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").touch()
    version = ".".join(str(number) for number in sys.version_info[:3])
    (tmp_path / ".venv" / "pyvenv.cfg").write_text(f"home = /usr/bin\nversion = {version}\n")
    return module


def test_make_without_a_python_says_what_to_do_in_one_line() -> None:
    result = make("setup", "PYTHON=/nonexistent")
    assert result.returncode == 2
    assert result.stderr.splitlines()[0] == (
        "sanpo: no Python 3.11, 3.12 or 3.13 found (tried: /nonexistent): install one, "
        "or name it with make PYTHON=/path/to/python3"
    )
    assert result.stdout == ""


def test_make_names_its_commands() -> None:
    result = make("help")
    assert result.returncode == 0
    for command in ("run", "demo", "test", "lint", "shell", "bench", "faults", "clean"):
        assert f"make {command}\t" in result.stdout


def test_an_environment_counts_only_with_the_stamp_of_this_lock(bootstrap: ModuleType) -> None:
    assert not bootstrap.finished()
    bootstrap.STAMP.write_text(bootstrap.wanted_stamp())
    assert bootstrap.finished()
    bootstrap.LOCK.write_text("one==2\n")
    assert not bootstrap.finished()


def test_an_environment_of_another_python_does_not_count(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    bootstrap.STAMP.write_text(bootstrap.wanted_stamp())
    other = next(version for version in bootstrap.PYTHON_VERSIONS if version != sys.version_info[:2])
    monkeypatch.setattr(sys, "version_info", (*other, 1))
    assert not bootstrap.finished()


def test_an_environment_whose_python_is_gone_does_not_count(bootstrap: ModuleType) -> None:
    bootstrap.STAMP.write_text(bootstrap.wanted_stamp())
    (bootstrap.ENVIRONMENT / "bin" / "python").unlink()
    assert not bootstrap.finished()


@pytest.mark.parametrize("version", [(3, 10, 13), (3, 14, 0)])
def test_another_python_is_refused_in_one_line(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, version: tuple[int, int, int]
) -> None:
    monkeypatch.setattr(sys, "version_info", version)
    with pytest.raises(SystemExit) as refusal:
        bootstrap.make_environment()
    assert str(refusal.value).startswith("sanpo: Python 3.11, 3.12, 3.13 are supported, and ")
    assert str(refusal.value).endswith("name another with make PYTHON=/path/to/python3")
    assert (bootstrap.ENVIRONMENT / "bin" / "python").exists()


def test_what_the_file_system_refuses_is_one_line(bootstrap: ModuleType) -> None:
    line = bootstrap.explain(OSError(errno.EROFS, os.strerror(errno.EROFS), "/a/place"))
    assert line.startswith("/a/place is on a read-only file system: ")


def test_a_full_disk_during_the_installation_says_what_to_do(bootstrap: ModuleType) -> None:
    reason = "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device"
    assert bootstrap.remedy(reason) == ": free about 2 GB and run the command again"
    assert bootstrap.remedy("ERROR: no such package") == ""
