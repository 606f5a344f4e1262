"""Makes the virtual environment where it is missing or out of date, then becomes the command in it.

Run by file path with any Python 3.11 to 3.13 and its standard library. The environment is finished when its
stamp says so: the stamp is written last and names the lock's content, so an environment whose installation was
killed, or that was made for another lock, another place or another Python, is made again.
"""

import errno
import fcntl
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import time
from collections import deque
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
ENVIRONMENT = PROJECT / ".venv"
STAMP = ENVIRONMENT / "stamp"
LOCK = PROJECT / "requirements.lock"
VAR = Path(os.environ["SANPO_VAR"]).resolve() if os.environ.get("SANPO_VAR") else PROJECT / "var"
PROGRESS_SECONDS = 5.0
PYTHON_VERSIONS = ((3, 11), (3, 12), (3, 13))


def wanted_stamp() -> str:
    """Return what the stamp of a finished environment says: scripts in it hold its place."""
    return f"{hashlib.sha256(LOCK.read_bytes()).hexdigest()}\n{ENVIRONMENT}\n"


def finished() -> bool:
    """Tell whether the environment is complete and made for this lock, this place and this version of Python."""
    try:
        stamped = STAMP.read_text(encoding="utf-8") == wanted_stamp()
        return stamped and python_of_environment() == sys.version_info[:2]
    except OSError:
        return False


def python_of_environment() -> tuple[int, int] | None:
    """Return the version (major, minor) of the environment's Python, or None when it is not there any more."""
    if not (ENVIRONMENT / "bin" / "python").exists():
        return None
    settings = (ENVIRONMENT / "pyvenv.cfg").read_text(encoding="utf-8")
    found = re.search(r"^version\s*=\s*(\d+)\.(\d+)", settings, flags=re.MULTILINE)
    return (int(found[1]), int(found[2])) if found else None


def make_environment() -> None:
    """Make the environment from nothing and stamp it."""
    if sys.version_info[:2] not in PYTHON_VERSIONS:
        known = ", ".join(f"{major}.{minor}" for major, minor in PYTHON_VERSIONS)
        raise SystemExit(
            f"sanpo: Python {known} are supported, and {sys.executable} is {sys.version.split()[0]}: "
            "name another with make PYTHON=/path/to/python3"
        )
    if importlib.util.find_spec("ensurepip") is None or importlib.util.find_spec("venv") is None:
        raise SystemExit(
            f"sanpo: {sys.executable} cannot make virtual environments: "
            "install its venv package "
            f"(on Debian: apt install python{sys.version_info[0]}.{sys.version_info[1]}-venv)"
        )
    print("sanpo: making the virtual environment .venv (once; a few minutes)", flush=True)
    shutil.rmtree(ENVIRONMENT, ignore_errors=True)
    made = subprocess.run(
        [sys.executable, "-m", "venv", str(ENVIRONMENT)],
        env=clean_environment(),
        capture_output=True,
        text=True,
    )
    if made.returncode != 0:
        reason = (made.stderr or made.stdout).strip().split("\n")[-1]
        raise SystemExit(f"sanpo: the virtual environment could not be made: {reason}{remedy(reason)}")
    install()
    STAMP.write_text(wanted_stamp(), encoding="utf-8")


def remedy(reason: str) -> str:
    """Return what to do about a failed installation, where its reason tells."""
    full = os.strerror(errno.ENOSPC) in reason or os.strerror(errno.EDQUOT) in reason
    return ": free about 2 GB and run the command again" if full else ""


def clean_environment() -> dict[str, str]:
    """Return our environment without what would send packages elsewhere or bring in foreign modules."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in ("PYTHONPATH", "PYTHONHOME", "PIP_USER")
    }
    return {**kept, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}


def install() -> None:
    """Install what the lock names, every file checked against its hash, and show how far it is."""
    total = len(re.findall(r"^\S+==", LOCK.read_text(encoding="utf-8"), flags=re.MULTILINE))
    log = VAR / "log" / "install.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [str(ENVIRONMENT / "bin" / "python"), "-m", "pip", "install"]
    # Not compiled: bytecode goes to one folder, when first used. Not resolved: the lock is complete.
    command += ["--require-hashes", "--no-deps", "--no-compile", "--progress-bar=off", "-r", str(LOCK)]
    last_lines: deque[str] = deque(maxlen=1)
    done, told = 0, time.monotonic()
    with (
        open(log, "w", encoding="utf-8") as stream,
        subprocess.Popen(
            command,
            cwd=PROJECT,
            env=clean_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as pip,
    ):
        for line in pip.stdout or ():
            stream.write(line)
            if line.startswith("ERROR"):
                last_lines.append(line.strip())
            done += line.startswith(("Collecting ", "Ignoring "))
            if line.startswith("Installing collected"):
                print(f"sanpo: unpacking {done} packages", flush=True)
            elif line.startswith("Collecting ") and time.monotonic() - told > PROGRESS_SECONDS:
                told = time.monotonic()
                print(f"sanpo: package {done} of {total}: {line.split()[1]}", flush=True)
    if pip.returncode != 0:
        reason = last_lines[0] if last_lines else f"pip ended with status {pip.returncode}"
        raise SystemExit(
            f"sanpo: the packages could not be installed: {reason} (the whole log: {log}){remedy(reason)}"
        )


def main(arguments: list[str]) -> None:
    """Make the environment where needed and become `python -m marketplace.runtime ...` in it."""
    # A lock on a file that is in the repository leaves nothing behind, and the kernel drops it on exec.
    with open(LOCK, encoding="utf-8") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("sanpo: waiting for another command that is making .venv", flush=True)
            fcntl.flock(stream, fcntl.LOCK_EX)
        if not finished():
            if arguments == ["clean"]:
                # Without an environment nothing of ours can be running.
                shutil.rmtree(VAR, ignore_errors=True)
                return
            make_environment()
    if arguments == ["setup"]:
        return
    os.chdir(PROJECT)
    os.environ.pop("PYTHONPATH", None)
    os.environ.pop("PYTHONHOME", None)
    # Bytecode has a folder of its own, so there is no reason left to do without it, and every start is faster.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = str(ENVIRONMENT / "pycache")
    python = str(ENVIRONMENT / "bin" / "python")
    os.execv(python, [python, "-m", "marketplace.runtime", *arguments])


def explain(error: OSError) -> str:
    """Return the line on an error of the file system, or an empty text for one that is not known.

    Loaded by path: the package is not on this script's path, and what it imports may not be installed yet.
    """
    spec = importlib.util.spec_from_file_location("disk", PROJECT / "marketplace" / "runtime" / "disk.py")
    if spec is None or spec.loader is None:
        return ""
    disk = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(disk)
    return str(disk.explain(error, PROJECT))


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    except OSError as failure:
        line = explain(failure)
        if not line:
            raise
        raise SystemExit(f"sanpo: {line}") from None
