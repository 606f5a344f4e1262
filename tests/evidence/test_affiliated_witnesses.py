"""A witness counts for its organisation and group, and from the moment on when this is the operator's affiliate no more."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.db import transaction

from marketplace.approvals.errors import SecondPersonNeeded
from marketplace.evidence import services
from marketplace.evidence.cosignatures import (
    Relation,
    cosign,
    is_witnessed,
    witness_relations,
    witnesses_count,
)
from marketplace.evidence.models import Cosignature, EvidenceRecord, Witness
from marketplace.evidence.row_records import unexplained_rows
from marketplace.evidence.witness_errors import CosignatureInvalid
from marketplace.evidence.witnesses import register_witness
from marketplace.kernel.errors import Forbidden
from marketplace.kernel.invariants import REGISTER
from marketplace.participants.models import OrganisationRelation
from marketplace.participants.services.relations import end_relation, state_relation
from tests.participants import factories as participants
from tests.roles import assert_refused, unguarded

from .factories import run, seal_rest, write
from .observers import Observer


@pytest.fixture
def operator(committed_database):
    return participants.operator()


@pytest.fixture
def staff(operator):
    return participants.actor_for(operator, "usr_staff")


def witnessing(name: str) -> tuple[Observer, object]:
    """A witness and who manages the keys of the participant that runs it."""
    observer = Observer(f"{name}.example")
    manager = participants.member_for(participants.organisation(name), f"usr_{name}")
    register_witness(actor=manager, verifier_key=observer.verifier_key)
    return observer, manager


def signed_checkpoint(*observers: Observer):
    write("more")
    seal_rest()
    mark = services.checkpoint()
    for observer in observers:
        cosign(size=mark.size, cosignature=observer.line(mark.note))
    return mark


def relate(manager, related: str) -> None:
    state_relation(actor=manager, related=related, kind="affiliate", document="登記事項証明書")


def shown(api, mark) -> dict:
    return api.get(f"/api/v1/evidence/checkpoints/{mark.public_id}/").json()


def by_two(operator, staff, command, **stated) -> None:
    with pytest.raises(SecondPersonNeeded):
        command(actor=staff, **stated)
    command(actor=participants.actor_for(operator, "usr_second"), **stated)


def become_affiliate(how: str, operator, staff, manager) -> None:
    if how == "found by the operator":
        found = {
            "organisation": manager.organisation,
            "related": operator.public_id,
            "kind": "affiliate",
            "document": "株主名簿",
            "document_sha256": "9f" * 32,
        }
        by_two(operator, staff, state_relation, **found)
    else:
        relate(manager, operator.public_id)


@pytest.mark.parametrize("how", ["found by the operator", "declared by itself"])
def test_a_witness_of_an_affiliate_counts_no_more_and_what_it_signed_stays(operator, staff, api, how):
    observer, manager = witnessing("a")
    before = signed_checkpoint(observer)
    become_affiliate(how, operator, staff, manager)
    witness = Witness.objects.get()
    assert (witness.until is not None, witness.ended_as_affiliate, witness.ended_by) == (True, True, "")
    after = signed_checkpoint()
    with pytest.raises(CosignatureInvalid) as refusal:
        cosign(size=after.size, cosignature=observer.line(after.note))
    assert "affiliate of the operator" in str(refusal.value)
    assert Cosignature.objects.count() == 1
    assert [shown(api, mark)["is_witnessed"] for mark in (before, after)] == [True, False]
    assert [each["ended_as_affiliate"] for each in shown(api, before)["cosignatures"]] == [True]
    record = EvidenceRecord.objects.get(kind="evidence.witness_affiliated")
    assert (record.subject, record.payload["organisation"]) == (witness.public_id, manager.organisation)
    assert unexplained_rows() == []
    with pytest.raises(Forbidden):
        register_witness(actor=manager, verifier_key=Observer("again.example").verifier_key)


def test_a_live_witness_of_an_affiliate_is_refused_and_named(operator):
    _, manager = witnessing("a")
    affiliate = "UPDATE participants_organisation SET operator_affiliate = true WHERE public_id = %s"

    def attack() -> None:
        with transaction.atomic():
            run(affiliate, manager.organisation)
            run("SET CONSTRAINTS pgtrigger_affiliate_without_witness_3dbf1 IMMEDIATE")

    assert_refused(attack, because="a witness of it lives")
    assert Witness.objects.filter(until=None).count() == 1
    with unguarded("participants_organisation"):
        run(affiliate, manager.organisation)
    invariant = REGISTER["participants.affiliates_run_no_witness"]
    assert [found["organisation"] for found in invariant.check()] == [manager.organisation]


def test_nobody_else_ends_as_an_affiliate_s(operator):
    witnessing("a")
    ended = "UPDATE evidence_witness SET until = clock_timestamp(), ended_as_affiliate = true"
    assert_refused(lambda: run(ended), because="no affiliate of the operator")
    assert Witness.objects.get().until is None


def test_an_ended_affiliation_brings_no_witness_back(operator, staff):
    _, manager = witnessing("a")
    relate(manager, operator.public_id)
    relation = OrganisationRelation.objects.get().public_id
    by_two(operator, staff, end_relation, relation=relation, reason="株式譲渡により解消")
    assert Witness.objects.get().until is not None
    register_witness(actor=manager, verifier_key=Observer("a.example").verifier_key)


def test_two_witnesses_of_one_organisation_or_group_count_once(operator, api):
    (one, first), (other, second), (third, _) = (witnessing(name) for name in "abc")
    more = Observer("more.example")
    register_witness(actor=first, verifier_key=more.verifier_key)
    apart = signed_checkpoint(one, more, other, third)
    relate(second, first.organisation)
    related = signed_checkpoint(one, more, other, third)
    relations = witness_relations()
    counts = [
        witnesses_count(Cosignature.objects.filter(checkpoint=mark), relations) for mark in (apart, related)
    ]
    assert counts == [3, 2]
    rows = list(Cosignature.objects.filter(checkpoint=related))
    assert [is_witnessed(rows, least, relations) for least in (2, 3)] == [True, False]


def test_what_one_states_alone_discounts_nobody_else(operator):
    observers = [witnessing(name)[0] for name in "abc"]
    mark = signed_checkpoint(*observers)
    rows = list(Cosignature.objects.filter(checkpoint=mark).select_related("witness"))
    a, b, c = (row.witness.organisation for row in rows)
    before = min(row.received_at for row in rows) - timedelta(hours=1)

    def count(*pairs, is_found=False) -> int:
        return witnesses_count(rows, [Relation(one, other, before, None, is_found) for one, other in pairs])

    assert count() == 3
    # A names both: they are no group by that, it does not count beside them.
    assert count((a, b), (a, c)) == 2
    assert count((a, b), (b, a)) == 2
    assert count((a, b), (b, c)) == 1
    assert count((a, b), (b, c), (c, a)) == 1
    assert count((a, b), (a, c), is_found=True) == 1


def test_only_what_stood_when_they_cosigned_makes_a_group(operator):
    observers = [witnessing(name)[0] for name in "ab"]
    mark = signed_checkpoint(*observers)
    rows = list(Cosignature.objects.filter(checkpoint=mark).select_related("witness"))
    one, other = (row.witness.organisation for row in rows)
    signed, hour = max(row.received_at for row in rows), timedelta(hours=1)
    cases = [
        ((signed - hour, None), 1),
        ((signed + hour, None), 2),
        ((signed - 2 * hour, signed - hour), 2),
        ((signed - hour, signed + hour), 1),
    ]
    assert [witnesses_count(rows, [Relation(one, other, *span)]) for span, _ in cases] == [
        expected for _, expected in cases
    ]


def test_a_list_of_checkpoints_asks_for_relations_once(operator, api, django_assert_num_queries):
    observers = [witnessing(name)[0] for name in "ab"]
    signed_checkpoint(*observers)
    api.get("/api/v1/evidence/checkpoints/")
    with django_assert_num_queries(7) as one:
        api.get("/api/v1/evidence/checkpoints/")
    for _ in range(2):
        time.sleep(0.01)
        signed_checkpoint(*observers)
    with django_assert_num_queries(len(one.captured_queries)):
        api.get("/api/v1/evidence/checkpoints/")
