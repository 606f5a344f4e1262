"""A full disk, a read-only folder, a folder of another user and a forbidden port are each told in one line."""

import errno
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from marketplace.runtime.disk import explain, shortage
from marketplace.runtime.layout import PROJECT
from marketplace.runtime.privileges import NOBODY
from marketplace.runtime.processes import launcher_command
from tests.runtime.test_command_line import OURS, one_line, run

ROOT = os.geteuid() == 0
Mount = Callable[..., None]


@pytest.fixture
def mount() -> Iterator[Mount]:
    """Mounts by the arguments of mount(8), the folder last; undone at the end."""
    mounted: list[str] = []

    def do(*arguments: str) -> None:
        if not ROOT:
            pytest.skip("only root may mount")
        made = subprocess.run(["mount", *arguments], capture_output=True, text=True)
        if made.returncode != 0:
            pytest.skip(f"this machine mounts nothing here: {made.stderr.strip()}")
        if arguments[-1] not in mounted:
            mounted.append(arguments[-1])

    yield do
    for folder in reversed(mounted):
        subprocess.run(["umount", "--lazy", folder], check=True)


def run_as_nobody(var: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the command line as an ordinary user, who may read the project wherever it lies."""
    kept = {name: value for name, value in os.environ.items() if name not in OURS}
    program = [sys.executable, "-m", "marketplace.runtime", *arguments]
    if ROOT:
        options = ["--method", "capability", "--uid", str(NOBODY), "--gid", str(NOBODY)]
        program = launcher_command(options, program)
    return subprocess.run(
        program,
        cwd=PROJECT,
        env={**kept, "SANPO_VAR": str(var), "PYTHONDONTWRITEBYTECODE": "1", **variables},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_too_little_space_is_refused_with_nothing_made(tmp_path: Path, mount: Mount) -> None:
    mount("-t", "tmpfs", "-o", "size=64m", "sanpo-test", str(tmp_path))
    for command in ("run", "demo", "servers"):
        result = run(tmp_path / "var", command)
        assert result.returncode == 2
        assert one_line(result) == (
            f"the disk that holds {tmp_path}/var has 64 MB free, and a start needs 512 MB: "
            "free some space, or name a folder on another disk with SANPO_VAR"
        )
        assert list(tmp_path.iterdir()) == []


def test_enough_space_is_no_shortage(tmp_path: Path) -> None:
    assert shortage(tmp_path / "not" / "yet" / "there") == ""


def test_a_disk_that_becomes_full_is_the_last_line_and_the_data_goes_on_later(
    tmp_path: Path, mount: Mount
) -> None:
    mount("-t", "tmpfs", "-o", "size=800m", "sanpo-test", str(tmp_path))
    tmp_path.chmod(0o755)
    var = tmp_path / "var"
    assert run(var, "servers").returncode == 0
    filler = tmp_path / "filler"
    with pytest.raises(OSError, match="No space left"), filler.open("wb", buffering=0) as stream:
        for _ in range(1000):
            stream.write(bytes(1024 * 1024))
    result = run(var, "manage", "migrate", "--no-input", "--verbosity", "0")
    assert result.returncode != 0
    assert result.stderr.splitlines()[-1] == (
        f"sanpo: the disk that holds {var} is full: free at least 512 MB and run the command again, "
        "which goes on with what is there"
    )
    filler.unlink()
    again = run(var, "manage", "migrate", "--no-input", "--verbosity", "0")
    assert again.returncode == 0, again.stderr
    assert run(var, "clean").returncode == 0
    assert not var.exists()


def test_a_read_only_var_is_refused_in_one_line(tmp_path: Path, mount: Mount) -> None:
    var = tmp_path / "var"
    var.mkdir()
    mount("--bind", str(var), str(var))
    mount("-o", "remount,ro,bind", str(var))
    for command in ("run", "demo", "servers"):
        result = run(var, command)
        assert result.returncode == 1
        assert one_line(result).startswith(f"{var}/log is on a read-only file system: make it writable, ")
        assert list(var.iterdir()) == []


def test_a_var_of_another_user_is_refused_in_one_line(tmp_path: Path) -> None:
    var = tmp_path / "var"
    var.mkdir(mode=0o555)
    result = run_as_nobody(var, "servers")
    assert result.returncode == 1
    assert one_line(result) == (
        f"{var}/log: Permission denied: if another user made it, run as that user, "
        "or have that user run `make clean`"
    )
    assert list(var.iterdir()) == []


def test_a_port_of_root_is_refused_to_others_in_one_line(tmp_path: Path) -> None:
    first = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")
    if first.exists() and int(first.read_text()) <= 81:
        pytest.skip("every user of this machine may use the port 81")
    result = run_as_nobody(tmp_path / "var", "run", WEB_PORT="81")
    assert result.returncode == 2
    assert one_line(result) == (
        "WEB_PORT=81 is reserved for root on this machine: give one from 1024 to 65535, or unset it"
    )
    assert not (tmp_path / "var").exists()


def test_an_error_that_is_not_of_the_file_system_is_not_explained(tmp_path: Path) -> None:
    assert explain(OSError(errno.ECONNRESET, "reset"), tmp_path) == ""


def test_an_error_without_a_file_names_the_folder(tmp_path: Path) -> None:
    line = explain(OSError(errno.EROFS, "read-only"), tmp_path)
    assert line.startswith(f"{tmp_path} is on a read-only file system: ")
