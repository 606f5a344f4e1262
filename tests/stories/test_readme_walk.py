"""The purchase that the README walks through with curl, run word for word against a real market."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from clearing.trades.queries import trade_counts
from marketplace.kernel.invariants import verify_all
from tests.processes import PROJECT, environment

README = PROJECT / "README.md"
WALK_SECONDS_MAX = 240


def in_the_clone(folder: Path) -> Path:
    """A folder where the walk finds what it finds in a clone, and leaves its own files."""
    (folder / "manage.py").symlink_to(PROJECT / "manage.py")
    python = folder / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    # A link would lose its environment, which a Python finds beside the name that it was called by.
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    return folder


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl, as the README's walk does")
def test_the_walk_buys_and_downloads(market, report, tmp_path):
    (walk,) = re.findall(r"```sh\n(.*?)\n```", README.read_text(encoding="utf-8"), re.DOTALL)
    before = trade_counts()
    run = subprocess.run(
        ["sh", "-e", "-c", walk],
        cwd=in_the_clone(tmp_path),
        env=environment() | {"API": f"{market.base_url}/api/v1", "SANPO_BASE_URL": market.base_url},
        capture_output=True,
        text=True,
        timeout=WALK_SECONDS_MAX,
    )
    lines = run.stdout.strip().splitlines()
    assert run.returncode == 0, run.stderr
    assert [lines[0], *lines[2:-1]] == [
        "4161",
        "18000",
        "agreed",
        "finalized",
        "imported",
        "True",
        "accepted",
    ], run.stderr
    assert lines[-1] in {"secured", "accepted"}
    assert (tmp_path / "var" / "postal-codes.csv").stat().st_size == 563671
    assert {each.name for each in tmp_path.iterdir()} == {"manage.py", ".venv", "var"}
    assert trade_counts().concluded == before.concluded + 1
    assert {name: breaches for name, breaches in verify_all().items() if breaches} == {}
