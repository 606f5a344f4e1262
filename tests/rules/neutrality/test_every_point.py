"""Counterfactuals at every decision point: two participants, or an affiliate and a stranger, with their names swapped."""

from __future__ import annotations

import json
from typing import Any

import pytest

from marketplace.jobs.runner import run_due
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.commitments import new_salt
from marketplace.kernel.identifiers import new_identifier
from marketplace.participants.models import Organisation
from marketplace.rules.models import Decision
from marketplace.rules.neutrality import services
from marketplace.rules.neutrality.models import Counterfactual
from marketplace.rules.points import POINTS, PointKind, vocabulary
from marketplace.rules.queries import compiled_in_force
from marketplace.rules.rulebook import decision_digest
from tests.participants import factories as participants
from tests.rules.drafting import warned
from tests.rules.factories import document, fixture_document, rule, tariff
from tests.verification.running import run_alone

from .factories import DAYS, begin, end_day, made, unpacked

pytestmark = pytest.mark.django_db

DECIDING = [code for code, point in POINTS.items() if point.kind is PointKind.DECISION]
NAMING = [code for code in DECIDING if vocabulary()["points"][code]["parties"]]
"""Points whose facts name parties: all but the neutral one."""
OWED = "exposure.buyer_open_minor"
PASS = rule("ALL", "applicant.active", "allow", point="admission")
VALUES: dict[str, Any] = {"bool": True, "int": 1, "string": "x", "list(string)": [], "list(int)": []}


def recorded(point: str, *parties: str, **told: Any) -> Decision:
    """A decision of the rules in force at any point, about these parties, on facts that are else the same for all."""
    now = clock.now()
    rulebook, rules = compiled_in_force(now)
    stated = rules.points[point]
    facts = {
        name: now.isoformat() if kind.startswith("timestamp") else VALUES[kind.removesuffix("?")]
        for name, kind in stated["facts"].items()
    }
    named = stated["parties"]
    facts |= {name: parties[at % len(parties)] for at, name in enumerate(named)}
    facts |= {f"{name.partition('__')[0]}.{name.partition('__')[2]}": value for name, value in told.items()}
    verdict, subject, salt = rules.verdict(point, facts), new_identifier("sub"), new_salt()
    digest = decision_digest(
        point=point,
        subject=subject,
        rulebook_digest=rulebook.digest,
        vocabulary_digest=rulebook.vocabulary_digest,
        facts=facts,
        outcome=verdict.outcome,
        reasons=verdict.reasons,
        salt=salt,
    )
    return Decision.objects.create(
        point=point,
        subject=subject,
        rulebook=rulebook,
        facts=facts,
        outcome=verdict.outcome,
        reasons=verdict.reasons,
        salt=salt,
        digest=digest,
        parties=sorted({facts[name] for name in named}),
        actor=SYSTEM.identifier,
        engine=rules.engine,
        decided_at=now,
    )


def swapped(first: Organisation, second: Organisation) -> Counterfactual:
    """The day, which ends, replayed with the two swapped."""
    end_day()
    asked = services.ask_for_counterfactual(
        actor=SYSTEM, first=first.public_id, second=second.public_id, **DAYS
    )
    run_due("documents")
    asked.refresh_from_db()
    return asked


def two() -> tuple[Organisation, Organisation]:
    return participants.organisation("一"), participants.organisation("二")


def test_every_point_but_the_neutral_ones_knows_parties():
    assert {code for code in DECIDING if POINTS[code].neutral} == set(DECIDING) - set(NAMING)
    assert len(NAMING) >= 4


@pytest.mark.parametrize("point", DECIDING)
def test_under_rules_that_name_nobody_nothing_follows_a_name(point):
    begin(fixture_document())
    one, other = two()
    outcomes = [recorded(point, each.public_id).outcome for each in (one, other)]
    assert outcomes[0] == outcomes[1]
    found = swapped(one, other)
    assert (found.decisions, found.followed, found.rules) == (2, [], [])


@pytest.mark.parametrize("point", NAMING)
def test_a_rule_that_names_one_is_named_with_what_it_decided(point):
    one, other = two()
    party = vocabulary()["points"][point]["parties"][-1]
    begin(
        document(PASS, rule("AIM", f"{party} == '{one.public_id}'", "deny", point=point), tariffs=[tariff()])
    )
    aimed, beside, third = (
        recorded(point, name) for name in (one.public_id, other.public_id, new_identifier("org"))
    )
    assert (aimed.outcome, beside.outcome == "deny") == ("deny", False)
    found = swapped(one, other)
    assert set(found.followed) == {aimed.public_id, beside.public_id}
    assert third.public_id not in found.followed
    assert (found.decisions, "AIM" in found.rules) == (3, True)


