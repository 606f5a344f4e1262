"""The inbox over HTTP."""

import pytest

from marketplace.kernel.errors import Missing
from marketplace.kernel.labels import Label
from marketplace.notices import services
from marketplace.notices.models import Notice, Task
from marketplace.notices.states import TaskKind
from marketplace.notices.texts import Wording
from tests.participants import factories as parties

pytestmark = pytest.mark.django_db

TITLE = Label("It happened", "起こりました")


@pytest.fixture
def subject():
    return parties.organisation()


@pytest.fixture
def client(subject):
    return parties.client_of(subject)


def fill(organisation, rows=1):
    for number in range(rows):
        facts = {"organisation_id": organisation.pk, "subject": f"trd_{number}"}
        services.open_task(kind=TaskKind.FUND, thread=f"agr_{number}", title=TITLE, **facts)
        services.send_notice(wording=Wording(TITLE, TITLE), **facts)
    return Task.objects.latest("pk"), Notice.objects.latest("pk")


def test_tasks_and_notices_are_read_in_both_languages(client, subject):
    task, notice = fill(subject)
    shown = client.get(f"/api/v1/tasks/{task.public_id}/").json()
    assert shown == {
        "id": task.public_id,
        "kind": "fund",
        "kind_label": {"ja": "代金の入金", "en": "pay in for the trade"},
        "subject": "trd_0",
        "title": {"ja": "起こりました", "en": "It happened"},
        "deadline": None,
        "state": "open",
        "state_label": {"ja": "未対応", "en": "to be done"},
        "opened_at": shown["opened_at"],
        "closed_at": None,
    }
    assert client.get(f"/api/v1/notices/{notice.public_id}/").json()["body"] == TITLE.as_dict()


def test_a_notice_is_read_once(client, subject):
    _, notice = fill(subject)
    assert len(client.get("/api/v1/notices/?unread=true").json()["results"]) == 1
    first = client.post(f"/api/v1/notices/{notice.public_id}/read/")
    again = client.post(f"/api/v1/notices/{notice.public_id}/read/")
    assert first.status_code == again.status_code == 200
    assert first.json()["read_at"] == again.json()["read_at"] is not None
    assert client.get("/api/v1/notices/?unread=true").json()["results"] == []


@pytest.mark.parametrize("reader", [parties.organisation, parties.operator])
def test_an_inbox_is_its_organisations_alone(subject, reader):
    task, notice = fill(subject)
    other = reader("B") if reader is parties.organisation else reader()
    client = parties.client_of(other)
    for path in ("tasks", "notices"):
        assert client.get(f"/api/v1/{path}/").json()["results"] == []
    assert client.get(f"/api/v1/tasks/{task.public_id}/").status_code == 404
    assert client.get(f"/api/v1/notices/{notice.public_id}/").status_code == 404
    assert client.post(f"/api/v1/notices/{notice.public_id}/read/").status_code == 404
    with pytest.raises(Missing):
        services.mark_read(actor=parties.actor_for(other), notice=notice.public_id)
    assert Notice.objects.get().read_at is None


def test_tasks_are_narrowed(client, subject):
    fill(subject, rows=2)
    services.close_tasks(thread="agr_0", done_by=subject.pk)
    found = client.get("/api/v1/tasks/?state=open&kind=fund").json()["results"]
    assert [row["subject"] for row in found] == ["trd_1"]
    assert client.get("/api/v1/tasks/?state=nonsense").status_code == 422


@pytest.mark.parametrize("path", ["tasks", "notices"])
@pytest.mark.parametrize("rows", [1, 3])
def test_a_list_takes_the_same_queries_for_any_number_of_rows(
    client, subject, path, rows, django_assert_num_queries
):
    fill(subject, rows)
    with django_assert_num_queries(2):
        answer = client.get(f"/api/v1/{path}/")
    assert len(answer.json()["results"]) == rows


def test_without_a_token_there_is_no_inbox(api):
    assert api.get("/api/v1/tasks/").status_code == 401
    assert api.get("/api/v1/notices/").status_code == 401
