"""What a policy permits, and which rule decides: the ODRL test suite, and this market's own policies."""

from __future__ import annotations

from datetime import timedelta

import pytest

from listings.rights import END_OF_USE, Parties, parse_rights, policy_of
from listings.rights.constraints import DutyState, Question, World, satisfied
from listings.rights.evaluation import Outcome, evaluate, lacking, reports_of
from listings.rights.limits import end_of_use
from listings.rights.rules import PolicyUnreadable, read_policy

from . import odrl_suite
from .generated import AGREED, TOKYO

CASES = 68


def constraint_values(condition, question, world):
    """The value of a constraint and of each that it is made of, by identifier."""
    found = {condition.uid: satisfied(condition, question, world)}
    for part in getattr(condition, "parts", ()):
        found |= constraint_values(part, question, world)
    return found


def test_every_report_of_the_suite_is_reproduced(shared_data):
    folder = shared_data / "odrl"
    if not folder.is_dir():
        pytest.skip(f"no ODRL test suite at {folder}")
    names = odrl_suite.names(folder)
    assert len(names) == CASES
    for name in names:
        case = odrl_suite.case(folder, name)
        verdict = evaluate(read_policy(case.policy), case.question, case.world)
        permissions, prohibitions = reports_of(read_policy(case.policy), case.question, case.world)
        reports = (*permissions, *prohibitions)
        constraints = {}
        for report, expected in zip(reports, case.rules, strict=True):
            assert (report.rule.uid, report.rule.kind, report.is_active) == (
                expected.rule,
                expected.kind,
                expected.is_active,
            ), name
            premises = sorted((str(premise.kind), premise.is_satisfied) for premise in report.premises)
            # Case 65 names premises that it does not describe.
            assert len(premises) == len(expected.premises) + expected.undescribed, name
            assert premises == expected.premises or (
                expected.undescribed and set(expected.premises) <= set(premises)
            ), name
            duties = {duty.duty.uid: duty.state for duty in report.duties}
            # Cases 65 to 68 cite the report of a duty of another policy, so theirs is unset.
            assert duties == {uid: expected.duties.get(uid, DutyState.UNSET) for uid in duties}, name
            for premise in report.premises:
                if premise.condition is not None:
                    constraints |= constraint_values(premise.condition, case.question, case.world)
        assert constraints == case.constraints, name
        is_permitted = any(rule.is_active and rule.kind == "permission" for rule in case.rules)
        assert (verdict.outcome is Outcome.PERMITTED) == is_permitted, name


def policy(**choices):
    return policy_of(
        parse_rights({"contract_type": "licence", **choices}),
        price_minor=100,
        currency="JPY",
        identifier="urn:sanpo:agr_1",
        parties=Parties("urn:sanpo:org_s", "urn:sanpo:org_b", "urn:sanpo:lsv_1"),
    )


def asked(made, action="use", *, world=None, party="urn:sanpo:org_b", **facts):
    question = Question(action, party, "urn:sanpo:lsv_1", facts)
    return evaluate(read_policy(made), question, world or World(zone=TOKYO, now=AGREED, agreed_at=AGREED))


@pytest.mark.parametrize(
    ("choices", "action", "outcome"),
    [
        ({}, "use", "permitted"),
        ({}, "read", "permitted"),
        ({}, "m:trainModel", "permitted"),
        ({"model_training": "prohibited"}, "m:trainModel", "prohibited"),
        ({}, "sell", "prohibited"),
        ({"onward_transfer": "permitted"}, "sell", "not_permitted"),
        ({"onward_transfer": "permitted"}, "distribute", "permitted"),
        ({"contract_type": "transfer", "onward_transfer": "permitted"}, "sell", "permitted"),
        ({"contract_type": "transfer", "onward_transfer": "permitted"}, "use", "permitted"),
        ({"contract_type": "joint_use"}, "m:jointUse", "permitted"),
        ({"contract_type": "joint_use"}, "use", "not_permitted"),
        ({"contract_type": "joint_use"}, "m:trainModel", "permitted"),
        ({"derivatives": "prohibited"}, "derive", "prohibited"),
    ],
)
def test_the_rights_decide_by_action(choices, action, outcome):
    assert asked(policy(**choices), action).outcome == outcome


