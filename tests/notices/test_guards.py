"""The database refuses what Python would not do."""

import pytest
from django.db import connection

from marketplace.jobs.runner import run_due
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.labels import Label
from marketplace.notices import services
from marketplace.notices.models import MailMessage, Notice, Task
from marketplace.notices.states import TaskKind
from marketplace.notices.texts import Wording
from marketplace.participants import services as participation
from tests.participants import factories as parties
from tests.roles import assert_refused

pytestmark = pytest.mark.django_db

TITLE = Label("It happened", "起こりました")


@pytest.fixture
def organisation():
    subject = parties.organisation()
    participation.add_member(
        actor=SYSTEM, organisation=subject.public_id, email="a@example.jp", name="x", roles=("owner",)
    )
    return subject


@pytest.fixture
def task(organisation):
    services.open_task(
        organisation_id=organisation.pk, kind=TaskKind.FUND, subject="trd_1", thread="agr_1", title=TITLE
    )
    return Task.objects.get()


def refused(match: str, statement: str) -> None:
    connection.check_constraints()
    with connection.cursor() as cursor:
        assert_refused(lambda: cursor.execute(statement), because=match)


def copy_of(table: str, **changes: str) -> str:
    """SQL that copies every row of a table under another identifier, with some columns changed."""
    with connection.cursor() as cursor:
        columns = [column.name for column in connection.introspection.get_table_description(cursor, table)]
    columns.remove("id")
    values = [{"public_id": "'raw'", **changes}.get(column, column) for column in columns]
    return f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(values)} FROM {table}"


def test_a_task_is_open_once(task):
    refused("task_open_once", copy_of("notices_task"))
    refused("task_kind", copy_of("notices_task", kind="'dance'"))
    refused("cannot begin as", copy_of("notices_task", state="'done'", closed_at="now()"))
    refused("task_closed_when", "UPDATE notices_task SET state = 'done'")
    refused("cannot be changed", "UPDATE notices_task SET subject = 'x'")
    refused("are kept", "DELETE FROM notices_task")
    assert services.close_tasks(thread="agr_1") == 1
    refused("does not lead to", "UPDATE notices_task SET state = 'open', closed_at = NULL")
    refused("does not lead to", "UPDATE notices_task SET state = 'done'")
    assert services.close_tasks(thread="agr_1") == 0
    assert Task.objects.get().state == "moot"


def test_a_closed_task_may_be_asked_again(task, organisation):
    services.close_tasks(thread="agr_1", done_by=organisation.pk)
    services.open_task(
        organisation_id=organisation.pk, kind=TaskKind.FUND, subject="trd_1", thread="agr_1", title=TITLE
    )
    assert list(Task.objects.order_by("pk").values_list("state", flat=True)) == ["done", "open"]


def test_a_notice_is_kept_as_it_was_told(organisation):
    services.send_notice(organisation_id=organisation.pk, subject="trd_1", wording=Wording(TITLE, TITLE))
    notice = Notice.objects.get()
    refused("cannot be changed", "UPDATE notices_notice SET title = '{}'")
    refused("are kept", "DELETE FROM notices_notice")
    services.mark_read(actor=parties.actor_for(organisation), notice=notice.public_id)
    refused("recorded cannot be changed", "UPDATE notices_notice SET read_at = NULL")
    assert Notice.objects.get().read_at is not None


def test_a_mail_is_one_a_person_and_sent_once(task):
    refused("mail_once", copy_of("notices_mailmessage"))
    refused("cannot begin as", copy_of("notices_mailmessage", state="'sent'", sent_at="now()", about="'x'"))
    refused("mail_sent_when", "UPDATE notices_mailmessage SET state = 'sent'")
    assert run_due("mail") == 1
    refused("recorded cannot be changed", "UPDATE notices_mailmessage SET sent_at = NULL, state = 'queued'")
    refused("does not lead to", "UPDATE notices_mailmessage SET state = 'queued'")
    refused("cannot be changed", "UPDATE notices_mailmessage SET address = 'b@example.jp'")
    refused("are kept", "DELETE FROM notices_mailmessage")
    assert MailMessage.objects.get().state == "sent"