@pytest.mark.parametrize(
    ("point", "fact"),
    [
        ("admission", "applicant__operator_affiliate"),
        ("publication", "listing__seller_affiliated"),
        ("conclusion", "negotiation__seller_affiliated"),
    ],
)
def test_an_affiliate_is_refused_for_its_affiliation_whatever_its_name(point, fact):
    name = fact.replace("__", ".")
    begin(document(PASS, rule("OWN", name, "deny", point=point), tariffs=[tariff()]))
    affiliate = participants.organisation("関係", operator_affiliate=True)
    stranger = participants.organisation("他人")
    outcomes = [
        recorded(point, each.public_id, **{fact: each is affiliate}).outcome for each in (affiliate, stranger)
    ]
    assert (outcomes[0], outcomes[1] == "deny") == ("deny", False)
    assert swapped(affiliate, stranger).followed == []


@pytest.mark.parametrize("point", NAMING)
def test_a_rule_that_spares_the_affiliate_by_its_name_is_named(point):
    """Whoever writes the name instead of the fact favours its own, and is found by the swap with a stranger."""
    affiliate = participants.organisation("関係", operator_affiliate=True)
    stranger = participants.organisation("他人")
    party = vocabulary()["points"][point]["parties"][-1]
    spared = rule("OWN", f"{party} != '{affiliate.public_id}'", "deny", point=point)
    begin(document(PASS, spared, tariffs=[tariff()]))
    decided = [recorded(point, each.public_id) for each in (affiliate, stranger)]
    found = swapped(affiliate, stranger)
    assert set(found.followed) == {each.public_id for each in decided}
    assert "OWN" in found.rules


def test_a_rule_against_one_seller_is_warned_of_then_listed_and_its_decisions_named():
    seller, other = two()
    begin()
    aimed = rule("CON-5", f'negotiation.seller == "{seller.public_id}"', "deny", point="conclusion")
    stated = document(PASS, aimed, tariffs=[tariff()])
    assert "names_party:CON-5" in warned(stated)
    begin(stated)
    refused = recorded("conclusion", seller.public_id, new_identifier("org"))
    assert (refused.facts["negotiation.seller"], refused.outcome) == (seller.public_id, "deny")
    found = swapped(seller, other)
    assert (found.followed, "CON-5" in found.rules) == ([refused.public_id], True)
    bundle = made()
    listed = [(row["entry"], row["aim"]) for row in bundle.figures["aimed"]]
    assert ("CON-5", "names_a_party") in listed
    assert bundle.figures["names_replaced"]["rules"] == found.rules


def test_the_public_file_has_no_figure_of_what_a_party_owes_and_replays_the_same(tmp_path):
    """The other rule's numbers would tell more of a party's money than on which side of its limit it is."""
    limit = rule("LIM", f"{OWED} > 9000000", "hold", point="conclusion")
    rounds = rule("ODD", "negotiation.rounds > 1234560", "hold", point="conclusion")
    passed = rule("BOTH", "negotiation.buyer != negotiation.seller", "allow", point="conclusion")
    begin(document(limit, rounds, passed, tariffs=[tariff()]))
    told = {"exposure__buyer_open_minor": 1_234_567, "exposure__seller_undelivered_minor": 7_654_321}
    for _ in range(3):
        assert recorded("conclusion", new_identifier("org"), new_identifier("org"), **told).outcome == "allow"
    end_day()
    bundle = made()
    shown, opened = unpacked(bundle.content), unpacked(bundle.auditors_content)
    rows = shown["decisions.jsonl"]
    assert [row["facts"][OWED] for row in rows] == [-8_999_999] * 3
    assert "exposure.seller_undelivered_minor" in rows[0]["committed"]
    for figure in ("1234567", "7654321"):
        assert (figure in json.dumps(shown), figure in json.dumps(opened)) == (False, True)
    for name, content in (("bundle.zip", bundle.content), ("auditors.zip", bundle.auditors_content)):
        (tmp_path / name).write_bytes(bytes(content))
    named = tmp_path / "bundle.zip", "--auditors", tmp_path / "auditors.zip"
    status, output = run_alone("replay.py", *named, folder=tmp_path)
    assert (status, {"decisions: ok", "openings: ok", "withheld: ok"} <= set(output.splitlines())) == (
        0,
        True,
    )
