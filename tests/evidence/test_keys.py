"""The market's keys have a published history, which two people lead: what an earlier key signed stays verifiable."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.conf import settings as market
from django.core.management import CommandError, call_command
from django.db import connection
from joserfc.jwk import OKPKey

from clearing.approvals.market_keys import announce_key_by_two
from marketplace.approvals.errors import SecondPersonNeeded
from marketplace.approvals.models import Approval
from marketplace.events.models import OutboxEvent
from marketplace.evidence import keys, services, signatures
from marketplace.evidence.announcing import NOTICE_HOURS_MIN, announce_key
from marketplace.evidence.errors import KeyNotAnnounced, KeyNotInForce, KeyUnknown, SignatureInvalid
from marketplace.evidence.models import Checkpoint, EvidenceRecord, KeyAnnouncement, MarketKey
from marketplace.evidence.notes import open_note
from marketplace.evidence.rotation import rotate_key
from marketplace.evidence.row_records import unexplained_rows
from marketplace.evidence.verification import verify_log
from marketplace.evidence.verifier_keys import COSIGNATURE, ED25519, verifier_key
from marketplace.kernel import clock
from marketplace.kernel.errors import FieldInvalid, PermissionNeeded
from tests.participants import factories as participants
from tests.roles import assert_refused, unguarded
from verification import verify, witness

from .factories import run, seal_rest, write

NOTICE = timedelta(hours=NOTICE_HOURS_MIN, minutes=1)
REASON = "The yearly rotation."


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
def staff(committed_database):
    """Two people of the operator."""
    operator = participants.operator()
    return [participants.actor_for(operator, name) for name in ("usr_one", "usr_two")]


@pytest.fixture
def first(staff):
    return next_checkpoint()


def next_checkpoint() -> Checkpoint:
    write("more")
    seal_rest()
    return services.checkpoint()


def stated(key: OKPKey) -> str:
    """The key as two people announce it."""
    return verifier_key(market.EVIDENCE_ORIGIN, ED25519, keys.public_bytes(key))


def announce(staff, key: OKPKey, *, is_emergency: bool = False) -> KeyAnnouncement:
    """Announce a key by both people."""
    said = {"verifier_key": stated(key), "reason": REASON, "is_emergency": is_emergency}
    with pytest.raises(SecondPersonNeeded):
        announce_key_by_two(actor=staff[0], **said)
    return announce_key_by_two(actor=staff[1], **said)


def rotate(staff, key: OKPKey) -> MarketKey:
    """Announce a key, wait for its notice, and enter it into the history."""
    announce(staff, key)
    clock.move_to(clock.now() + NOTICE)
    next_checkpoint()
    return rotate_key(key)


def refused(key: OKPKey):
    """Why a key may not enter the history, which stays as it is."""
    before = MarketKey.objects.count()
    with pytest.raises(KeyNotAnnounced) as refusal:
        rotate_key(key)
    assert MarketKey.objects.count() == before
    return refusal.value.fields["reason"]


def test_what_an_earlier_key_signed_stays_verifiable(first, staff, restarted, api):
    signed, old, following = signatures.sign({"a": 1}), keys.market_key(), new_key()
    rotate(staff, following)
    restarted(following)
    second = next_checkpoint()
    assert signatures.verify(signed) == {"a": 1}
    assert [open_note(mark.note).size for mark in (first, second)] == [first.size, second.size]
    assert (verify_log().faults, unexplained_rows()) == ([], [])
    shown = api.get("/api/v1/evidence/keys/").json()["keys"]
    assert api.get("/log/keys.json").json()["keys"] == shown
    assert [key["kid"] for key in shown] == [old.kid, following.kid]
    assert (shown[0]["until"], shown[1]["until"]) == (shown[1]["since"], None)
    assert [key.get("d") for key in shown] == [None, None]
    assert [key["is_emergency"] for key in shown] == [False, False]
    assert verify.read_key(shown[1]["verifier_key"]).public == keys.public_bytes(following)
    handed_over = signatures.verify(shown[1]["handover"])
    assert (handed_over["kid"], handed_over["x"]) == (following.kid, shown[1]["x"])


def test_two_people_announce_a_key_and_everybody_is_told(first, staff, api):
    row = announce(staff, new_key())
    assert (row.first_person, row.announced_by) == (staff[0].identifier, staff[1].identifier)
    assert row.effective_from - row.announced_at == timedelta(hours=NOTICE_HOURS_MIN)
    event = OutboxEvent.objects.get(type="evidence.key_announced")
    assert (event.data["kid"], event.data["is_emergency"]) == (row.kid, False)
    (shown,) = api.get("/api/v1/evidence/key-announcements/").json()["results"]
    assert (shown["id"], shown["reason"], shown["handover"]) == (row.public_id, REASON, row.handover)
    record = EvidenceRecord.objects.get(kind="evidence.key_announced")
    assert REASON not in json.dumps(record.payload)
    assert unexplained_rows() == []


def test_the_second_person_sees_the_key_that_it_approves(first, staff):
    said = {"verifier_key": stated(new_key()), "reason": REASON, "is_emergency": False}
    with pytest.raises(SecondPersonNeeded):
        announce_key_by_two(actor=staff[0], **said)
    asked = Approval.objects.get()
    assert asked.payload == {"verifier_key": said["verifier_key"], "reason": REASON}
    row = announce_key_by_two(actor=staff[1], **said)
    assert asked.subject == row.kid


def test_one_person_or_a_participant_announces_none(first, staff):
    participant = participants.member_for(participants.organisation(), "usr_buyer")
    said = {"verifier_key": stated(new_key()), "reason": REASON, "is_emergency": False}
    for _ in range(2):
        with pytest.raises(SecondPersonNeeded):
            announce_key_by_two(actor=staff[0], **said)
    with pytest.raises(PermissionNeeded):
        announce_key_by_two(actor=participant, **said)
    with pytest.raises(SecondPersonNeeded):  # the same key as an emergency is another command
        announce_key_by_two(actor=staff[1], **{**said, "is_emergency": True})
    assert KeyAnnouncement.objects.count() == 0


@pytest.mark.parametrize("kind", ["nothing", "witness", "other log", "in force"])
def test_what_is_no_next_key_of_the_log_is_refused(first, staff, kind):
    text = {
        "nothing": "",
        "witness": verifier_key(market.EVIDENCE_ORIGIN, COSIGNATURE, b"1" * 32),
        "other log": verifier_key("other.example", ED25519, b"1" * 32),
        "in force": stated(keys.market_key()),
    }[kind]
    with pytest.raises(FieldInvalid) as refusal:
        announce_key_by_two(actor=staff[0], verifier_key=text, reason=REASON, is_emergency=False)
    assert refusal.value.name == "verifier_key"
    with pytest.raises(FieldInvalid) as refusal:
        announce_key_by_two(actor=staff[0], verifier_key=stated(new_key()), reason=" ", is_emergency=False)
    assert (refusal.value.name, KeyAnnouncement.objects.count()) == ("reason", 0)


def test_a_key_waits_for_its_announcement_its_notice_and_its_checkpoint(first, staff):
    key = new_key()
    assert refused(key) == KeyNotAnnounced.ANOTHER
    announce(staff, key)
    next_checkpoint()
    assert refused(key) == KeyNotAnnounced.LATER
    clock.move_to(clock.now() + NOTICE)
    assert rotate_key(key).announcement.kid == key.kid


def test_a_key_waits_for_the_checkpoint_that_covers_its_announcement(first, staff):
    key = new_key()
    announce(staff, key)
    clock.move_to(clock.now() + NOTICE)
    assert refused(key) == KeyNotAnnounced.UNCOVERED
    next_checkpoint()
    rotate_key(key)


def test_of_two_announcements_the_later_counts(first, staff):
    one, other = new_key(), new_key()
    announce(staff, one)
    announce(staff, other)
    clock.move_to(clock.now() + NOTICE)
    next_checkpoint()
    assert refused(one) == KeyNotAnnounced.ANOTHER
    rotate_key(other)


def test_until_the_market_restarts_with_its_key_it_signs_no_checkpoint(first, staff):
    rotate(staff, new_key())
    signed = Checkpoint.objects.count()
    with pytest.raises(KeyNotInForce):
        next_checkpoint()
    assert Checkpoint.objects.count() == signed


def test_a_key_that_nobody_announced_signs_no_checkpoint(first, staff, restarted):
    restarted(new_key())
    with pytest.raises(KeyNotInForce):
        next_checkpoint()
    with pytest.raises(KeyNotInForce):  # nor hands it over to another
        announce_key(
            actor=staff[1],
            verifier_key=stated(new_key()),
            reason=REASON,
            is_emergency=False,
            first_person=staff[0].identifier,
        )
    assert (Checkpoint.objects.count(), MarketKey.objects.count(), KeyAnnouncement.objects.count()) == (
        1,
        1,
        0,
    )


def test_a_lost_key_is_replaced_at_once_and_the_history_shows_it(first, staff, restarted, api):
    following = new_key()
    restarted(new_key())  # what was in force is lost
    row = announce(staff, following, is_emergency=True)
    assert (row.handover, row.effective_from) == ("", row.announced_at)
    rotate_key(following)
    restarted(following)
    next_checkpoint()
    record = EvidenceRecord.objects.get(kind="evidence.key_rotated")
    assert (MarketKey.objects.last().handover, record.payload["is_handed_over"]) == ("", False)
    assert (verify_log().faults, unexplained_rows()) == ([], [])
    shown = api.get("/api/v1/evidence/keys/").json()["keys"]
    assert [key["is_emergency"] for key in shown] == [False, True]


def test_neither_an_unannounced_key_nor_one_replaced_in_an_emergency_signs(first, staff, restarted):
    keys.SIGNING_ALLOWED_UNTIL.clear()
    own, following = keys.market_key(), new_key()
    assert signatures.verify(signatures.sign({"a": 1})) == {"a": 1}
    restarted(new_key())
    with pytest.raises(KeyNotInForce):
        signatures.sign({"a": 2})
    restarted(own)
    announce(staff, following, is_emergency=True)
    rotate_key(following)
    keys.SIGNING_ALLOWED_UNTIL.clear()
    with pytest.raises(KeyNotInForce):
        signatures.sign({"a": 3})
    restarted(following)
    assert signatures.verify(signatures.sign({"a": 4})) == {"a": 4}


def test_after_a_handover_what_was_not_restarted_still_signs_statements(first, staff):
    rotate(staff, new_key())
    keys.SIGNING_ALLOWED_UNTIL.clear()
    assert signatures.verify(signatures.sign({"a": 1})) == {"a": 1}


def test_outsiders_follow_a_handover_and_no_emergency(first, staff, restarted, api):
    trusted, following, emergency = stated(keys.market_key()), new_key(), new_key()
    rotate(staff, following)
    restarted(following)
    announce(staff, emergency, is_emergency=True)
    rotate_key(emergency)
    history = api.get("/log/keys.json").content
    found = verify.follow_handovers([verify.read_key(trusted)], history.decode())
    assert found == [verify.read_key(text) for text in (trusted, stated(following))]
    assert witness.follow_handovers([trusted], history) == [trusted, stated(following)]
    stranger = stated(new_key())
    assert witness.follow_handovers([stranger], history) == [stranger]
    assert witness.follow_handovers([trusted], b"garbage") == [trusted]


def test_a_signature_by_a_key_of_nobody_is_named(db, restarted):
    own = keys.market_key()
    restarted(new_key())
    signed = signatures.sign({"a": 1})
    restarted(own)
    with pytest.raises(KeyUnknown):
        signatures.verify(signed)
    assert issubclass(KeyUnknown, SignatureInvalid)


def test_the_database_takes_no_key_that_two_people_did_not_announce(first, staff):
    announced = announce(staff, new_key())

    def enter(key: OKPKey, announcement: str, handover: str = "''"):
        row = keys.new_row(key)

        def attack() -> None:
            run("UPDATE evidence_marketkey SET until = clock_timestamp()")
            run(
                "INSERT INTO evidence_marketkey (public_id, kid, name, key_id, public_key, handover, announcement_id, since)"
                f" SELECT 'mky_x', %s, %s, %s, %s, {handover}, {announcement}, max(until) FROM evidence_marketkey",
                row.kid, row.name, row.key_id, row.public_key,
            )  # fmt: skip

        return attack

    assert_refused(enter(new_key(), "NULL"), because="two people announced last")
    assert_refused(enter(new_key(), str(announced.pk)), because="two people announced last")
    assert MarketKey.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "because"),
    [
        ({"announced_by": "first_person"}, "announcement_by_two"),
        ({"announced_by": "'usr_nobody'"}, "no natural person"),
        ({"first_person": "'usr_nobody'"}, "no natural person"),
        ({"is_emergency": "true"}, "announcement_handed_over"),
        ({"handover": "''"}, "announcement_handed_over"),
        ({"effective_from": "announced_at - interval '1 hour'"}, "announcement_handed_over"),
        ({"key_id": "'00000000'"}, "another identifier"),
        ({"public_key": "sha256('x')"}, "another identifier"),
        ({"kid": "(SELECT kid FROM evidence_marketkey)"}, "has signed before"),
        ({"salt": "'x'"}, "salt"),
    ],
)
def test_the_database_takes_no_other_announcement(first, staff, changes, because):
    key = announce(staff, new_key())
    other = keys.new_row(new_key())
    values = {
        "public_id": "'kan_x'",
        "kid": "%(kid)s",
        "key_id": "%(key_id)s",
        "public_key": "%(public_key)s",
        "announced_at": "public.business_now()",
        "effective_from": "public.business_now() + interval '2 days'",
        **{
            name: name
            for name in ("name", "handover", "is_emergency", "reason", "salt", "first_person", "announced_by")
        },
        **changes,
    }

    def attack() -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO evidence_keyannouncement ({', '.join(values)})"
                f" SELECT {', '.join(values.values())} FROM evidence_keyannouncement WHERE id = %(id)s",
                {"id": key.pk, "kid": other.kid, "key_id": other.key_id, "public_key": other.public_key},
            )

    assert_refused(attack, because=because)
    assert_refused(lambda: run("UPDATE evidence_keyannouncement SET reason = 'x'"), because="append-only")
    assert KeyAnnouncement.objects.count() == 1


def test_a_handover_that_the_old_key_did_not_sign_is_named(first, staff):
    row = rotate(staff, new_key())
    forged = signatures.sign_bytes(new_key(), b"{}")
    with unguarded("evidence_marketkey", "evidence_keyannouncement"):
        run("UPDATE evidence_marketkey SET handover = %s WHERE kid = %s", forged, row.kid)
        run("UPDATE evidence_keyannouncement SET handover = %s", forged)
    assert verify_log().faults == [
        f"no key of the market handed over to the announced key {row.kid}",
        f"the market's key {row.kid} was not handed over by the key before it",
    ]


@pytest.mark.parametrize("change", ["announcement_id = NULL", "handover = 'x'", "kid = 'x'"])
def test_a_key_that_nobody_announced_is_named(first, staff, change):
    row = rotate(staff, new_key())
    with unguarded("evidence_marketkey"):
        run(f"UPDATE evidence_marketkey SET {change} WHERE id = {row.pk}")
    row.refresh_from_db()
    assert f"the market's key {row.kid} is not the one that two people announced" in verify_log().faults


def test_a_checkpoint_by_a_key_that_was_not_in_force_is_named(first, staff):
    row = rotate(staff, new_key())
    with unguarded("evidence_marketkey"):
        run("UPDATE evidence_marketkey SET since = since - interval '1 day' WHERE until IS NOT NULL")
        run(
            "UPDATE evidence_marketkey SET until = since + interval '1 minute' WHERE until IS NOT NULL",
        )
    faults = verify_log().faults
    old = keys.market_key().kid
    assert f"checkpoint {first.public_id} is signed by key {old}, which was not in force then" in faults
    assert f"the market's key {row.kid} does not begin when the key before it ends" in faults


def test_a_key_without_its_record_is_named(first, staff):
    row = rotate(staff, new_key())
    with unguarded("evidence_evidencerecord"):
        run("DELETE FROM evidence_evidencerecord WHERE kind = 'evidence.key_rotated'")
    assert [found["table"] for found in unexplained_rows()] == ["evidence_marketkey"]
    assert row.kid in unexplained_rows()[0]["stated"]


def test_an_announcement_without_its_record_is_named(first, staff):
    row = announce(staff, new_key())
    with unguarded("evidence_evidencerecord"):
        run("DELETE FROM evidence_evidencerecord WHERE kind = 'evidence.key_announced'")
    (found,) = unexplained_rows()
    assert (found["table"], row.kid in found["stated"]) == ("evidence_keyannouncement", True)


def test_the_command_shows_and_enters_the_key_of_a_file(first, staff, tmp_path, capsys):
    file, following = tmp_path / "next.jwk", new_key()
    file.write_text(json.dumps(following.as_dict(private=True)))
    call_command("rotate_market_key", file, "--show")
    assert capsys.readouterr().out.strip() == stated(following)
    with pytest.raises(CommandError, match="announced last"):
        call_command("rotate_market_key", file)
    announce(staff, following)
    clock.move_to(clock.now() + NOTICE)
    next_checkpoint()
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
