"""Checkpoints are timestamped by an authority that is not the market, and nothing is kept that it did not state."""

from __future__ import annotations

import hashlib
import subprocess
from datetime import timedelta

import pytest
from django.db import connection

from marketplace.evidence import services
from marketplace.evidence.models import CheckpointTimestamp
from marketplace.evidence.timestamp_errors import AuthorityMisconfigured, TimestampRefused
from marketplace.evidence.timestamps import faults_of_timestamps, keep_timestamp, question_about
from marketplace.jobs.kinds import Work, report_nothing
from marketplace.jobs.models import Job
from marketplace.jobs.runner import run_due
from marketplace.jobs.services import retry_parked
from marketplace.kernel.actors import SYSTEM
from marketplace.notices.models import Task
from marketplace.notices.pipe import watch_parked
from marketplace.oversight.timestamps.jobs import STAMP, ask_for_timestamps, stamp_checkpoint
from tests.participants import factories as participants
from tests.roles import assert_refused, unguarded

from .authorities import POLICY, Signer, another_question, serving
from .factories import run, seal_rest, write

REPLY = "application/timestamp-reply"
NOTHING = "the log has no such timestamp"


@pytest.fixture(scope="module")
def signer(tmp_path_factory):
    return Signer(tmp_path_factory.mktemp("authority") / "first")


@pytest.fixture
def authority(signer, settings):
    with serving(signer) as serving_now:
        settings.TIMESTAMP_AUTHORITY_URL = serving_now.url
        settings.TIMESTAMP_AUTHORITY_CERTIFICATES = str(signer.pinned)
        settings.TIMESTAMP_SILENT_SECONDS_MAX = 0.5
        yield serving_now


@pytest.fixture
def checkpoint(committed_database):
    write("a")
    seal_rest()
    return services.checkpoint()


def stamp(checkpoint) -> None:
    stamp_checkpoint(Work("job_1", checkpoint.public_id, {}, 1, report_nothing))


def refused(checkpoint) -> str:
    """The code of the refusal, after which nothing is kept."""
    with pytest.raises(TimestampRefused) as refusal:
        stamp(checkpoint)
    assert CheckpointTimestamp.objects.count() == 0
    return refusal.value.code


def test_a_checkpoint_is_stamped_and_openssl_verifies_what_is_served(
    authority, checkpoint, signer, api, tmp_path
):
    ask_for_timestamps()
    assert run_due("mail", seconds=5) == 1
    row = CheckpointTimestamp.objects.get(checkpoint=checkpoint)
    assert bytes(row.imprint) == hashlib.sha256(checkpoint.note.encode()).digest()
    assert (row.policy, row.authority) == (POLICY, "CN=Test authority")
    assert list(faults_of_timestamps()) == []
    note, answer = api.get("/log/stamped"), api.get(f"/log/timestamp/{checkpoint.size}.tsr")
    pinned = api.get("/log/timestamp/authority.pem")
    assert (answer["Content-Type"], answer["Cache-Control"]) == (REPLY, "public, max-age=31536000, immutable")
    assert pinned.content == signer.pinned.read_bytes()
    for name, served in (("stamped", note), ("stamped.tsr", answer), ("authority.pem", pinned)):
        (tmp_path / name).write_bytes(served.content)
    command = [
        "openssl",
        "ts",
        "-verify",
        "-data",
        "stamped",
        "-in",
        "stamped.tsr",
        "-CAfile",
        "authority.pem",
    ]
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "Verification: OK" in said.stdout + said.stderr
    (shown,) = api.get("/api/v1/evidence/checkpoints/").json()["results"]
    assert (shown["timestamping"], shown["timestamp"]["id"]) == ("stamped", row.public_id)


def test_a_market_without_an_authority_says_none(checkpoint, api):
    assert ask_for_timestamps() == 0
    stamp(checkpoint)
    (shown,) = api.get("/api/v1/evidence/checkpoints/").json()["results"]
    assert (shown["timestamping"], shown["timestamp"]) == ("none", None)
    for path in ("stamped", f"timestamp/{checkpoint.size}.tsr", f"timestamp/{2**70}.tsr"):
        answer = api.get(f"/log/{path}")
        assert (answer.status_code, answer.content.decode()) == (404, f"none: {NOTHING}\n")
    assert api.get("/log/timestamp/authority.pem").status_code == 404
    assert (Job.objects.count(), CheckpointTimestamp.objects.count()) == (0, 0)


