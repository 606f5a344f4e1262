"""The database keeps bundles and counterfactuals, and the checks find what somebody with all rights changed."""

from __future__ import annotations

import pytest
from django.db import connection, transaction

from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.invariants import verify_all
from marketplace.rules.neutrality import services
from marketplace.rules.neutrality.models import NeutralityBundle
from tests.participants import factories as participants
from tests.roles import assert_refused, unguarded

from .factories import DAYS, begin, end_day, made

pytestmark = pytest.mark.django_db

BUNDLE = "UPDATE rules_neutralitybundle SET "
SWAP = "UPDATE rules_counterfactual SET "
ASKED = (
    "INSERT INTO rules_neutralitybundle (public_id, first_day, last_day, asked_by, asked_at)"
    " SELECT 'nbl_forged', {days}, 'nobody', public.business_now()"
)


@pytest.fixture
def bundle() -> NeutralityBundle:
    begin()
    end_day()
    return made()


def execute(statement: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def refused(statement: str, because: str) -> None:
    assert_refused(lambda: execute(statement), because=because)


@pytest.mark.parametrize(
    ("statement", "because"),
    [
        (f"{BUNDLE} content = 'x', sha256 = encode(sha256('x'), 'hex')", "may be set once|set"),
        (f"{BUNDLE} first_day = first_day - 1", "never change|immutable|change"),
        (f"{BUNDLE} made_at = NULL", "set"),
        ("DELETE FROM rules_neutralitybundle", "delete"),
    ],
)
def test_a_bundle_never_changes(bundle, statement, because):
    refused(statement, because)
    assert NeutralityBundle.objects.get().sha256 == bundle.sha256


@pytest.mark.parametrize(
    ("days", "because"),
    [
        ("date '2030-03-20', date '2030-04-01'", "bundle_periods_apart"),
        ("date '2030-03-20', date '2030-03-19'", "bundle_period|range lower bound"),
        ("date '2030-01-01', date '2030-02-01'", "bundle_period"),
    ],
)
def test_periods_are_short_and_apart(bundle, days, because):
    refused(ASKED.format(days=days), because)
    assert NeutralityBundle.objects.count() == 1


def test_a_file_has_its_hash():
    begin()
    end_day()
    services.ask_for_bundle(actor=SYSTEM, **DAYS)
    refused(
        f"{BUNDLE} made_at = public.business_now(), figures = '{{}}', content = 'x', auditors_content = 'y',"
        " sha256 = repeat('0', 64), auditors_sha256 = repeat('0', 64)",
        "bundle_whole",
    )
    assert NeutralityBundle.objects.get().made_at is None


def test_a_changed_bundle_is_refused_and_found(bundle):
    refused(f"{BUNDLE} auditors_content = 'x'", "set|bundle_whole")
    assert verify_all("rules")["rules.bundles_are_as_published"] == []
    with unguarded("rules_neutralitybundle"):
        execute("ALTER TABLE rules_neutralitybundle DROP CONSTRAINT bundle_whole")
        execute(f"{BUNDLE} content = 'x'")
    assert verify_all("rules")["rules.bundles_are_as_published"] == [{"public_id": bundle.public_id}]


def test_a_changed_counterfactual_is_refused_and_found():
    begin()
    one, other = (participants.organisation(label) for label in ("一", "二"))
    end_day()
    asked = services.ask_for_counterfactual(actor=SYSTEM, first=one.public_id, second=other.public_id, **DAYS)
    refused(f"{SWAP} first = 'org_x'", "change")
    refused(f"{SWAP} second = first", "counterfactual_of_two|change")
    refused(f"{SWAP} decisions = 1", "counterfactual_whole")
    refused("DELETE FROM rules_counterfactual", "delete")
    assert verify_all("rules")["rules.counterfactuals_are_kept"] == []
    with unguarded("rules_counterfactual"):
        execute("ALTER TABLE rules_counterfactual DROP CONSTRAINT counterfactual_of_two")
        execute(f"{SWAP} second = first")
    assert verify_all("rules")["rules.counterfactuals_are_kept"] == [{"public_id": asked.public_id}]
