"""Witnesses are registered by who they belong to, and their cosignatures are verified, kept and shown."""

from __future__ import annotations

import base64
import time

import pytest
from django.conf import settings as market

from clearing.approvals.witnesses import end_witness_by_right, register_witness_by_right
from marketplace.approvals.errors import SecondPersonNeeded
from marketplace.evidence import cosignatures, services
from marketplace.evidence.cosignatures import cosign, cosigned_note, faults_of_cosignatures
from marketplace.evidence.models import Cosignature, EvidenceRecord, Witness
from marketplace.evidence.row_records import unexplained_rows
from marketplace.evidence.verifier_keys import COSIGNATURE, ED25519, verifier_key
from marketplace.evidence.witness_errors import TooManyWitnesses, WitnessEnded, WitnessTaken
from marketplace.evidence.witness_models import LIVE_MAX
from marketplace.evidence.witnesses import end_witness, register_witness
from marketplace.kernel.errors import FieldInvalid, Forbidden, Missing, PermissionNeeded
from tests.participants import factories as participants
from tests.roles import assert_refused, unguarded

from .factories import run, seal_all, write
from .observers import Observer

WITNESSES = "/api/v1/evidence/witnesses/"
COSIGNATURES = "/api/v1/evidence/cosignatures/"


@pytest.fixture
def observer():
    return Observer()


@pytest.fixture
def manager(committed_database):
    """Who manages the keys of a participant."""
    return participants.member_for(participants.organisation(), "usr_keys")


@pytest.fixture
def staff(committed_database):
    """Two people of the operator."""
    operator = participants.operator()
    return [participants.actor_for(operator, name) for name in ("usr_one", "usr_two")]


@pytest.fixture
def checkpoint(committed_database):
    write("a")
    seal_all()
    return services.checkpoint()


def nothing_registered() -> bool:
    kinds = EvidenceRecord.objects.filter(kind__startswith="evidence.witness")
    return (Witness.objects.count(), kinds.count()) == (0, 0)


def test_a_participant_registers_and_ends_its_own_witness(manager, observer):
    row = register_witness_by_right(actor=manager, verifier_key=observer.verifier_key)
    assert (row.name, row.organisation, row.first_person) == (observer.name, manager.organisation, "")
    ended = end_witness_by_right(actor=manager, witness=row.public_id)
    assert (ended.ended_by, ended.until is not None) == (manager.identifier, True)
    records = EvidenceRecord.objects.filter(subject=row.public_id).order_by("pk")
    assert [record.kind for record in records] == ["evidence.witness_registered", "evidence.witness_ended"]
    assert unexplained_rows() == []
    with pytest.raises(WitnessEnded):
        end_witness_by_right(actor=manager, witness=row.public_id)
    with pytest.raises(WitnessTaken):
        register_witness_by_right(actor=manager, verifier_key=observer.verifier_key)


def test_a_third_party_s_witness_takes_two_people_of_the_operator(staff, observer):
    first, second = staff
    for _ in range(2):
        with pytest.raises(SecondPersonNeeded):
            register_witness_by_right(actor=first, verifier_key=observer.verifier_key)
    assert nothing_registered()
    row = register_witness_by_right(actor=second, verifier_key=observer.verifier_key)
    assert (row.organisation, row.first_person, row.registered_by) == (
        "",
        first.identifier,
        second.identifier,
    )
    with pytest.raises(SecondPersonNeeded):
        end_witness_by_right(actor=second, witness=row.public_id)
    row.refresh_from_db()
    assert row.until is None
    assert end_witness_by_right(actor=first, witness=row.public_id).ended_first_person == second.identifier
    assert unexplained_rows() == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "witness.example",
        "witness.example+00000000+AAAA",
        "witness.example+zzzzzzzz+BAAA",
        "a b+00000000+" + base64.b64encode(b"\4" + b"1" * 32).decode(),
        verifier_key("log.example", ED25519, b"1" * 32),
        "x" * 300,
        verifier_key(market.EVIDENCE_ORIGIN, COSIGNATURE, b"1" * 32),
    ],
)
def test_what_is_no_key_of_a_witness_is_refused(manager, text):
    with pytest.raises(FieldInvalid) as refusal:
        register_witness(actor=manager, verifier_key=text)
    assert refusal.value.name == "verifier_key"
    assert nothing_registered()


