"""django-hordak beside us: in an environment of its own, by a lock of its own, on the same server."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from . import _databases as databases

PEERS = Path(__file__).parent / "peers"
LOCK = PEERS / "requirements.lock"
ENVIRONMENT = databases.FOLDER / "peers"
STAMP = ENVIRONMENT / "stamp"
DATABASE = "sanpo_clear_hordak"


def measure() -> dict[str, Any]:
    """Trades a second by ``bulk_create`` and by ``transfer_to``."""
    _make_environment()
    databases.create(DATABASE)
    environment = databases.environment(DATABASE, owner=True) | {
        "DJANGO_SETTINGS_MODULE": "hordak_settings",
        "PYTHONPATH": str(PEERS),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    program = [str(ENVIRONMENT / "bin" / "python"), str(PEERS / "hordak_record.py")]
    done = subprocess.run(program, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    databases.drop(DATABASE)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _make_environment() -> None:
    """Make the environment where it is missing or of another lock; the stamp is written last."""
    wanted = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if STAMP.exists() and STAMP.read_text(encoding="utf-8") == wanted:
        return
    print("making the environment of the peers (once)", flush=True)
    shutil.rmtree(ENVIRONMENT, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", str(ENVIRONMENT)], check=True)
    install = [str(ENVIRONMENT / "bin" / "python"), "-m", "pip", "install", "--quiet", "--require-hashes"]
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    subprocess.run([*install, "--no-deps", "-r", str(LOCK)], env=clean, check=True, stdout=sys.stderr)
    STAMP.write_text(wanted, encoding="utf-8")