def test_each_checkpoint_is_asked_about_once(authority, checkpoint):
    assert [ask_for_timestamps(), ask_for_timestamps(), Job.objects.count()] == [1, 1, 1]
    run_due("mail", seconds=5)
    stamp(checkpoint)
    assert (ask_for_timestamps(), len(authority.asked)) == (0, 1)


def test_an_answer_about_something_else_is_refused(authority, checkpoint, signer):
    authority.behave = lambda _: (200, REPLY, signer.reply(another_question()))
    assert refused(checkpoint) == "imprint_differs"


def test_an_answer_to_another_question_is_refused(authority, checkpoint, signer):
    same = another_question(checkpoint.note.encode())
    authority.behave = lambda _: (200, REPLY, signer.reply(same))
    assert refused(checkpoint) == "nonce_differs"


def test_an_answer_that_was_given_before_is_refused(authority, checkpoint, signer):
    earlier = signer.reply(question_about(checkpoint).content)
    authority.behave = lambda _: (200, REPLY, earlier)
    assert refused(checkpoint) == "nonce_differs"


def test_an_authority_that_is_not_pinned_is_refused(authority, checkpoint, tmp_path):
    other = Signer(tmp_path / "other")
    authority.behave = lambda question: (200, REPLY, other.reply(question))
    assert refused(checkpoint) == "not_trusted"


def test_a_certificate_that_had_ended_is_refused(authority, checkpoint, settings, tmp_path):
    expired = Signer(tmp_path / "expired", expired=True)
    settings.TIMESTAMP_AUTHORITY_CERTIFICATES = str(expired.pinned)
    authority.behave = lambda question: (200, REPLY, expired.reply(question))
    assert refused(checkpoint) == "not_trusted"


@pytest.mark.parametrize("hours", [-1, 1])
def test_an_answer_of_another_hour_is_refused(authority, checkpoint, signer, settings, hours):
    # Four programs make this answer.
    settings.TIMESTAMP_SILENT_SECONDS_MAX = 30

    def behave(question):
        return 200, REPLY, signer.reply_at_another_time(question, timedelta(hours=hours))

    authority.behave = behave
    assert refused(checkpoint) == "time_differs"
    # All else is right: within the clocks' difference it is kept.
    authority.behave = lambda question: (
        200,
        REPLY,
        signer.reply_at_another_time(question, timedelta(minutes=1)),
    )
    stamp(checkpoint)
    assert CheckpointTimestamp.objects.count() == 1


def test_a_run_reads_the_pinned_certificates_once(authority, checkpoint, tmp_path, settings):
    """Among many timestamps: the file may change meanwhile, and is parsed for none of them anew."""
    stamp(checkpoint)
    write("b")
    seal_rest()
    stamp(services.checkpoint())
    assert CheckpointTimestamp.objects.count() == 2
    Signer(tmp_path / "other")
    with unguarded("evidence_checkpointtimestamp"):
        run("UPDATE evidence_checkpointtimestamp SET serial = '77'")
    faults = faults_of_timestamps()
    assert next(faults).endswith("its row states something else")
    settings.TIMESTAMP_AUTHORITY_CERTIFICATES = str(tmp_path / "other" / "pinned.pem")
    (rest,) = faults
    assert rest.endswith("its row states something else")


def test_a_rejection_is_refused(authority, checkpoint, settings):
    settings.TIMESTAMP_HASH = "sha512"  # the authority takes SHA-256 only
    assert refused(checkpoint) == "status_rejected"


def with_status(answer: bytes, status: int) -> bytes:
    """The answer with another status, which nothing signs."""
    before, granted, after = answer.partition(b"\x30\x03\x02\x01\x00")
    assert (len(before), len(granted)) == (4, 5)
    return before + granted[:-1] + bytes([status]) + after


def test_an_answer_that_is_granted_with_modifications_is_kept_and_verified(authority, checkpoint, signer):
    authority.behave = lambda question: (200, REPLY, with_status(signer.reply(question), 1))
    stamp(checkpoint)
    kept = CheckpointTimestamp.objects.get()
    assert bytes(kept.answer)[4:9] == b"\x30\x03\x02\x01\x01"
    assert list(faults_of_timestamps()) == []
    with unguarded("evidence_checkpointtimestamp"):
        run("UPDATE evidence_checkpointtimestamp SET answer = set_byte(answer, octet_length(answer) - 1, 0)")
    (fault,) = faults_of_timestamps()
    assert "not_trusted" in fault


@pytest.mark.parametrize("status", [2, 3, 4, 5, 9])
def test_no_other_status_is_taken_even_with_a_token(authority, checkpoint, signer, status):
    authority.behave = lambda question: (200, REPLY, with_status(signer.reply(question), status))
    assert refused(checkpoint) == "status_rejected"


