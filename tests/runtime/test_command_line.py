"""Every refusal of the command line is one clear line and a failing exit status, with nothing half-made."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from marketplace.runtime.layout import PROJECT, exclusive
from marketplace.runtime.ports import free_port, listening_socket

OURS = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "WEB_PORT", "DJANGO_SETTINGS_MODULE")


def run(var: Path, *arguments: str, typed: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name not in OURS}
    return subprocess.run(
        [sys.executable, "-m", "marketplace.runtime", *arguments],
        cwd=PROJECT,
        env={**kept, "SANPO_VAR": str(var), **variables},
        input=typed,
        capture_output=True,
        text=True,
        timeout=180,
    )


def one_line(result: subprocess.CompletedProcess[str]) -> str:
    lines = result.stderr.splitlines()
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith("sanpo: ")
    return lines[0].removeprefix("sanpo: ")


@pytest.mark.parametrize("command", ["run", "demo", "test", "faults", "manage"])
def test_an_unreachable_database_is_refused_with_nothing_made(tmp_path: Path, command: str) -> None:
    port = free_port()
    names = {
        "DATABASE_URL": f"postgresql://a:secret@127.0.0.1:{port}/x",
        "REDIS_URL": "redis://127.0.0.1:1/0",
    }
    result = run(tmp_path / "var", command, *(["check"] if command == "manage" else []), **names)
    assert result.returncode == 2
    assert one_line(result).startswith(f"DATABASE_URL: no connection to PostgreSQL at 127.0.0.1:{port}/x (")
    assert "secret" not in result.stderr
    assert not (tmp_path / "var").exists()


def test_an_unreachable_redis_is_refused_with_nothing_made(tmp_path: Path) -> None:
    result = run(tmp_path / "var", "demo", REDIS_URL=f"redis://127.0.0.1:{free_port()}/0")
    assert result.returncode == 2
    assert one_line(result).startswith("REDIS_URL: no connection to Redis at ")
    assert not (tmp_path / "var").exists()


@pytest.mark.parametrize("command", ["run", "demo", "test", "lint", "servers"])
def test_a_var_of_another_version_is_refused_and_left_alone(tmp_path: Path, command: str) -> None:
    (tmp_path / "VERSION").write_text("layout 0\npostgres 18\n")
    result = run(tmp_path, command)
    assert result.returncode == 2
    assert "was made by another version" in one_line(result)
    assert "`make clean`" in result.stderr
    assert [entry.name for entry in tmp_path.iterdir()] == ["VERSION"]


def test_clean_deletes_a_var_of_another_version(tmp_path: Path) -> None:
    var = tmp_path / "var"
    var.mkdir()
    (var / "VERSION").write_text("layout 0\npostgres 18\n")
    assert run(var, "clean").returncode == 0
    assert not var.exists()


@pytest.mark.parametrize("command", ["demo", "clean"])
def test_a_second_command_in_one_clone_is_refused(tmp_path: Path, command: str) -> None:
    with exclusive(tmp_path / "var", "make run"):
        (tmp_path / "var" / "VERSION").write_text("layout 2\npostgres 18\n")
        result = run(tmp_path / "var", command)
    assert result.returncode == 2
    assert "`make run`" in one_line(result)
    assert "is already using" in result.stderr


def test_an_unknown_command_is_refused_with_those_there_are(tmp_path: Path) -> None:
    result = run(tmp_path / "var", "dmeo")
    assert result.returncode == 2
    assert one_line(result).startswith("no command 'dmeo'; there are: run, demo,")


@pytest.mark.parametrize("port", ["eighty", "0", "65536", "-1"])
def test_a_web_port_that_is_none_is_refused(tmp_path: Path, port: str) -> None:
    result = run(tmp_path / "var", "run", WEB_PORT=port)
    assert result.returncode == 2
    assert one_line(result) == f"WEB_PORT={port} is not a port: give a number from 1 to 65535, or unset it"
    assert not (tmp_path / "var").exists()


def test_a_web_port_that_is_taken_is_refused(tmp_path: Path) -> None:
    with listening_socket() as taken:
        port = taken.getsockname()[1]
        result = run(tmp_path / "var", "demo", WEB_PORT=str(port))
    assert result.returncode == 2
    assert one_line(result) == f"WEB_PORT={port} is taken by another program: give another, or unset it"
    assert not (tmp_path / "var").exists()


def test_the_shell_acts_as_the_application_role(tmp_path: Path) -> None:
    typed = (
        "from django.db import connection as c; k = c.cursor(); print(k.execute('SELECT user').fetchone())"
    )
    result = run(tmp_path / "var", "shell", typed=typed)
    assert result.returncode == 0, result.stderr
    assert "('sanpo_app',)" in result.stdout.splitlines()


def test_an_unknown_benchmark_is_refused(tmp_path: Path) -> None:
    result = run(tmp_path / "var", "bench", "no-such-thing")
    assert result.returncode == 2
    assert "no-such-thing" in one_line(result)
    assert not (tmp_path / "var").exists()
