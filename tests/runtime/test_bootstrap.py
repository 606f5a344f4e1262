"""`make` finds Python 3.11 or says what to do; an environment counts only with its stamp."""

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
    return module


def test_make_without_a_python_says_what_to_do_in_one_line() -> None:
    result = make("setup", "PYTHON=/nonexistent")
    assert result.returncode == 2
    assert result.stderr.splitlines()[0] == (
        "sanpo: no Python 3.11 found (tried: /nonexistent): install it, "
        "or name it with make PYTHON=/path/to/python3.11"
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


def test_another_python_is_refused_in_one_line(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 12, 1))
    with pytest.raises(SystemExit) as refusal:
        bootstrap.make_environment()
    assert str(refusal.value).startswith("sanpo: Python 3.11 is needed, and ")
    assert (bootstrap.ENVIRONMENT / "bin" / "python").exists()
