"""The witness that the market ships signs what continues the log, and names what does not, against logs that lie."""

from __future__ import annotations

import base64
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from marketplace.kernel.merkle import HASH_BYTES, leaf_hash, merkle_root
from verification import verify, witness

from .bundles import LOG_KEY, ORIGIN, Log, key_of, line, made_log, private_key, signed

NAME = "witness.example"


def verifier_key(key: verify.Key) -> str:
    encoded = base64.b64encode(bytes([key.algorithm]) + key.public).decode()
    return f"{key.name}+{key.identifier.hex()}+{encoded}"


def addresses_of(log: Log, note: str | None = None) -> dict[str, bytes]:
    """What a log serves: its note, and its tiles of hashes."""
    served = {"/checkpoint": (log.note() if note is None else note).encode()}
    level, hashes = 0, [leaf_hash(entry) for entry in log.entries]
    while hashes:
        for first in range(0, len(hashes), 256):
            part = hashes[first : first + 256]
            served[f"/{witness.tile_path(level, first // 256, len(part))}"] = b"".join(part)
        full = len(hashes) // 256 * 256
        hashes = [merkle_root(hashes[first : first + 256]) for first in range(0, full, 256)]
        level += 1
    return served


class Server(ThreadingHTTPServer):
    """Serves what it is given; counts what was posted to it."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.served: dict[str, bytes] = {}

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        content = self.server.served.get(self.path)
        self.send_response(404 if content is None else 200)
        self.end_headers()
        self.wfile.write(content or b"")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        yield running
        running.shutdown()
        thread.join(10)


@pytest.fixture
def observer(server: Server, tmp_path: Path) -> witness.Witness:
    """A witness that has kept nothing yet."""
    witness.make_key(NAME, tmp_path / "key")
    return witness.Witness(
        log=server.address,
        log_keys=[verifier_key(key_of(LOG_KEY))],
        key=tmp_path / "key",
        state=tmp_path / "state",
    )


LOG = made_log(70_000)


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        (1, 1),
        (1, 2),
        (5, 256),
        (255, 256),
        (256, 257),
        (300, 600),
        (512, 513),
        (600, 600),
        (65_535, 65_537),
        (257, 70_000),
    ],
)
def test_what_continues_is_kept(server, observer, older, newer):
    for size in (older, newer):
        log = Log(LOG.records[:size], LOG.entries[:size])
        server.served = addresses_of(log)
        assert observer.poll().startswith(f"size {size}, root ")
    assert f"\\n{newer}\\n" in observer.state.read_text()


def other(size: int, shared: int) -> Log:
    """A log that is another from ``shared`` on."""
    return Log(LOG.records, [*LOG.entries[:shared], *made_log(size - shared, "other").entries])


def refusals() -> dict[str, tuple[str, dict[str, bytes]]]:
    """By name: the code, and what the log serves after it served 300 entries."""
    longer = Log(LOG.records, LOG.entries[:600])
    cut = addresses_of(longer)
    del cut["/tile/0/001"]
    narrow = addresses_of(longer)
    narrow["/tile/0/002.p/88"] = narrow["/tile/0/002.p/88"][:-HASH_BYTES]
    body = longer.note().partition("\n\n")[0]
    forged = line(ORIGIN, key_of(LOG_KEY).identifier + b"1" * 64)
    return {
        "a smaller tree": ("rollback", addresses_of(Log(LOG.records, LOG.entries[:299]))),
        "the same size with another root": ("fork", addresses_of(other(300, 299))),
        "a longer log that is another": ("fork", addresses_of(other(600, 10))),
        "a tree that was made anew": ("fork", addresses_of(other(513, 0))),
        "tiles of another tree": ("fork", addresses_of(longer, signed(600, b"\1" * 32))),
        "a tile that is missing": ("tail_cut", cut),
        "a tile that is too narrow": ("tail_cut", narrow),
        "a forged signature": ("bad_signature", addresses_of(longer, f"{body}\n\n{forged}")),
        "another key": ("unknown_key", addresses_of(longer, longer.note(key=private_key("other")))),
        "another log": (
            "other_log",
            {"/checkpoint": longer.note().replace(ORIGIN, "other.example").encode()},
        ),
        "no checkpoint": ("unreadable", {}),
        "no note": ("unreadable", {"/checkpoint": b"\xff\x00"}),
        "a signature that is no base64": (
            "unreadable",
            {"/checkpoint": longer.note().rstrip("=\n").encode() + b"\n"},
        ),
    }


REFUSALS = refusals()


@pytest.mark.parametrize("name", sorted(REFUSALS))
def test_what_does_not_continue_is_named_and_nothing_is_signed(server, observer, name):
    server.served = addresses_of(Log(LOG.records, LOG.entries[:300]))
    observer.poll()
    kept = observer.state.read_text()
    code, server.served = REFUSALS[name]
    for _ in range(2):
        with pytest.raises(witness.Refused) as refusal:
            observer.poll()
        assert refusal.value.code == code
    assert observer.state.read_text() == kept
    assert observer.state.with_name("state.fault").read_text().startswith(f"{code}: ")


def test_a_rollback_names_size_and_root_that_are_missing(server, observer):
    server.served = addresses_of(Log(LOG.records, LOG.entries[:300]))
    observer.poll()
    root = merkle_root([leaf_hash(entry) for entry in LOG.entries[:300]]).hex()
    server.served = addresses_of(Log(LOG.records, LOG.entries[:297]))
    with pytest.raises(witness.Refused, match=f"297 entries; kept is size 300 with root {root}"):
        observer.poll()


def test_a_log_that_does_not_answer_is_no_fault_of_the_log(server, observer, tmp_path):
    server.served = addresses_of(Log(LOG.records, LOG.entries[:300]))
    observer.poll()
    observer.log = "http://127.0.0.1:1"
    with pytest.raises(witness.Refused) as refusal:
        observer.poll()
    assert refusal.value.code == "unreachable"
    assert not (tmp_path / "state.fault").exists()


def test_a_log_that_answers_no_http_ends_no_witness(observer, tmp_path):
    for answer in (b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nshort"):
        with socket.create_server(("127.0.0.1", 0)) as listening:
            thread = threading.Thread(target=answer_once, args=(listening, answer), daemon=True)
            thread.start()
            observer.log = f"http://127.0.0.1:{listening.getsockname()[1]}"
            with pytest.raises(witness.Refused) as refusal:
                observer.poll()
            thread.join(10)
        assert refusal.value.code == "unreachable"


def answer_once(listening: socket.socket, answer: bytes) -> None:
    """Answer one request with these bytes, and hang up."""
    connection, _ = listening.accept()
    with connection:
        connection.recv(10_000)
        connection.sendall(answer)


@pytest.mark.parametrize("state", ["", "{}", "[]", '{"checkpoint": 5}'])
def test_a_state_that_is_none_is_said(server, observer, tmp_path, state):
    server.served = addresses_of(Log(LOG.records, LOG.entries[:300]))
    (tmp_path / "state").write_text(state)
    with pytest.raises(witness.Refused) as refusal:
        observer.poll()
    assert refusal.value.code == "unreadable"


def test_its_cosignature_is_one_that_the_verifier_counts(server, observer, tmp_path):
    log = Log(LOG.records, LOG.entries[:300])
    stated = observer.cosign(witness.open_note(log.note(), observer.log_keys))
    public = observer._public
    trusted = verify.Key(NAME, verify.COSIGNATURE, public)
    folder = log.write(tmp_path / "b", log.note() + f"{stated}\n")
    bundle = verify.Bundle(folder, [key_of(LOG_KEY)], witnesses=[trusted], witnesses_min=1)
    assert [fault for faults in verify.verify(bundle).values() for fault in faults] == []


def test_the_program_says_by_its_exit_status_what_it_found(server, tmp_path):
    server.served = addresses_of(Log(LOG.records, LOG.entries[:300]))
    made = run("key", NAME, "--file", "key", cwd=tmp_path)
    assert verify.read_key(made.stdout).name == NAME
    assert (tmp_path / "key").stat().st_mode & 0o077 == 0
    assert run("key", NAME, "--file", "key", cwd=tmp_path).returncode != 0
    arguments = ["--log-key", verifier_key(key_of(LOG_KEY)), "--key", "key", "--state", "state", "--once"]
    assert run("run", "--log", server.address, *arguments, cwd=tmp_path).returncode == 0
    server.served = addresses_of(Log(LOG.records, LOG.entries[:299]))
    found = run("run", "--log", server.address, *arguments, cwd=tmp_path)
    assert (found.returncode, found.stderr[:10]) == (1, "rollback: ")
    assert run("run", "--log", "http://127.0.0.1:1", *arguments, cwd=tmp_path).returncode == 3


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """The program as a stranger runs it: isolated from our modules."""
    return subprocess.run(
        [sys.executable, "-I", witness.__file__, *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=60,
    )
