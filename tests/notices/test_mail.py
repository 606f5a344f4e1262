"""Mail: one a member and thing told, sent once, in the member's language."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest
from django.core import mail as outbox
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection
from django.utils import timezone

from marketplace.jobs import services as jobs
from marketplace.jobs.models import Job
from marketplace.jobs.runner import run_due, run_here
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.labels import Label
from marketplace.notices import queries, services
from marketplace.notices.jobs import SEND_MAIL
from marketplace.notices.models import MailMessage
from marketplace.notices.states import TaskKind
from marketplace.notices.texts import Wording
from marketplace.participants import services as participation
from marketplace.participants.models import User
from tests.participants import factories as parties
from tests.poison import aside, tasks_to_repair
from tests.roles import unguarded

from .factories import mail_to

WORDING = Wording(Label("It happened", "起こりました"), Label("All of it.", "すべて。"))


class BrokenServer(BaseEmailBackend):
    """A mail server that does not answer."""

    def send_messages(self, email_messages):
        raise ConnectionRefusedError("nobody listens")


def member(organisation, address, language="ja"):
    user = participation.add_member(
        actor=SYSTEM, organisation=organisation.public_id, email=address, name="x", roles=("trader",)
    )
    User.objects.filter(pk=user.pk).update(language=language)
    return user


def send(organisation):
    return services.send_notice(organisation_id=organisation.pk, subject="trd_1", wording=WORDING)


@pytest.fixture
def organisation(db):
    subject = parties.organisation()
    member(subject, "ja@example.jp")
    member(subject, "en@example.jp", "en")
    return subject


def test_each_member_gets_one_mail_in_its_language(organisation):
    member(parties.organisation("B"), "other@example.jp")
    send(organisation)
    assert run_due("mail") == 2
    assert run_due("mail") == 0
    assert sorted((message.to[0], message.subject) for message in outbox.outbox) == [
        ("en@example.jp", "It happened"),
        ("ja@example.jp", "起こりました"),
    ]
    (kept,) = mail_to("ja@example.jp")
    assert kept.state == "sent"
    message = next(sent for sent in outbox.outbox if sent.to == ["ja@example.jp"])
    assert message.extra_headers["Message-ID"].startswith(f"<{kept.public_id}@")
    assert message.body.startswith("起こりました\n\nすべて。\n\n")
    assert "trd_1" in message.body
    assert mail_to("other@example.jp") == []


def test_a_mail_takes_few_queries(organisation, django_assert_max_num_queries):
    for _ in range(3):
        send(organisation)
    # Each mail and its end; whose turn it is, the jobs' start and end at once, and the look for more. Savepoints stand for
    # transactions.
    with django_assert_max_num_queries(6 * 2 + 1 + 4 + 1 + 3):
        assert run_due("mail") == 6
    assert len(outbox.outbox) == 6


def test_a_task_is_mailed_once_with_its_deadline(organisation):
    facts = {
        "organisation_id": organisation.pk,
        "kind": TaskKind.FUND,
        "subject": "trd_1",
        "thread": "agr_1",
        "title": WORDING.title,
    }
    for deadline in (datetime(2025, 10, 8, 0, 30, tzinfo=UTC), datetime(2025, 10, 9, tzinfo=UTC)):
        services.open_task(**facts, deadline=deadline)
    (kept,) = mail_to("ja@example.jp")
    assert "期限: 2025-10-08 09:30 (Asia/Tokyo)" in kept.text


@pytest.mark.parametrize("deadline", [None, datetime(2025, 10, 8, tzinfo=UTC)])
def test_a_task_that_is_opened_again_as_it_stands_is_not_written(organisation, deadline):
    places = []
    for _ in range(2):
        services.open_task(
            organisation_id=organisation.pk,
            kind=TaskKind.FUND,
            subject="trd_1",
            thread="agr_1",
            title=WORDING.title,
            deadline=deadline,
        )
        with connection.cursor() as cursor:
            cursor.execute("SELECT ctid::text, deadline FROM notices_task")
            places.append(cursor.fetchall())
    assert places[0] == places[1]
    assert [stated for _, stated in places[0]] == [deadline]


def test_a_name_of_several_lines_keeps_no_mail_from_being_sent(organisation):
    wording = Wording(Label("It\nhappened", "起こり\r\nました"), Label("All of it.", "すべて。"))
    services.send_notice(organisation_id=organisation.pk, subject="trd_1", wording=wording)
    assert run_due("mail") == 2
    assert sorted(message.subject for message in outbox.outbox) == ["It happened", "起こり ました"]


def test_who_left_gets_no_mail(organisation):
    User.objects.filter(email="ja@example.jp").update(is_active=False)
    send(organisation)
    assert [message.address for message in MailMessage.objects.all()] == ["en@example.jp"]


def test_a_server_that_does_not_answer_is_tried_again_later(organisation, settings, caplog):
    send(organisation)
    settings.EMAIL_BACKEND = f"{__name__}.BrokenServer"
    assert run_due("mail") == 2
    assert run_due("mail") == 0
    (kept,) = mail_to("ja@example.jp")
    job = Job.objects.get(subject=kept.public_id)
    assert (kept.state, job.attempts, job.error) == ("queued", 1, "MailNotSent: ConnectionRefusedError")
    assert "example.jp" not in caplog.text
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    Job.objects.update(due_at=timezone.now())
    assert run_due("mail") == 2
    assert len(outbox.outbox) == 2
    assert queries.counts() == {
        "open": 0, "done": 0, "moot": 0, "notices": 1, "queued": 0, "sent": 2, "failed": 0,
    }  # fmt: skip


def test_after_many_failures_it_is_given_up(organisation, settings):
    send(organisation)
    settings.EMAIL_BACKEND = f"{__name__}.BrokenServer"
    for _ in range(SEND_MAIL.attempts_max):
        Job.objects.update(due_at=timezone.now())
        run_due("mail")
    (kept,) = mail_to("ja@example.jp")
    job = Job.objects.get(subject=kept.public_id)
    assert (kept.state, job.state, job.attempts) == ("failed", "abandoned", 9)
    Job.objects.update(due_at=timezone.now())
    assert run_due("mail") == 0


def test_a_mail_that_cannot_be_sent_stands_aside_and_the_others_go(organisation):
    parties.operator()
    send(organisation)
    (poison,) = mail_to("ja@example.jp")
    with unguarded("notices_mailmessage"), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE notices_mailmessage SET address = %s WHERE id = %s", ["a\nb@example.jp", poison.pk]
        )
    for attempt in range(SEND_MAIL.attempts_max):
        assert tasks_to_repair() == []
        Job.objects.filter(kind=SEND_MAIL.name).update(due_at=timezone.now())
        assert run_due("mail") == (2 if attempt == 0 else 1)
    assert [message.to for message in outbox.outbox] == [["en@example.jp"]]
    assert aside("notices.mail_not_sent") == [poison.public_id]
    ((title, state),) = tasks_to_repair()
    assert (poison.public_id in title, state) == (True, "open")
    assert Job.objects.get(subject=poison.public_id).state == "abandoned"


def test_an_attempt_repeated_after_its_worker_died_sends_nothing_twice(organisation):
    send(organisation)
    attempts = jobs.start_due(queue="mail")
    for attempt in [*attempts, *attempts]:
        run_here(attempt)
    assert len(outbox.outbox) == len(attempts) == 2


def test_two_senders_never_send_one_mail_both(committed_database):
    subject = parties.organisation()
    for number in range(12):
        member(subject, f"member{number}@example.jp")
    send(subject)
    tried: list[int] = []

    def sender() -> None:
        try:
            tried.append(run_due("mail"))
        finally:
            connection.close()

    threads = [threading.Thread(target=sender) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    assert sum(tried) == 12
    assert len({message.to[0] for message in outbox.outbox}) == len(outbox.outbox) == 12
    assert queries.counts()["sent"] == 12
