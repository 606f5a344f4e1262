"""The purchase that the README walks through with curl, run word for word against a real market."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from clearing.trades.queries import trade_counts
from fixtures.day.delivering import issue_token
from fixtures.day.progress import Progress
from fixtures.day.runner import Day
from fixtures.declaration import read
from marketplace.kernel.invariants import verify_all

README = Path(__file__).parents[2] / "README.md"


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl, as the README's walk does")
def test_the_walk_buys_and_downloads(market, report, tmp_path):
    (walk,) = re.findall(r"```sh\n(.*?)\n```", README.read_text(encoding="utf-8"), re.DOTALL)
    day = Day(read(), Progress(1, open(os.devnull, "w")), market.base_url)  # noqa: SIM115  # closed with the process
    codes = day.declaration.raw["tokens"] | {"operator": day.declaration.operator["code"]}
    environment = os.environ | {
        f"{name.upper()}_TOKEN": issue_token(day, code) for name, code in codes.items()
    }
    environment["API"] = f"{market.base_url}/api/v1"
    before = trade_counts()
    run = subprocess.run(
        ["sh", "-e", "-c", walk], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=90
    )
    lines = run.stdout.strip().splitlines()
    assert run.returncode == 0, run.stderr
    assert [lines[0], *lines[2:-1]] == [
        "4161",
        "18000",
        "agreed",
        "finalized",
        "received",
        "True",
        "accepted",
    ], run.stderr
    assert lines[-1] in {"secured", "accepted"}
    assert (tmp_path / "postal-codes.csv").stat().st_size == 563671
    assert trade_counts().concluded == before.concluded + 1
    assert {name: breaches for name, breaches in verify_all().items() if breaches} == {}
