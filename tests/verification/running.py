"""Runs the programs that strangers verify the market with: processes of their own, without Django and without us."""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

PROGRAMS = Path(__file__).parents[2] / "verification"
Rows = list[dict[str, Any]]


def run_alone(program: str, *arguments: str | Path, folder: Path) -> tuple[int, str]:
    """The exit status and the output of a program that finds the rules' language and no other package."""
    packages = folder / "packages"
    packages.mkdir(exist_ok=True)
    language = find_spec("cel_expr_python")
    assert language is not None
    assert language.submodule_search_locations is not None
    link = packages / "cel_expr_python"
    if not link.exists():
        link.symlink_to(next(iter(language.submodule_search_locations)))
    ran = subprocess.run(
        [sys.executable, "-S", str(PROGRAMS / program), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(packages), "PYTHONDONTWRITEBYTECODE": "1"},
        check=False,
    )
    return ran.returncode, ran.stdout + ran.stderr


def tampered(content: bytes, name: str, change: Callable[[Rows], None]) -> bytes:
    """A bundle in which somebody changed the rows of one part, and made its manifest anew."""
    with zipfile.ZipFile(io.BytesIO(bytes(content))) as archive:
        files = {entry: archive.read(entry) for entry in archive.namelist()}
    rows = [json.loads(line) for line in files[name].splitlines()]
    change(rows)
    files[name] = b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)
    manifest = json.loads(files["manifest.json"])
    manifest["files"][name]["sha256"] = hashlib.sha256(files[name]).hexdigest()
    files["manifest.json"] = json.dumps(manifest).encode()
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for entry, text in files.items():
            archive.writestr(entry, text)
    return made.getvalue()