def test_a_fact_that_nobody_stated_permits_nothing():
    made = policy(purposes=["research"])
    assert asked(made, purpose="m:research").outcome is Outcome.PERMITTED
    assert asked(made, purpose="m:commercial").outcome is Outcome.NOT_PERMITTED
    unstated = asked(made)
    assert unstated.outcome is Outcome.NOT_PERMITTED
    assert [premise.is_satisfied for premise in lacking(unstated.decided_by)] == [None]


def test_nobody_else_is_permitted_anything():
    assert asked(policy(), party="urn:sanpo:org_x").outcome is Outcome.NOT_PERMITTED


def test_a_scope_of_disclosure_takes_what_is_part_of_it():
    made = policy(disclosure_scope="company")
    assert asked(made, recipient="m:department").outcome is Outcome.PERMITTED
    assert asked(made, recipient="m:group").outcome is Outcome.NOT_PERMITTED


def test_uses_are_counted():
    made = policy(use_count_max=3)
    assert [asked(made, count=str(number)).outcome == "permitted" for number in (1, 3, 4)] == [
        True,
        True,
        False,
    ]


def test_a_duty_is_pending_until_it_is_met_and_when_violated_ends_the_permission():
    made = policy(delete_at_end=True)

    def under(**states):
        return asked(made, world=World(zone=TOKYO, now=AGREED, agreed_at=AGREED, duties=states))

    assert [report.duty.action for report in under().pending] == ["compensate", "delete"]
    assert [report.duty.action for report in under(compensate=DutyState.FULFILLED).pending] == ["delete"]
    violated = under(compensate=DutyState.VIOLATED)
    assert (violated.outcome, violated.decided_by.rule.action) == (Outcome.NOT_PERMITTED, "use")


def test_the_end_of_the_use_ends_every_permission_and_makes_deletion_due():
    made = policy(delete_at_end=True)
    ended = World(zone=TOKYO, now=AGREED, agreed_at=AGREED, events=frozenset({END_OF_USE}))
    verdict = asked(made, world=ended)
    assert verdict.outcome is Outcome.NOT_PERMITTED
    running = World(zone=TOKYO, now=AGREED, agreed_at=AGREED, events=frozenset())
    deletion = asked(made, world=running).pending[-1]
    assert (deletion.duty.action, deletion.is_due) == ("delete", False)


@pytest.mark.parametrize(
    "choices", [{"duration": "P1M"}, {"valid_until": "2027-01-15"}, {"duration": "P45D"}]
)
def test_what_ends_access_and_what_answers_agree_to_the_second(choices):
    made = policy(**choices)
    end, _ = end_of_use(choices.get("valid_until"), choices.get("duration"), AGREED, TOKYO)
    for seconds, outcome in ((-1, "permitted"), (0, "not_permitted"), (1, "not_permitted")):
        world = World(zone=TOKYO, now=end + timedelta(seconds=seconds), agreed_at=AGREED)
        assert asked(made, world=world).outcome == outcome


@pytest.mark.parametrize(
    ("conflict", "outcome"), [("prohibit", "prohibited"), ("perm", "permitted"), (None, "not_permitted")]
)
def test_the_policy_says_what_wins_in_a_conflict(conflict, outcome):
    made = {"permission": {"action": "use"}, "prohibition": {"action": "read"}}
    if conflict:
        made["conflict"] = conflict
    verdict = evaluate(read_policy(made), Question("read"), World(zone=TOKYO))
    assert verdict.outcome == outcome
    assert verdict.decided_by.rule.kind == ("permission" if conflict == "perm" else "prohibition")


@pytest.mark.parametrize(
    "made",
    [
        {"profile": "http://other.example/profile", "permission": {"action": "use"}},
        {"permission": {"action": "use", "constraint": {"leftOperand": "count"}}},
        {"permission": {"action": {"refinement": []}}},
    ],
)
def test_a_policy_that_is_not_understood_is_not_read(made):
    with pytest.raises(PolicyUnreadable):
        read_policy(made)
