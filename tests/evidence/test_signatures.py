"""What the market signs is verified with its published key, and nothing else is."""

import base64
import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from marketplace.evidence import signatures
from marketplace.evidence.notes import TreeHead, open_note, sign_note

HEAD = TreeHead(origin="market.example/evidence", size=70_001, root=bytes(range(32)))


def test_a_forged_signature_is_refused(db):
    header, payload, signature = signatures.sign({"root": "x"}).split(".")
    forged = signatures.sign({"root": "y"}).split(".")[1]
    with pytest.raises(signatures.SignatureInvalid):
        signatures.verify(f"{header}.{forged}.{signature}")
    with pytest.raises(signatures.SignatureInvalid):
        signatures.verify("not a signature")
    assert signatures.verify(f"{header}.{payload}.{signature}") == {"root": "x"}


def test_the_published_keys_hold_no_secret(api, db):
    answer = api.get("/api/v1/evidence/keys/")
    assert answer.status_code == 200
    (key,) = answer.json()["keys"]
    assert key["kty"] == "OKP"
    assert "d" not in key


def test_a_note_is_verified_with_the_published_key_alone(api, db):
    """As a reader does it, from the text of C2SP tlog-checkpoint and signed-note."""
    (key,) = api.get("/api/v1/evidence/keys/").json()["keys"]
    public = base64.urlsafe_b64decode(key["x"] + "=")
    body, line = sign_note(HEAD).split("\n\n")
    assert body == f"market.example/evidence\n70001\n{base64.b64encode(HEAD.root).decode()}"
    assert (line.startswith("— market.example/evidence "), line.endswith("\n")) == (True, True)
    signed = base64.b64decode(line.split(" ")[2])
    identifier = hashlib.sha256(b"market.example/evidence\n\x01" + public).digest()[:4]
    assert (signed[:4], len(signed)) == (identifier, 68)
    Ed25519PublicKey.from_public_bytes(public).verify(signed[4:], (body + "\n").encode())


def test_a_note_is_read_as_it_was_signed():
    assert open_note(sign_note(HEAD)) == HEAD


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("70001", "70002"),
        ("70001", "070001"),
        ("\n— market", "\n— other"),
        ("\n\n", "\n"),
        ("market.example/evidence\n7", "other.example/evidence\n7"),
        ("AAEC", "AAED"),
    ],
)
def test_a_changed_note_is_refused(old, new):
    note = sign_note(HEAD)
    assert old in note
    with pytest.raises(signatures.SignatureInvalid):
        open_note(note.replace(old, new))


def test_a_signature_under_another_key_identifier_is_refused(db):
    body, line = sign_note(HEAD).split("\n\n")
    dash, name, encoded = line.strip().split(" ")
    forged = base64.b64encode(b"\0\0\0\0" + base64.b64decode(encoded)[4:]).decode()
    with pytest.raises(signatures.KeyUnknown):
        open_note(f"{body}\n\n{dash} {name} {forged}\n")