def test_a_changed_answer_is_refused(authority, checkpoint, signer):
    def behave(question):
        answer = signer.reply(question)
        return 200, REPLY, answer[:-1] + bytes([answer[-1] ^ 1])

    authority.behave = behave
    assert refused(checkpoint) == "not_trusted"


def test_another_policy_than_the_settings_name_is_refused(authority, checkpoint, settings):
    settings.TIMESTAMP_POLICY = "1.3.6.1.4.1.99999.2"
    assert refused(checkpoint) == "policy_differs"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ((200, REPLY, b""), "unreadable"),
        ((200, REPLY, b"garbage"), "unreadable"),
        ((200, REPLY, b"\x30\x05\x30\x03\x02\x01\x00"), "unreadable"),
        ((200, REPLY, b"\x30\x84\xff\xff\xff\xff" + b"\x30" * 9_000), "unreadable"),
        ((200, "text/html", b"<p>login"), "unreadable"),
        ((200, REPLY, b"x" * 70_000), "too_large"),
        ((302, REPLY, b""), "unreachable"),
        ((500, REPLY, b""), "unreachable"),
    ],
)
def test_what_is_no_timestamp_is_refused(authority, checkpoint, answer, code):
    authority.behave = lambda _: answer
    assert refused(checkpoint) == code
    assert len(authority.asked) == 1


def test_a_slow_authority_is_given_up(authority, checkpoint):
    authority.slowly = 1.5
    assert refused(checkpoint) == "unreachable"


def test_while_the_authority_is_down_nothing_else_stands_still(authority, checkpoint, settings):
    settings.TIMESTAMP_AUTHORITY_URL = "http://127.0.0.1:9/"
    ask_for_timestamps()
    assert run_due("mail", seconds=5) == 1
    job = Job.objects.get(kind=STAMP.name)
    assert (job.state, job.attempts) == ("queued", 1)
    assert "unreachable" in job.error
    write("b")
    seal_rest()
    assert services.checkpoint().size > checkpoint.size
    settings.TIMESTAMP_AUTHORITY_URL = authority.url
    ask_for_timestamps()
    run_due("mail", seconds=5)
    assert CheckpointTimestamp.objects.count() == 1


def test_after_its_attempts_a_job_is_parked_for_the_operator(authority, checkpoint):
    authority.behave = lambda _: (200, REPLY, b"garbage")
    ask_for_timestamps()
    for _ in range(STAMP.attempts_max):
        Job.objects.update(due_at="2020-01-01T00:00:00Z")
        run_due("mail", seconds=5)
    assert (Job.objects.get().state, CheckpointTimestamp.objects.count()) == ("parked", 0)


def test_while_the_authority_is_down_the_operator_has_one_task(authority, checkpoint):
    operator, answering = participants.operator(), authority.behave
    authority.behave = lambda _: (500, REPLY, b"")

    def park() -> list[str]:
        """The tasks after one more checkpoint waited in vain."""
        ask_for_timestamps()
        for _ in range(STAMP.attempts_max):
            Job.objects.filter(kind=STAMP.name, state="queued").update(due_at="2020-01-01T00:00:00Z")
            run_due("mail", seconds=5)
        watch_parked()
        tasks = Task.objects.filter(organisation=operator, kind="repair", state="open")
        return list(tasks.values_list("subject", flat=True))

    assert park() == [STAMP.name]
    for name in ("b", "c"):
        write(name)
        seal_rest()
        services.checkpoint()
        assert park() == [STAMP.name]
    parked = Job.objects.filter(kind=STAMP.name, state="parked")
    assert parked.count() == 3
    authority.behave = answering
    for job in parked:
        retry_parked(actor=SYSTEM, job=job.public_id)
    run_due("mail", seconds=5)
    watch_parked()
    assert CheckpointTimestamp.objects.count() == 3
    assert not Task.objects.filter(kind="repair", state="open").exists()


def test_certificates_that_cannot_be_read_are_named(authority, checkpoint, settings, tmp_path):
    settings.TIMESTAMP_AUTHORITY_CERTIFICATES = str(tmp_path / "missing.pem")
    with pytest.raises(AuthorityMisconfigured, match=r"missing\.pem"):
        stamp(checkpoint)
    assert CheckpointTimestamp.objects.count() == 0


def test_the_settings_may_hold_the_certificates_themselves(authority, checkpoint, settings, signer):
    settings.TIMESTAMP_AUTHORITY_CERTIFICATES = signer.pinned.read_text().replace("\n", "\\n")
    stamp(checkpoint)
    assert CheckpointTimestamp.objects.count() == 1