def test_a_name_lives_once_and_an_organisation_has_few(manager, observer):
    register_witness(actor=manager, verifier_key=observer.verifier_key)
    with pytest.raises(WitnessTaken):
        register_witness(actor=manager, verifier_key=Observer().verifier_key)
    for number in range(LIVE_MAX - 1):
        register_witness(actor=manager, verifier_key=Observer(f"w{number}").verifier_key)
    with pytest.raises(TooManyWitnesses):
        register_witness(actor=manager, verifier_key=Observer("more").verifier_key)
    assert Witness.objects.count() == LIVE_MAX


def test_another_s_witness_is_missing(manager, staff, observer):
    row = register_witness(actor=manager, verifier_key=observer.verifier_key)
    stranger = participants.member_for(participants.organisation("B"), "usr_stranger")
    for actor in (stranger, *staff):
        with pytest.raises(Missing):
            end_witness_by_right(actor=actor, witness=row.public_id)
    row.refresh_from_db()
    assert row.until is None


def test_programs_and_others_register_none(manager, staff, observer):
    program = participants.actor_for(participants.organisation("B"))
    auditor = participants.actor_of(participants.person_of(participants.organisation("C"), "c", ("auditor",)))
    with pytest.raises(Forbidden):
        register_witness(actor=program, verifier_key=observer.verifier_key)
    with pytest.raises(PermissionNeeded):
        register_witness(actor=auditor, verifier_key=observer.verifier_key)
    with pytest.raises(Forbidden):
        register_witness(actor=staff[0], verifier_key=observer.verifier_key, first_person=staff[0].identifier)
    assert nothing_registered()


INSERT = (
    "INSERT INTO evidence_witness (public_id, name, key_id, public_key, organisation, registered_by, first_person,"
    " ended_by, ended_first_person, since) VALUES ('wit_1', 'w', {key_id}, sha256('w'), '{organisation}', '{by}', '{first}',"
    " '', '', {since})"
)
KEY_ID = "encode(substr(sha256('\\x770a04'::bytea || sha256('w')), 1, 4), 'hex')"


@pytest.mark.parametrize(
    ("changes", "because"),
    [
        ({"key_id": "'00000000'"}, "another key identifier"),
        ({"first": ""}, "witness_by_two"),
        ({"first": "usr_two"}, "witness_by_two"),
        ({"first": "usr_keys"}, "no natural person who may do this"),
        ({"by": "usr_keys"}, "no natural person who may do this"),
        ({"by": "app_1"}, "no natural person who may do this"),
        ({"organisation": "{org}", "first": ""}, "no natural person who may do this"),
        ({"since": "now() - interval '1 day'"}, "not that of the clock"),
    ],
)
def test_the_database_knows_who_registers_a_witness(manager, staff, changes, because):
    stated = {
        "key_id": KEY_ID,
        "organisation": "",
        "by": "usr_two",
        "first": "usr_one",
        "since": "now()",
    } | changes
    stated["organisation"] = stated["organisation"].format(org=manager.organisation)
    assert_refused(lambda: run(INSERT.format(**stated)), because=because)
    assert Witness.objects.count() == 0


OWN = {"key_id": KEY_ID, "first": "", "since": "now()"}


def test_the_database_counts_the_witnesses_of_an_organisation(manager):
    for number in range(LIVE_MAX):
        register_witness(actor=manager, verifier_key=Observer(f"w{number}").verifier_key)
    raw = INSERT.format(organisation=manager.organisation, by=manager.identifier, **OWN)
    assert_refused(lambda: run(raw), because="has 3 witnesses")
    assert Witness.objects.count() == LIVE_MAX


def test_an_affiliate_of_the_operator_has_no_witness(manager, observer):
    with unguarded("participants_organisation"):
        run(
            f"UPDATE participants_organisation SET operator_affiliate = true WHERE public_id = '{manager.organisation}'"
        )
    with pytest.raises(Forbidden):
        register_witness(actor=manager, verifier_key=observer.verifier_key)
    raw = INSERT.format(organisation=manager.organisation, by=manager.identifier, **OWN)
    assert_refused(lambda: run(raw), because="no natural person who may do this")
    assert nothing_registered()


