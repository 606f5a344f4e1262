"""The one-file verifier follows keys that were handed over, and says of a timestamp what it can and who verifies the rest."""

from __future__ import annotations

import base64
import gc
import json
import shlex
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from rfc3161_client import TimestampRequestBuilder
from rfc3161_client.base import HashAlgorithm

from verification import verify

from .authorities import Signer
from .bundles import LOG_KEY, ORIGIN, codes, key_of, made_log, private_key, public_bytes

LOG = made_log(300)
NEXT_KEY = private_key("next")


@pytest.fixture(scope="module")
def signer(tmp_path_factory):
    return Signer(tmp_path_factory.mktemp("authority") / "one")


def stamp(folder: Path, signer: Signer, note: str, *, of: str | None = None) -> None:
    """Put a timestamp of a note into a bundle."""
    content = (note if of is None else of).encode()
    question = TimestampRequestBuilder().data(content).hash_algorithm(HashAlgorithm.SHA256).build()
    (folder / "stamped").write_text(note, encoding="utf-8")
    (folder / "stamped.tsr").write_bytes(signer.reply(question.as_bytes()))


def bundle_of(folder: Path, *trusted: Ed25519PrivateKey) -> verify.Bundle:
    return verify.Bundle(folder, [key_of(each) for each in trusted or (LOG_KEY,)])


def run_program(folder: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    key = key_of(LOG_KEY)
    encoded = base64.b64encode(bytes([verify.ED25519]) + key.public).decode()
    was_on = gc.isenabled()
    status = verify.main([str(folder), "--key", f"{ORIGIN}+{key.identifier.hex()}+{encoded}"])
    # Who calls it in its own process keeps its garbage collector.
    assert gc.isenabled() is was_on
    return status, capsys.readouterr().out


def test_a_stamped_checkpoint_is_verified_and_openssl_s_command_printed(tmp_path, signer, capsys):
    folder = LOG.write(tmp_path / "bundle")
    stamp(folder, signer, LOG.note(200))
    status, said = run_program(folder, capsys)
    assert (status, "timestamp: ok" in said) == (0, True)
    (command,) = (line for line in said.splitlines() if "openssl ts -verify" in line)
    words = shlex.split(command.replace("CERTIFICATES_OF_THE_AUTHORITY.pem", str(signer.pinned)))
    verified = subprocess.run(words, capture_output=True, text=True, check=True)
    assert "Verification: OK" in verified.stdout + verified.stderr


def test_a_bundle_without_a_timestamp_says_none(tmp_path, capsys):
    status, said = run_program(LOG.write(tmp_path / "bundle"), capsys)
    assert (status, "timestamp: none" in said) == (0, True)


def test_a_timestamp_of_something_else_is_named(tmp_path, signer):
    folder = LOG.write(tmp_path / "bundle")
    stamp(folder, signer, LOG.note(200), of=LOG.note(100))
    assert codes(bundle_of(folder)) == ["timestamp_differs"]


def test_a_stamped_checkpoint_of_another_history_is_named(tmp_path, signer):
    folder = LOG.write(tmp_path / "bundle")
    stamp(folder, signer, made_log(200, "other").note())
    assert codes(bundle_of(folder)) == ["timestamp_differs"]


def test_a_stamped_checkpoint_that_the_bundle_does_not_reach_is_named(tmp_path, signer):
    folder = made_log(100).write(tmp_path / "bundle")
    stamp(folder, signer, LOG.note(200))
    assert codes(bundle_of(folder)) == ["timestamp_differs"]


def test_a_stamped_checkpoint_that_the_log_did_not_sign_is_named(tmp_path, signer):
    folder = LOG.write(tmp_path / "bundle")
    stamp(folder, signer, LOG.note(200, key=NEXT_KEY))
    assert codes(bundle_of(folder)) == ["key_unknown"]


@pytest.mark.parametrize("cut", [0, 1, 2, 5, 30, 100, 200, -1])
def test_what_is_no_timestamp_is_named_and_no_traceback(tmp_path, signer, cut):
    folder = LOG.write(tmp_path / "bundle")
    stamp(folder, signer, LOG.note(200))
    answer = (folder / "stamped.tsr").read_bytes()
    (folder / "stamped.tsr").write_bytes(answer[:cut])
    assert codes(bundle_of(folder)) == ["timestamp_unreadable"]
    (folder / "stamped").unlink()
    assert codes(bundle_of(folder)) == ["timestamp_unreadable"]


def test_no_byte_of_an_answer_makes_a_traceback(signer):
    question = TimestampRequestBuilder().data(b"x").hash_algorithm(HashAlgorithm.SHA256).build()
    answer = signer.reply(question.as_bytes())
    for at in range(len(answer)):
        changed = answer[:at] + bytes([answer[at] ^ 0xFF]) + answer[at + 1 :]
        try:
            verify.read_stamp(changed)
        except ValueError:
            continue


def handover(to: Ed25519PrivateKey, by: Ed25519PrivateKey, **changes: str) -> str:
    """A compact JWS by one key that names the next."""

    def encoded(content: bytes) -> str:
        return base64.urlsafe_b64encode(content).rstrip(b"=").decode()

    stated = {"statement": "sanpo.key_handover.v1", "name": ORIGIN, "kid": "next", **changes}
    stated.setdefault("x", encoded(public_bytes(to)))
    signed = f"{encoded(b'{}')}.{encoded(json.dumps(stated).encode())}"
    return f"{signed}.{encoded(by.sign(signed.encode()))}"


def history(*handovers: str) -> str:
    return json.dumps({"keys": [{"handover": each} for each in handovers]})


def test_a_key_that_was_handed_over_is_trusted(tmp_path):
    folder = LOG.write(tmp_path / "bundle", LOG.note(key=NEXT_KEY))
    assert codes(bundle_of(folder)) == ["key_unknown"]
    (folder / "keys.json").write_text(history("", handover(NEXT_KEY, LOG_KEY)))
    assert codes(bundle_of(folder)) == []
    last = private_key("last")
    folder = LOG.write(folder, LOG.note(key=last))
    (folder / "keys.json").write_text(history("", handover(NEXT_KEY, LOG_KEY), handover(last, NEXT_KEY)))
    assert codes(bundle_of(folder)) == []


@pytest.mark.parametrize(
    "text",
    [
        history("", ""),
        history("", handover(NEXT_KEY, private_key("stranger"))),
        history("", handover(NEXT_KEY, NEXT_KEY)),
        history("", handover(NEXT_KEY, LOG_KEY, name="other.example")),
        history("", handover(NEXT_KEY, LOG_KEY, statement="something.else")),
        history("", handover(NEXT_KEY, LOG_KEY, x="AAAA")),
        history("", handover(NEXT_KEY, LOG_KEY)[:-4]),
        "garbage",
        "[]",
        '{"keys": [1]}',
        '{"keys": null}',
        "[" * 20_000,
    ],
)
def test_no_other_history_makes_a_key_trusted(tmp_path, text):
    folder = LOG.write(tmp_path / "bundle", LOG.note(key=NEXT_KEY))
    (folder / "keys.json").write_text(text)
    assert codes(bundle_of(folder)) == ["key_unknown"]
