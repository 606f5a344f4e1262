"""Two transactions at once: an application for admission against a declaration of affiliation."""

from __future__ import annotations

import threading
import time

import pytest
from django.db import IntegrityError, connection, transaction

from marketplace.kernel.actors import SYSTEM
from marketplace.participants import queries, services
from marketplace.participants.errors import HasAdmissions
from marketplace.participants.models import Admission, Organisation

from . import factories

WAIT_SECONDS = 0.3


def raw_admission(organisation_id: int, segment_id: int) -> None:
    """An admission written past every service."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO participants_admission"
            " (public_id, organisation_id, segment_id, capacity, state, declarations, reason, applied_at)"
            " VALUES ('adm_raw', %s, %s, 'buyer', 'applied', '{}', '', now())",
            [organisation_id, segment_id],
        )


def raw_affiliation(organisation_id: int) -> None:
    """A declaration of affiliation."""
    factories.affiliate(Organisation.objects.get(pk=organisation_id))


@pytest.mark.parametrize("first", ["admission", "affiliation"])
def test_the_database_alone_keeps_an_affiliate_from_being_admitted_meanwhile(committed_database, first):
    subject, segment = factories.organisation(), factories.segment()
    factories.operator()
    writes = {
        "admission": lambda: raw_admission(subject.pk, segment.pk),
        "affiliation": lambda: raw_affiliation(subject.pk),
    }
    earlier = writes.pop(first)
    (later,) = writes.values()
    outcome: list[str] = []

    def attempt() -> None:
        try:
            with transaction.atomic():
                later()
            outcome.append("written")
        except (IntegrityError, HasAdmissions):
            outcome.append("refused")
        finally:
            connection.close()

    thread = threading.Thread(target=attempt)
    with transaction.atomic():
        earlier()
        thread.start()
        time.sleep(WAIT_SECONDS)
        assert outcome == [], "the later write must wait for the earlier transaction"
    thread.join(timeout=10)
    assert outcome == ["refused"]
    assert queries.held_by_affiliates() == 0
    assert Admission.objects.count() == (1 if first == "admission" else 0)


def test_of_two_registrations_of_one_number_one_wins(committed_database):
    number, outcomes = factories.corporate_number(), []

    def attempt() -> None:
        try:
            outcomes.append(factories.organisation(corporate_number=number).state)
        except Exception as refusal:
            outcomes.append(type(refusal).__name__)
        finally:
            connection.close()

    threads = [threading.Thread(target=attempt) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)
    assert sorted(outcomes) == sorted(["active"] + ["CorporateNumberTaken"] * 3)
    assert Organisation.objects.count() == 1


def test_of_two_decisions_one_takes_effect(committed_database):
    admission = factories.application_for(factories.organisation())
    outcomes: list[str] = []

    def attempt(outcome: str) -> None:
        try:
            decided = services.decide_admission(
                actor=SYSTEM, admission=admission.public_id, outcome=outcome, decision=f"dec_{outcome}"
            )
            outcomes.append(str(decided.state))
        except Exception as refusal:
            outcomes.append(type(refusal).__name__)
        finally:
            connection.close()

    threads = [threading.Thread(target=attempt, args=(outcome,)) for outcome in ("allow", "deny")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)
    state = Admission.objects.get().state
    assert sorted(outcomes) == sorted(["IllegalTransition", state])