def test_a_cosignature_is_kept_once_and_stands_in_the_note(manager, observer, checkpoint, api):
    row = register_witness(actor=manager, verifier_key=observer.verifier_key)
    line = observer.line(checkpoint.note)
    for _ in range(2):
        answer = api.post(COSIGNATURES, {"size": checkpoint.size, "cosignature": line})
        assert (answer.status_code, answer.json()["witness"], answer.json()["line"]) == (
            201,
            row.public_id,
            line,
        )
    assert Cosignature.objects.count() == 1
    assert (
        api.get("/log/checkpoint").content.decode()
        == f"{checkpoint.note}{line}\n"
        == cosigned_note(checkpoint)
    )
    shown = api.get(f"/api/v1/evidence/checkpoints/{checkpoint.public_id}/").json()
    assert ([found["name"] for found in shown["cosignatures"]], shown["is_witnessed"]) == (
        [observer.name],
        True,
    )
    assert list(faults_of_cosignatures()) == []
    (listed,) = api.get(WITNESSES).json()["results"]
    assert (listed["id"], listed["verifier_key"]) == (row.public_id, observer.verifier_key)


def test_an_organisation_counts_once(manager, checkpoint, api, settings):
    for name in ("w1", "w2"):
        observer = Observer(name)
        register_witness(actor=manager, verifier_key=observer.verifier_key)
        api.post(COSIGNATURES, {"size": checkpoint.size, "cosignature": observer.line(checkpoint.note)})
    assert Cosignature.objects.count() == 2
    settings.PARAMETER_READER = "tests.evidence.test_witnesses.two"
    shown = api.get(f"/api/v1/evidence/checkpoints/{checkpoint.public_id}/").json()
    assert (len(shown["cosignatures"]), shown["is_witnessed"]) == (2, False)
    other = participants.member_for(participants.organisation("B"), "usr_other")
    third = Observer("w3")
    register_witness(actor=other, verifier_key=third.verifier_key)
    api.post(COSIGNATURES, {"size": checkpoint.size, "cosignature": third.line(checkpoint.note)})
    assert api.get(f"/api/v1/evidence/checkpoints/{checkpoint.public_id}/").json()["is_witnessed"] is True


def test_a_note_has_no_more_lines_than_its_readers_read(manager, checkpoint, monkeypatch):
    monkeypatch.setattr(cosignatures, "LINES_MAX", 2)
    other = participants.member_for(participants.organisation("B"), "usr_other")
    for actor, name in ((manager, "w1"), (manager, "w2"), (other, "w3")):
        observer = Observer(name)
        register_witness(actor=actor, verifier_key=observer.verifier_key)
        cosign(size=checkpoint.size, cosignature=observer.line(checkpoint.note))
    lines = cosigned_note(checkpoint).removeprefix(checkpoint.note).splitlines()
    assert [line.split(" ")[1] for line in lines] == ["w1", "w3"]


def test_witnesses_that_the_operator_registers_count_once_and_not_alone(
    manager, staff, checkpoint, api, settings
):
    def cosigned(observer) -> bool:
        line = observer.line(checkpoint.note)
        assert api.post(COSIGNATURES, {"size": checkpoint.size, "cosignature": line}).status_code == 201
        return api.get(f"/api/v1/evidence/checkpoints/{checkpoint.public_id}/").json()["is_witnessed"]

    for name in ("third-1", "third-2"):
        observer = Observer(name)
        with pytest.raises(SecondPersonNeeded):
            register_witness_by_right(actor=staff[0], verifier_key=observer.verifier_key)
        register_witness_by_right(actor=staff[1], verifier_key=observer.verifier_key)
        assert cosigned(observer) is False
    own = Observer("own")
    register_witness(actor=manager, verifier_key=own.verifier_key)
    settings.PARAMETER_READER = "tests.evidence.test_witnesses.two"
    assert cosigned(own) is True
    settings.PARAMETER_READER = "tests.evidence.test_witnesses.three"
    assert cosigned(own) is False


def three(_name: str) -> int:
    """A rulebook that asks for three of everything."""
    return 3


def two(_name: str) -> int:
    """A rulebook that asks for two of everything."""
    return 2


