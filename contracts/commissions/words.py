"""Commissioned work in words, in both languages: a section of the contract's text, and what a change of it says. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from marketplace.kernel.calendars import SHIFT_DAYS_MAX
from marketplace.kernel.labels import Label

from ..clauses import one_line
from ..states import label_of
from .law import BECAUSE, Law, Work

HEADING = Label("Commissioned work", "委託による成果物")
WORK = Label("Kind of work: {work}.", "委託の種類：{work}。")
CONTENT = Label("What is made: {content}", "給付の内容：{content}")
DELIVERY = Label("Delivered by {day}, at: {place}", "給付の受領：{day}まで、場所：{place}")
APPLIES = Label("{law} applies: {because}.", "{law}：適用あり（{because}）。")
APPLIES_NOT = Label("{law} does not apply: {because}.", "{law}：適用なし（{because}）。")
UNKNOWN = Label(
    "{law}: {because}. Until then the contract is made as if it applied, and cannot be signed.",
    "{law}：{because}。それまでは適用があるものとして扱い、署名できない。",
)
UNDER = Label("Commissioned work under {laws}.", "委託による成果物（{laws}）。")
BY_LAW = (
    Label(
        "Payment by law, whatever is said elsewhere: the price goes to the Provider within {days} days of which the day of receipt is the first,"
        " inspected or not, and a dispute does not stop it until the Provider's fault is recorded.",
        "法定の支払：他の定めにかかわらず、代金は、受領の日を1日目として{days}日以内に、検査の有無を問わず提供者に支払われる。"
        "異議があっても、提供者の責めに帰すべき事由が記録されるまでは、支払は止まらない。",
    ),
    Label(
        "Nothing is taken from the price: no transfer fee, and no reduction or return of what was received until the Provider's fault is recorded, also"
        " where the agreement ends.",
        "代金からは何も差し引かない。振込手数料を差し引かず、提供者の責めに帰すべき事由が記録されるまでは、契約が終了する場合も含め、受領した給付の代金を減額せず、返金もしない。",
    ),
)
SHIFT = Label(
    "Where the last of these days is a bank holiday, it is paid on the next bank business day if that comes within {shift} days, as the parties"
    " hereby agree in writing; otherwise on the last one before.",
    "期限の日が金融機関の休業日に当たるときは、{shift}日以内に来る翌営業日に支払うことを両当事者は本書により合意する。それより遅くなるときは前営業日に支払う。",
)
NO_SHIFT = Label(
    "Where the last of these days is a bank holiday, it is paid on the last bank business day before.",
    "期限の日が金融機関の休業日に当たるときは、前営業日に支払う。",
)
CHANGED = Label("{work}, by {day}, at {place}: {content}", "{work}（{day}まで、{place}）：{content}")
SHIFTED = Label(
    "{said} (payment up to two days later on a bank holiday)", "{said}（休業日の支払は2日まで順延）"
)
NO_COMMISSION = Label("no commissioned work", "委託による成果物ではない")
SIZES = {
    "capital_yen": Label("stated capital", "資本金"),
    "employees": Label("employees", "従業員数"),
    "officers": Label("officers", "役員数"),
}
SIDES = {"buyer": Label("of the Consumer", "利用者の"), "seller": Label("of the Provider", "提供者の")}


def by_law_lines(laws: Sequence[str], payment_days: int, *, holiday_shift: bool) -> Iterator[Label]:
    """What the laws that protect the seller demand, one sentence each: of the plan, and of the written terms."""
    names = [label_of(Law, law) for law in laws]
    yield UNDER.fill({"laws": Label(", ".join(map(str, names)), "、".join(name.ja for name in names))})
    for said in BY_LAW:
        yield said.fill({"days": payment_days})
    yield (SHIFT if holiday_shift else NO_SHIFT).fill({"shift": SHIFT_DAYS_MAX})


def finding_lines(findings: Sequence[Mapping[str, Any]]) -> list[Label]:
    """Whether each law applies, with its reason."""
    return [_finding(finding) for finding in findings]


def commission_text(commission: Mapping[str, Any] | None, language: str) -> str:
    """The section of the contract on commissioned work, with its heading; empty without any."""
    if commission is None:
        return ""
    said = [
        WORK.fill({"work": label_of(Work, commission["work"])}),
        CONTENT.fill({"content": one_line(commission["content"])}),
        DELIVERY.fill({"day": commission["deliver_by"], "place": one_line(commission["place"])}),
        *finding_lines(commission["findings"]),
    ]
    lines = "\n".join(f"- {line.in_language(language)}" for line in said)
    return f"\n\n## {HEADING.in_language(language)}\n\n{lines}"


def commission_value(commission: Mapping[str, Any] | None) -> Label:
    """The term in few words, for what a proposal changes."""
    if commission is None:
        return NO_COMMISSION
    said = CHANGED.fill(
        {
            "work": label_of(Work, commission["work"]),
            "day": commission["deliver_by"],
            "place": one_line(commission["place"]),
            "content": one_line(commission["content"]),
        }
    )
    return SHIFTED.fill({"said": said}) if commission["holiday_shift"] else said


def _finding(finding: Mapping[str, Any]) -> Label:
    said = {"above": f"{finding['above'] or 0:,}", "most": f"{finding['most'] or 0:,}", "missing": ""}
    missing = [_size(name) for name in finding["missing"]]
    if missing:
        english = ", ".join(one.in_language("en") for one in missing)
        said["missing"] = Label(english, "、".join(one.in_language("ja") for one in missing))
    because = BECAUSE[finding["because"]].fill(said)
    form = UNKNOWN if finding["applies"] is None else APPLIES if finding["applies"] else APPLIES_NOT
    return form.fill({"law": label_of(Law, finding["law"]), "because": because})


def _size(name: str) -> Label:
    side, _, of = name.partition(".")
    return Label(
        f"{SIZES[of].in_language('en')} {SIDES[side].in_language('en')}",
        f"{SIDES[side].in_language('ja')}{SIZES[of].in_language('ja')}",
    )
