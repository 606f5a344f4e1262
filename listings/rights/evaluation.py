"""Whether a policy permits what is asked, and which rule decides. Pure.

Each rule is reported with its premises (target, party, action, constraints), as the compliance reports of the ODRL
test suite do. A permission is active when all its premises are satisfied and none of its duties is violated: a duty
that is not yet performed leaves it active and is pending; the end of the use ends it. A prohibition is active unless a premise is not satisfied.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from .constraints import DutyState, Question, Truth, World, satisfied, wholes_of
from .rules import Condition, Duty, Policy, Rule
from .vocabulary import END_OF_USE, ENSURE_EXCLUSIVITY, includes


class Outcome(StrEnum):
    """The answer to a question."""

    PERMITTED = "permitted"
    PROHIBITED = "prohibited"
    NOT_PERMITTED = "not_permitted"


class PremiseKind(StrEnum):
    """What a premise is about."""

    TARGET = "target"
    PARTY = "party"
    ACTION = "action"
    CONSTRAINT = "constraint"


@dataclass(frozen=True, slots=True)
class Premise:
    """A premise of a rule; None if it is unknown whether it is satisfied."""

    kind: PremiseKind
    is_satisfied: Truth
    condition: Condition | None = None


@dataclass(frozen=True, slots=True)
class DutyReport:
    """A duty or obligation, its state, and whether it is due (None: unknown)."""

    duty: Duty
    state: DutyState
    is_due: Truth


@dataclass(frozen=True, slots=True)
class RuleReport:
    """A rule, whether it is active, and why."""

    rule: Rule
    is_active: bool
    premises: tuple[Premise, ...]
    duties: tuple[DutyReport, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer, the report of the rule that decided (None if the policy has no rule on what was asked), and what is still to be done: duties of the deciding permission and obligations that are not fulfilled."""

    outcome: Outcome
    decided_by: RuleReport | None
    pending: tuple[DutyReport, ...]


def reports_of(
    policy: Policy, question: Question, world: World
) -> tuple[tuple[RuleReport, ...], tuple[RuleReport, ...]]:
    """The reports of all permissions, and of all prohibitions."""
    permissions, prohibitions = (
        tuple(_report(rule, question, world) for rule in rules)
        for rules in (policy.permissions, policy.prohibitions)
    )
    return permissions, prohibitions


def evaluate(policy: Policy, question: Question, world: World) -> Verdict:
    """Answer a question under a policy."""
    permissions, prohibitions = reports_of(policy, question, world)
    permitting = next((report for report in permissions if report.is_active), None)
    prohibiting = next((report for report in prohibitions if report.is_active), None)
    owed = (duty for duty in policy.obligations if duty.action != ENSURE_EXCLUSIVITY)
    obligations = tuple(_duty(duty, question, world) for duty in owed)
    if prohibiting is not None and (permitting is None or policy.conflict != "perm"):
        # A policy that leaves a conflict open is void (section 2.6.4), so that nothing is permitted by it.
        is_void = permitting is not None and policy.conflict != "prohibit"
        outcome = Outcome.NOT_PERMITTED if is_void else Outcome.PROHIBITED
        decided_by: RuleReport | None = prohibiting
    elif permitting is not None:
        outcome, decided_by = Outcome.PERMITTED, permitting
    else:
        outcome, decided_by = Outcome.NOT_PERMITTED, _nearest(permissions)
    duties = (*permitting.duties, *obligations) if outcome is Outcome.PERMITTED and permitting else ()
    return Verdict(
        outcome=outcome,
        decided_by=decided_by,
        pending=tuple(duty for duty in duties if duty.state is not DutyState.FULFILLED),
    )


def _nearest(permissions: tuple[RuleReport, ...]) -> RuleReport | None:
    """The permission of the action asked for that lacks the least, which says why it does not permit."""
    about = [report for report in permissions if _is_about_action(report)]
    return min(about, key=lambda report: len(lacking(report)), default=None)


def _is_about_action(report: RuleReport) -> bool:
    return all(one.is_satisfied is True for one in report.premises if one.kind is PremiseKind.ACTION)


def lacking(report: RuleReport) -> list[Premise]:
    """The premises of a rule that are not satisfied or unknown."""
    return [premise for premise in report.premises if premise.is_satisfied is not True]


def _report(rule: Rule, question: Question, world: World) -> RuleReport:
    premises = tuple(_premises(rule, question, world))
    duties = tuple(_duty(duty, question, world) for duty in rule.duties)
    values = [premise.is_satisfied for premise in premises]
    if rule.kind == "prohibition":
        is_active = False not in values
    else:
        has_ended = END_OF_USE in (world.events or ())
        is_violated = any(duty.state is DutyState.VIOLATED for duty in duties)
        is_active = all(value is True for value in values) and not is_violated and not has_ended
    return RuleReport(rule, is_active, premises, duties)


def _premises(rule: Rule, question: Question, world: World) -> Iterator[Premise]:
    for kind, stated, asked in (
        (PremiseKind.TARGET, rule.target, question.target),
        (PremiseKind.PARTY, rule.assignee, question.party),
    ):
        if stated is not None:
            known = None if asked is None else stated in wholes_of(asked, world.part_of)
            yield Premise(kind, known)
    if rule.action is not None:
        yield Premise(PremiseKind.ACTION, includes(rule.action, question.action))
    for condition in rule.conditions:
        yield Premise(PremiseKind.CONSTRAINT, satisfied(condition, question, world), condition)


def _duty(duty: Duty, question: Question, world: World) -> DutyReport:
    state = world.duties.get(duty.key, DutyState.UNSET)
    values = [satisfied(condition, question, world) for condition in duty.conditions]
    return DutyReport(duty, state, False if False in values else None if None in values else True)
