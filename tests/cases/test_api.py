"""Cases over HTTP: who sees them, who decides them, and what is another's is missing."""

from __future__ import annotations

import pytest

from marketplace.cases.models import Case
from marketplace.participants.models import Admission
from tests.participants.factories import client_of

from .factories import DOCUMENTS, PATH, REASON, STATEMENT, denied, opened, refused_by_rules, suspended

pytestmark = pytest.mark.django_db


def test_two_people_of_the_operator_decide_a_case(staffed, subject):
    case = opened(subject)
    address, stated = f"{PATH}{case.public_id}/resolve/", {"outcome": "allow", "reason": REASON}
    first, second = client_of(staffed), client_of(staffed)
    asked = first.post(address, stated)
    assert (asked.status_code, asked.json()["code"]) == (409, "second_person_needed")
    assert first.post(address, stated).status_code == 409
    done = second.post(address, stated)
    assert (done.status_code, done.json()["state"], done.json()["outcome"]) == (200, "resolved", "allow")
    assert Admission.objects.get().state == "admitted"


def test_a_participant_appeals_and_withdraws_over_http(subject, other):
    case = denied(subject)
    client, stranger = client_of(subject), client_of(other)
    body = {"subject": case.public_id, "statement": STATEMENT, "documents": DOCUMENTS}
    assert stranger.post(PATH, body).status_code == 404
    filed = client.post(PATH, body)
    assert (filed.status_code, filed.json()["appeal"]["documents"]) == (201, DOCUMENTS)
    address = f"{PATH}{filed.json()['id']}"
    assert stranger.get(f"{address}/").status_code == 404
    assert stranger.post(f"{address}/withdraw/", {}).status_code == 404
    assert client.post(f"{address}/withdraw/", {}).json()["state"] == "withdrawn"
    assert client.post(PATH, body).json()["code"] == "already_appealed"


@pytest.mark.parametrize("rows", [1, 3])
def test_the_queue_takes_the_same_queries_for_any_number_of_cases(
    staffed, subject, rows, django_assert_num_queries
):
    for code in ("mobility", "environment", "health")[:rows]:
        opened(subject, code)
    client = client_of(subject)
    client.get(PATH)
    with django_assert_num_queries(2):
        answer = client.get(PATH)
    assert len(answer.json()["results"]) == rows


def test_the_queue_is_narrowed(staffed, subject, other):
    opened(subject)
    opened(other)
    operator = client_of(staffed)
    found = operator.get(f"{PATH}?state=open&kind=admission&organisation={subject.public_id}").json()[
        "results"
    ]
    assert [row["organisation"] for row in found] == [subject.public_id]
    assert client_of(other).get(f"{PATH}?organisation={subject.public_id}").json()["results"] == []
    assert Case.objects.count() == 2


@pytest.mark.parametrize("decided", [refused_by_rules, suspended])
def test_the_operator_appeals_nothing_that_was_decided_against_a_participant(subject, staffed, decided):
    stated = {"subject": decided(subject), "statement": "不服です。"}
    answer = client_of(staffed).post(PATH, stated)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert Case.objects.filter(kind="appeal").count() == 0
    assert client_of(subject).post(PATH, stated).status_code == 201