def test_a_checkpoint_that_nobody_signed_is_not_witnessed(checkpoint, api):
    shown = api.get(f"/api/v1/evidence/checkpoints/{checkpoint.public_id}/").json()
    assert (shown["cosignatures"], shown["is_witnessed"]) == ([], False)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda observer, note: "", "invalid|field"),
        (lambda observer, note: "— x", "cosignature_invalid"),
        (lambda observer, note: f"{observer.line(note)}\n{observer.line(note)}", "cosignature_invalid"),
        (lambda observer, note: observer.line(note).replace("witness", "other"), "cosignature_invalid"),
        (lambda observer, note: Observer().line(note), "cosignature_invalid"),
        (lambda observer, note: observer.line(note, body="other\n1\nx\n"), "cosignature_invalid"),
        (lambda observer, note: observer.line(note, moment=int(time.time()) - 3_600), "cosignature_invalid"),
        (lambda observer, note: observer.line(note, moment=int(time.time()) + 3_600), "cosignature_invalid"),
        (lambda observer, note: observer.line(note, moment=2**64 - 1), "cosignature_invalid"),
    ],
)
def test_what_no_witness_signed_is_refused(manager, observer, checkpoint, api, change, code):
    register_witness(actor=manager, verifier_key=observer.verifier_key)
    answer = api.post(
        COSIGNATURES, {"size": checkpoint.size, "cosignature": change(observer, checkpoint.note)}
    )
    assert answer.status_code in (400, 422)
    assert code != "cosignature_invalid" or answer.json()["code"] == code
    assert Cosignature.objects.count() == 0


def test_a_checkpoint_that_is_not_there_is_not_cosigned(manager, observer, checkpoint, api):
    register_witness(actor=manager, verifier_key=observer.verifier_key)
    line = observer.line(checkpoint.note)
    assert api.post(COSIGNATURES, {"size": 999_999, "cosignature": line}).status_code == 404
    assert api.post(COSIGNATURES, {"size": 0, "cosignature": line}).status_code == 422
    assert Cosignature.objects.count() == 0


def test_a_witness_that_was_ended_signs_no_more_and_what_it_signed_stays(manager, observer, checkpoint, api):
    row = register_witness(actor=manager, verifier_key=observer.verifier_key)
    body = {"size": checkpoint.size, "cosignature": observer.line(checkpoint.note)}
    assert api.post(COSIGNATURES, body).status_code == 201
    end_witness(actor=manager, witness=row.public_id)
    assert api.post(COSIGNATURES, body).json()["code"] == "cosignature_invalid"
    assert observer.name in api.get("/log/checkpoint").content.decode()
    insert = "INSERT INTO evidence_cosignature (checkpoint_id, witness_id, signed_at, signature) VALUES (%s, %s, %s, %s)"
    values = (checkpoint.pk, row.pk, 1, b"1" * 64)
    assert_refused(lambda: run(insert, *values), because="does not cosign any more|cosigned_once")


def test_a_cosignature_that_the_witness_did_not_make_is_named(manager, observer, checkpoint, api):
    row = register_witness(actor=manager, verifier_key=observer.verifier_key)
    api.post(COSIGNATURES, {"size": checkpoint.size, "cosignature": observer.line(checkpoint.note)})
    with unguarded("evidence_cosignature"):
        run("UPDATE evidence_cosignature SET signed_at = signed_at + 1")
    assert list(faults_of_cosignatures()) == [
        f"the cosignature of checkpoint {checkpoint.public_id} by witness {row.public_id} is not valid"
    ]
    assert_refused(lambda: run("UPDATE evidence_cosignature SET signed_at = 1"), because="append-only")


def test_participants_and_the_operator_register_by_the_api(committed_database, observer):
    client = participants.client_of(participants.organisation())
    made = client.post(WITNESSES, {"verifier_key": observer.verifier_key})
    assert (made.status_code, made.json()["until"]) == (201, None)
    ended = client.post(f"{WITNESSES}{made.json()['id']}/end/", {})
    assert (ended.status_code, ended.json()["until"] is not None) == (200, True)
    operator = participants.operator()
    body = {"verifier_key": Observer("third").verifier_key}
    asked = participants.client_of(operator).post(WITNESSES, body)
    assert (asked.status_code, asked.json()["code"]) == (409, "second_person_needed")
    assert participants.client_of(operator).post(WITNESSES, body).status_code == 201
