"""Approvals over HTTP: those of the caller's organisation, for who gave them, may approve them or audits them."""

from __future__ import annotations

import pytest

from marketplace.approvals.errors import SecondPersonNeeded
from marketplace.kernel.permissions import Permission
from marketplace.participants.models import Organisation
from tests.participants.factories import client_of, organisation, program_of

from .asking import ask, states


def seen(client) -> list[str]:
    answer = client.get("/api/v1/approvals/")
    assert answer.status_code == 200
    return [row["id"] for row in answer.json()["results"]]


@pytest.fixture
def pending(first) -> str:
    with pytest.raises(SecondPersonNeeded) as needed:
        ask(first, account="0001")
    return str(needed.value.fields["approval"])


def test_people_of_another_organisation_and_the_operator_find_none(pending, owners):
    others = client_of(organisation("C")), client_of(Organisation.objects.get(is_operator=True))
    for client in others:
        assert seen(client) == []
        assert client.get(f"/api/v1/approvals/{pending}/").status_code == 404
        assert client.post(f"/api/v1/approvals/{pending}/withdraw/").status_code == 404
    assert states() == ["pending"]


@pytest.mark.parametrize(
    ("roles", "finds"), [(("finance",), 1), (("owner",), 1), (("auditor",), 1), (("trader", "engineer"), 0)]
)
def test_roles_that_may_neither_approve_nor_audit_find_none(pending, owners, roles, finds):
    client = client_of(owners, roles=roles)
    assert len(seen(client)) == finds
    assert client.get(f"/api/v1/approvals/{pending}/").status_code == (200 if finds else 404)


def test_a_program_that_only_reads_finds_none(pending, owners):
    assert seen(program_of(owners, scopes=("market:read",))) == []


def test_one_is_read_and_withdrawn(pending, owners):
    assert (
        client_of(owners, roles=("auditor",)).post(f"/api/v1/approvals/{pending}/withdraw/").status_code
        == 403
    )
    stale = client_of(owners, roles=("finance",), proved_seconds_ago=700)
    assert stale.post(f"/api/v1/approvals/{pending}/withdraw/").json()["code"] == "proof_needed"
    client = client_of(owners, roles=("finance",))
    shown = client.get(f"/api/v1/approvals/{pending}/").json()
    assert (shown["organisation"], shown["permission"], shown["payload"]) == (
        owners.public_id,
        Permission.PAYOUT_WRITE.value,
        {"account": "0001"},
    )
    assert (shown["state"], shown["waiting"]["waits_for"]) == ("pending", "colleague")
    assert client.post(f"/api/v1/approvals/{pending}/withdraw/").json()["state"] == "withdrawn"
    assert [row["state"] for row in client.get("/api/v1/approvals/?state=withdrawn").json()["results"]] == [
        "withdrawn"
    ]


@pytest.mark.parametrize("count", [1, 3])
def test_a_list_takes_the_same_queries_for_one_and_for_many(first, owners, count, django_assert_num_queries):
    for number in range(count):
        with pytest.raises(SecondPersonNeeded):
            ask(first, account=str(number))
    client = client_of(owners)
    seen(client)
    with django_assert_num_queries(2):
        assert len(seen(client)) == count


def test_nobody_reads_without_a_credential(pending, client):
    assert client.get("/api/v1/approvals/").status_code == 401