COLUMNS = "public_id, checkpoint_id, hash_algorithm, imprint, serial, policy, nonce, authority, answer, stated_at, received_at"


@pytest.mark.parametrize(
    ("changes", "because"),
    [
        ({"imprint": "sha256('x')"}, "is not of the note"),
        ({"answer": "sha256('x')"}, "is not of the note"),
        ({"hash_algorithm": "'sha512'"}, "is not of the note"),
        ({"stated_at": "now() - interval '1 day'"}, "states a time"),
        ({"stated_at": "now() + interval '1 day'"}, "states a time"),
        ({"received_at": "now() - interval '1 day'"}, "states a time|moment"),
    ],
)
def test_the_database_takes_no_other_timestamp(authority, checkpoint, signer, changes, because):
    question = question_about(checkpoint)
    answer = signer.reply(question.content)
    values = {
        "public_id": "'tst_x'",
        "checkpoint_id": str(checkpoint.pk),
        "hash_algorithm": "'sha256'",
        "imprint": "sha256(%(note)s)",
        "answer": "%(answer)s",
        "stated_at": "now()",
        "received_at": "clock_timestamp()",
        **dict.fromkeys(("serial", "policy", "nonce", "authority"), "'1'"),
        **changes,
    }
    stated = ", ".join(values[name] for name in COLUMNS.split(", "))

    def attack() -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO evidence_checkpointtimestamp ({COLUMNS}) VALUES ({stated})",
                {"note": checkpoint.note.encode(), "answer": answer},
            )

    assert_refused(attack, because=because)
    assert CheckpointTimestamp.objects.count() == 0
    row = keep_timestamp(checkpoint=checkpoint, question=question, answer=answer)
    assert_refused(lambda: run("UPDATE evidence_checkpointtimestamp SET serial = '9'"), because="append-only")
    assert_refused(lambda: run("DELETE FROM evidence_checkpointtimestamp"), because="append-only")
    assert CheckpointTimestamp.objects.get() == row


def test_a_timestamp_that_the_authority_did_not_give_is_named(authority, checkpoint):
    stamp(checkpoint)
    with unguarded("evidence_checkpointtimestamp"):
        run("UPDATE evidence_checkpointtimestamp SET answer = set_byte(answer, octet_length(answer) - 1, 0)")
    (fault,) = faults_of_timestamps()
    assert fault.startswith(f"the timestamp of checkpoint {checkpoint.public_id} is not valid: not_trusted")


@pytest.mark.parametrize("change", ["serial = '77'", "stated_at = stated_at - interval '1 hour'"])
def test_a_row_that_says_something_else_than_the_authority_is_named(authority, checkpoint, change):
    stamp(checkpoint)
    with unguarded("evidence_checkpointtimestamp"):
        run(f"UPDATE evidence_checkpointtimestamp SET {change}")
    (fault,) = faults_of_timestamps()
    assert fault.endswith("its row states something else")


@pytest.mark.parametrize(
    ("stated", "because"),
    [
        ("", "TIMESTAMP_AUTHORITY_CERTIFICATES is empty: set it to the certificates"),
        (" ", "TIMESTAMP_AUTHORITY_CERTIFICATES is empty: set it to the certificates"),
        (
            "/nowhere/pinned.pem",
            "TIMESTAMP_AUTHORITY_CERTIFICATES (/nowhere/pinned.pem): [Errno 2] No such file",
        ),
    ],
)
def test_timestamps_that_nothing_pinned_verifies_are_named_once(
    authority, checkpoint, settings, stated, because
):
    stamp(checkpoint)
    write("b")
    seal_rest()
    stamp(services.checkpoint())
    assert CheckpointTimestamp.objects.count() == 2
    settings.TIMESTAMP_AUTHORITY_URL = ""
    settings.TIMESTAMP_AUTHORITY_CERTIFICATES = stated
    (fault,) = faults_of_timestamps()
    assert fault.startswith(f"timestamps of checkpoints are kept, and none can be verified: {because}")


def test_without_timestamps_nothing_needs_to_be_pinned(checkpoint, settings):
    settings.TIMESTAMP_AUTHORITY_CERTIFICATES = ""
    assert list(faults_of_timestamps()) == []


def test_a_timestamp_by_a_certificate_that_is_pinned_no_more_is_named(
    authority, checkpoint, settings, tmp_path
):
    stamp(checkpoint)
    settings.TIMESTAMP_AUTHORITY_CERTIFICATES = str(Signer(tmp_path / "other").pinned)
    (fault,) = faults_of_timestamps()
    assert "no pinned certificate" in fault
