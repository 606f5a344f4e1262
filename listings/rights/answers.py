"""The answer to "may I do this?", with the rule that decided, in both languages. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marketplace.kernel.labels import Label

from .constraints import Question, World
from .evaluation import Outcome, Premise, RuleReport, Verdict, evaluate, lacking
from .limits import DAY, day_words, period_words
from .rules import Atom, Condition, read_policy
from .territories import country
from .vocabulary import END_OF_USE, TERMS
from .wording import TERMS as CHOICES

ACTIONS: dict[str, tuple[str, Label]] = {
    "use": ("use", Label("use", "利用")),
    "transfer": ("transfer", Label("transfer of ownership", "譲渡")),
    "joint_use": ("m:jointUse", Label("joint use", "共同利用")),
    "derive": ("derive", Label("making derived data", "派生データの作成")),
    "modify": ("modify", Label("modification", "改変")),
    "train_model": ("m:trainModel", Label("training of models", "AI学習への利用")),
    "reidentify": ("m:reidentify", Label("re-identification of persons", "再識別")),
    "distribute": ("distribute", Label("passing on to third parties", "第三者への提供")),
    "sell": ("sell", Label("sale", "販売")),
    "grant_use": ("grantUse", Label("granting use to third parties", "第三者への利用許諾")),
}
"""The actions that can be asked about, by their code: the name in policies, and the label."""

OUTCOMES: dict[Outcome, Label] = {
    Outcome.PERMITTED: Label("permitted", "可"),
    Outcome.PROHIBITED: Label("prohibited", "禁止"),
    Outcome.NOT_PERMITTED: Label("not permitted", "許可なし"),
}
DUTIES: dict[str, Label] = {
    "compensate": Label("pay the price", "対価の支払い"),
    "attribute": Label("name the source", "出典表示"),
    "delete": Label("delete at the end of use", "利用終了後の消去"),
    "inform": Label("report the use", "利用報告"),
}
OPERANDS: dict[str, Label] = {
    "purpose": CHOICES["purposes"],
    "recipient": CHOICES["disclosure_scope"],
    "spatial": CHOICES["regions"],
    "dateTime": CHOICES["valid_until"],
    "elapsedTime": CHOICES["duration"],
    "count": CHOICES["use_count_max"],
}
NAMES: dict[str, Label] = {
    **dict(ACTIONS.values()),
    **DUTIES,
    **{f"m:{term.name}": term.label for term in TERMS},
}
PERMITTED = Label("{action} is permitted.", "{action}は許可されています。")
PROHIBITED = Label("{action} is prohibited.", "{action}は禁止されています。")
NO_RULE = Label("No rule permits {action}.", "{action}を許可する定めはありません。")
ENDED = Label("The right of use has ended.", "利用権は終了しました。")
LACKING = Label("{action} is permitted only under: {lacking}.", "{action}の許可の条件：{lacking}。")
UNSTATED = Label("{condition} (not stated)", "{condition}（申告なし）")
UNMET = Label("{condition} (not met)", "{condition}（不充足）")
UNKNOWN_CONDITION = Label("a condition of the policy", "ポリシーの条件")
ANOTHER_PARTY = Label("another party", "別の当事者")


def answer(document: Mapping[str, Any], question: Question, world: World) -> dict[str, Any]:
    """The answer under a policy (JSON-LD): ``outcome``, ``outcome_label``, ``reason`` in both languages, ``rule``
    (``kind`` and ``action`` of the rule that decided, or None) and ``pending`` (duties that are still to be met:
    ``action``, ``label``, ``is_due``). Raises PolicyUnreadable."""
    verdict = evaluate(read_policy(document), question, world)
    decided = verdict.decided_by
    return {
        "outcome": verdict.outcome.value,
        "outcome_label": OUTCOMES[verdict.outcome].as_dict(),
        "reason": _reason(verdict, question, world).as_dict(),
        "rule": None if decided is None else {"kind": decided.rule.kind, "action": decided.rule.action},
        "pending": [
            {
                "action": report.duty.action,
                "label": _name(report.duty.action).as_dict(),
                "is_due": report.is_due,
            }
            for report in verdict.pending
        ],
    }


def _reason(verdict: Verdict, question: Question, world: World) -> Label:
    action, decided = _name(question.action), verdict.decided_by
    if verdict.outcome is Outcome.PERMITTED:
        return _fill(PERMITTED, action=action)
    if verdict.outcome is Outcome.PROHIBITED:
        return _fill(PROHIBITED, action=action)
    if decided is None:
        return _fill(NO_RULE, action=action)
    if END_OF_USE in (world.events or ()):
        return ENDED
    return _fill(LACKING, action=action, lacking=_lacking(decided))


def _lacking(report: RuleReport) -> Label:
    words = [_premise(premise) for premise in lacking(report)]
    return Label("; ".join(words), "、".join(word.ja for word in words)) if words else UNKNOWN_CONDITION


def _premise(premise: Premise) -> Label:
    if premise.condition is None:
        return ANOTHER_PARTY
    words = condition_words(premise.condition)
    return _fill(UNSTATED if premise.is_satisfied is None else UNMET, condition=words)


def condition_words(condition: Condition) -> Label:
    """A constraint as text: what it limits, and to which values."""
    if not isinstance(condition, Atom) or condition.left not in OPERANDS:
        return UNKNOWN_CONDITION
    values = [_value(condition.left, one) for one in condition.right]
    label = OPERANDS[condition.left]
    return Label(f"{label}: {', '.join(values)}", f"{label.ja}：{'・'.join(value.ja for value in values)}")


def _value(operand: str, value: str) -> Label:
    """A limit as text; periods and days as contracts state them, or as they stand where they are none."""
    if operand == "spatial":
        return country(value)
    try:
        if operand == "elapsedTime":
            return period_words(value)
        return day_words(value) if operand == "dateTime" and DAY.fullmatch(value) else _name(value)
    except ValueError:
        return _name(value)


def _name(name: str) -> Label:
    return NAMES.get(name) or Label(name, name)


def _fill(text: Label, **words: Label) -> Label:
    english = text.format(**{name: str(word) for name, word in words.items()})
    return Label(
        english[:1].upper() + english[1:], text.ja.format(**{name: word.ja for name, word in words.items()})
    )
