"""The market's keys have a published history: what an earlier key signed stays verifiable, a key of nobody is named."""

from __future__ import annotations

import json

import pytest
from django.core.management import CommandError, call_command
from joserfc.jwk import OKPKey

from marketplace.evidence import keys, services, signatures
from marketplace.evidence.errors import KeyNotInForce, KeyUnknown, SignatureInvalid
from marketplace.evidence.models import Checkpoint, EvidenceRecord, MarketKey
from marketplace.evidence.notes import open_note
from marketplace.evidence.rotation import rotate_key
from marketplace.evidence.row_records import unexplained_rows
from marketplace.evidence.verification import verify_log
from tests.roles import unguarded
from verification.verify import read_key

from .factories import run, seal, seal_rest, write


def new_key() -> OKPKey:
    return OKPKey.generate_key("Ed25519", {"use": "sig"}, private=True, auto_kid=True)


@pytest.fixture
def restarted(settings):
    """Restarts the market with another key in its settings."""

    def restart(key: OKPKey) -> None:
        settings.MARKET_SIGNING_KEY = json.dumps(key.as_dict(private=True))
        keys.market_key.cache_clear()

    yield restart
    keys.market_key.cache_clear()


@pytest.fixture
def first(committed_database):
    write("a")
    seal(1)
    return services.checkpoint()


def next_checkpoint() -> Checkpoint:
    write("more")
    seal_rest()
    return services.checkpoint()


def test_what_an_earlier_key_signed_stays_verifiable(first, restarted, api):
    signed, old, following = signatures.sign({"a": 1}), keys.market_key(), new_key()
    rotate_key(following)
    restarted(following)
    second = next_checkpoint()
    assert signatures.verify(signed) == {"a": 1}
    assert [open_note(mark.note).size for mark in (first, second)] == [first.size, second.size]
    assert (verify_log().faults, unexplained_rows()) == ([], [])
    shown = api.get("/api/v1/evidence/keys/").json()["keys"]
    assert [key["kid"] for key in shown] == [old.kid, following.kid]
    assert (shown[0]["until"], shown[1]["until"]) == (shown[1]["since"], None)
    assert [key.get("d") for key in shown] == [None, None]
    assert read_key(shown[1]["verifier_key"]).public == keys.public_bytes(following)
    handed_over = signatures.verify(shown[1]["handover"])
    assert (handed_over["kid"], handed_over["x"]) == (following.kid, shown[1]["x"])


def test_until_the_market_restarts_with_its_key_it_signs_no_checkpoint(first):
    rotate_key(new_key())
    with pytest.raises(KeyNotInForce):
        next_checkpoint()
    assert Checkpoint.objects.count() == 1


def test_a_key_that_did_not_enter_the_history_signs_no_checkpoint(first, restarted):
    restarted(new_key())
    with pytest.raises(KeyNotInForce):
        next_checkpoint()
    with pytest.raises(KeyNotInForce):
        rotate_key(new_key())
    assert (Checkpoint.objects.count(), MarketKey.objects.count()) == (1, 1)


def test_a_lost_key_hands_nothing_over_and_the_history_shows_it(first, restarted):
    following = new_key()
    restarted(new_key())
    rotate_key(following, is_lost=True)
    restarted(following)
    next_checkpoint()
    record = EvidenceRecord.objects.get(kind="evidence.key_rotated")
    assert (MarketKey.objects.last().handover, record.payload["is_handed_over"]) == ("", False)
    assert (verify_log().faults, unexplained_rows()) == ([], [])


def test_a_signature_by_a_key_of_nobody_is_named(db, restarted):
    own = keys.market_key()
    restarted(new_key())
    signed = signatures.sign({"a": 1})
    restarted(own)
    with pytest.raises(KeyUnknown):
        signatures.verify(signed)
    assert issubclass(KeyUnknown, SignatureInvalid)


def test_a_handover_that_the_old_key_did_not_sign_is_named(first, restarted):
    row = rotate_key(new_key())
    forged = signatures.sign_bytes(new_key(), b"{}")
    with unguarded("evidence_marketkey"):
        run("UPDATE evidence_marketkey SET handover = %s WHERE kid = %s", forged, row.kid)
    assert verify_log().faults == [f"the market's key {row.kid} was not handed over by the key before it"]


def test_a_checkpoint_by_a_key_that_was_not_in_force_is_named(first, restarted):
    following = new_key()
    row = rotate_key(following)
    with unguarded("evidence_marketkey"):
        run("UPDATE evidence_marketkey SET since = since - interval '1 day' WHERE until IS NOT NULL")
        run(
            "UPDATE evidence_marketkey SET until = since + interval '1 minute' WHERE until IS NOT NULL",
        )
    (fault, gap) = sorted(verify_log().faults)
    assert (
        fault
        == f"checkpoint {first.public_id} is signed by key {keys.market_key().kid}, which was not in force then"
    )
    assert gap == f"the market's key {row.kid} does not begin when the key before it ends"


def test_a_key_without_its_record_is_named(first):
    row = rotate_key(new_key())
    with unguarded("evidence_evidencerecord"):
        run("DELETE FROM evidence_evidencerecord WHERE kind = 'evidence.key_rotated'")
    assert [found["table"] for found in unexplained_rows()] == ["evidence_marketkey"]
    assert row.kid in unexplained_rows()[0]["stated"]


def test_the_command_enters_the_key_of_a_file(first, tmp_path, capsys):
    file, following = tmp_path / "next.jwk", new_key()
    file.write_text(json.dumps(following.as_dict(private=True)))
    call_command("rotate_market_key", file)
    assert MarketKey.objects.get(until=None).kid == following.kid
    assert "restart every process" in capsys.readouterr().out


@pytest.mark.parametrize("content", ["", "{}", '{"kty": "OKP", "crv": "Ed25519", "x": "AAAA"}', "[]"])
def test_the_command_refuses_what_is_no_private_key(first, tmp_path, content):
    file = tmp_path / "next.jwk"
    file.write_text(content)
    with pytest.raises(CommandError, match="no private Ed25519 key"):
        call_command("rotate_market_key", file)
    assert MarketKey.objects.count() == 1
