"""A plan in words, in both languages: a section of the contract's text, and what both sides read before they sign. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from listings.rights.limits import day_words, period_words
from listings.rights.wording import TERMS
from marketplace.kernel.labels import Label
from marketplace.kernel.money import Money as Amount

from ..commissions.words import by_law_lines
from .endings import LABELS
from .model import Charge, Deadline, Ending, Plan

PREVAILS = Label(
    "This is how the agreement is carried out by programs; where an article says otherwise, this prevails.",
    "本契約はプログラムにより次のとおり履行される。各条と異なるときは、これによる。",
)
NONE = Label("none", "なし")
AS_BEFORE = Label("as before", "従前のとおり")
BEGINS = {
    "secured": Label(
        "Access: begins when the price of the first charge is secured.",
        "アクセス：初回の代金が確保された時に始まる。",
    )
}
ENDS = Label(
    "Access: ends by its term ({rule}: {until}).", "アクセス：定めにより終了する（{rule}：{until}）。"
)
EARLIER = Label("Of two ends the earlier counts.", "終期が二つあるときは、早い方による。")
NO_END = Label("Access: has no end by time.", "アクセス：期間の定めによる終了はない。")
STANDS_STILL = Label(
    "Access: a period ends later by the time in which access was closed by {causes}. A stated last day does not move.",
    "アクセス：{causes}によりアクセスが閉じていた時間だけ、期間の終了は遅くなる。定められた末日は動かない。",
)
CAUSES = {
    "suspension": Label("a suspension by the Operator", "運営者による停止"),
    "redelivery": Label("a dispute that ends in the Data being provided again", "再提供に至った異議"),
    "outage": Label("an outage of the Market", "本市場の停止（障害）"),
    "halt": Label("a halt of trading", "売買停止"),
}
RECEIPT = {
    "matching_hash": Label(
        "Receipt: the Consumer reports the hash of each file, and each matches what was sent. A hash that does not match opens a dispute.",
        "受領：利用者が各ファイルのハッシュを報告し、送信されたものとすべて一致すること。一致しないときは異議の申立てとなる。",
    ),
    "deemed": Label(
        "Receipt: otherwise deemed {minutes} minutes after the Market has sent every file as a whole.",
        "受領：報告がないときは、本市場が全ファイルを最後まで送信した時から{minutes}分後に受領とみなす。",
    ),
}
ACCEPTANCE = {
    "buyer": Label("Acceptance: the Consumer declares it.", "検収：利用者がその旨を通知する。"),
    "lapse": Label(
        "Acceptance: silence accepts at the end of {days} days from receipt, whose day is not counted, or of the next bank business day. The period does"
        " not run during {causes}, and a dispute ends it.",
        "検収：受領の日の翌日から起算して{days}日（末日が銀行営業日でないときは翌営業日）の満了までに通知がないときは、検収したものとみなす。{causes}の間は進行せず、異議により終わる。",
    ),
    "dismissal": Label(
        "Acceptance: a dispute is dismissed.", "検収：異議が棄却されたときは、検収したものとみなす。"
    ),
}
CHARGE = Label(
    "Charge {charge}: {price}, without tax, falls due {due} and is paid in within {days} bank business days of it.",
    "課金{charge}：{price}（税抜）。{due}に履行期が到来し、その日から{days}銀行営業日以内に入金する。",
)
FIRST = Label(
    "The periods that are charged begin on {day}; access begins as soon as the first charge is secured.",
    "課金の対象となる期間は{day}に始まる。アクセスは初回の課金の代金が確保された時に始まる。",
)
RELEASED = {
    "acceptance": Label(
        "The price of a charge goes to the Provider once the delivery is accepted.",
        "課金の代金は、検収の後に提供者に支払われる。",
    ),
    "period_end": Label(
        "Each charge pays for a period of {months} months, and its price goes to the Provider at the end of the period, once the delivery is accepted.",
        "課金はそれぞれ{months}か月の期間に対するものであり、その代金は検収を経て期間の満了後に提供者に支払われる。",
    ),
}
METERED = Label(
    "A charge is the most of its period: each time the bytes of a file were sent as a whole costs {price}, without tax; what is not used goes back"
    " at its end. Data that is delivered again after a dispute is not counted once more.",
    "課金は期間ごとの上限である。ファイルの全バイトが送信されるごとに{price}（税抜）とし、使用されなかった部分は期間の満了後に返金される。"
    "異議による再提供の分は数えない。",
)
AT_CONCLUSION = Label("on the day of the conclusion", "契約成立の日")
ON_DAY = Label("on {day}", "{day}")
MONTHS_AFTER = Label(
    "{months} months after the day of the conclusion, or at the end of that month if it has no such day,",
    "契約成立の日の{months}か月後の応当日（ないときはその月の末日）",
)
OF = {
    "agreement": Label("If the agreement ends", "契約の終了"),
    "access": Label("If access ends", "アクセスの終了"),
    "delivery": Label("If the delivery ends", "提供の終局"),
    "dispute": Label("If a dispute is decided", "異議の判断"),
}
ENDING = Label(
    "{of} ({reason}): {money}; {access}; {copies}; duties that go on: {duties}.",
    "{of}（{reason}）：{money}。{access}。{copies}。存続する義務：{duties}。",
)
MONEY = {
    "returned": Label(
        "money on hold goes back to the Consumer, and nothing further falls due",
        "確保された代金は利用者に返金され、以後の課金はない",
    ),
    "undelivered_returned": Label(
        "money on hold for what was not delivered goes back to the Consumer, what was accepted stays with the Provider, and nothing further falls due",
        "提供されなかった部分の確保された代金は利用者に返金され、検収済みの代金は提供者に残り、以後の課金はない",
    ),
    "as_confirmed": Label(
        "what was not accepted by then goes back to the Consumer, and of what was accepted as much as both parties confirmed",
        "その時までに検収されていない代金は利用者に返金され、検収済みの代金は双方が確認した額が返金される",
    ),
    "days_returned": Label(
        "what was not accepted by then goes back to the Consumer, and of what was accepted the price of the days not enjoyed, with its tax",
        "その時までに検収されていない代金は利用者に返金され、検収済みの代金は残日数に応じた額が消費税等とともに返金される",
    ),
    "nothing_returned": Label(
        "what was not accepted by then goes back to the Consumer, and what was accepted stays with the Provider",
        "その時までに検収されていない代金は利用者に返金され、検収済みの代金は提供者に残る",
    ),
    "not_by_notice": Label("no party ends it so", "いずれの当事者もこれにより終了させることはできない"),
    "as_accepted": Label(
        "money stays on hold until acceptance and then goes to the Provider",
        "代金は検収まで確保され、検収後に提供者に支払われる",
    ),
    "released": Label(
        "money on hold goes to the Provider through clearing", "確保された代金は清算を経て提供者に支払われる"
    ),
    "held": Label("money stays on hold", "代金は引き続き確保される"),
}
ACCESS = {
    "closed": Label("access is closed", "アクセスは閉じる"),
    "open": Label("access goes on to its end", "アクセスは終期まで続く"),
    "reopened": Label(
        "access opens again, and a period ends later by as much as the dispute took",
        "アクセスは再び開き、期間の終了は異議に要した時間だけ遅くなる",
    ),
}
COPIES = {
    "deleted": Label("the Consumer deletes its copies", "利用者は複製を消去する"),
    "stopped": Label("the Consumer stops using its copies", "利用者は複製の利用をやめる"),
    "kept": Label("copies are used as the Terms of Use permit", "複製は利用条件に従い利用できる"),
    "none": Label("the Consumer has no copies", "利用者に複製はない"),
}
STOPS = {
    "withdraw_on_grounds": Label(
        "Who may stop: before the conclusion the Provider, where a leak is feared or law prohibits the provision, or by withdrawing the Data for everybody.",
        "停止できる者：契約成立前は提供者（漏えいのおそれもしくは法令による禁止があるとき、または出品の取下げによる）。",
    ),
    "withdraw_freely": Label(
        "Who may stop: before the conclusion the Provider, for any reason.",
        "停止できる者：契約成立前は提供者（理由を問わない）。",
    ),
    "dispute": Label(
        "Who may stop: until acceptance the Consumer, by a dispute: money stays on hold and access is closed until the Operator decides.",
        "停止できる者：検収までは利用者（異議による。運営者の判断まで代金は確保され、アクセスは閉じる）。",
    ),
    "suspend_access": Label(
        "Who may stop: the Operator suspends access, with its reason; two people resume it.",
        "停止できる者：運営者は理由を示してアクセスを停止し、二人の担当者が再開する。",
    ),
    "halt_trading": Label(
        "Who may stop: the Operator halts trading: conclusions, further charges and the periods that run against a party stand still; access goes on.",
        "停止できる者：運営者は売買を停止する。締結、以後の課金および当事者に対し進行する期間は止まり、アクセスは続く。",
    ),
    "close_unpaid": Label(
        "Who may stop: the Market closes access while a further charge is overdue.",
        "停止できる者：本市場は、以後の課金が期限までに入金されない間、アクセスを閉じる。",
    ),
}
DEADLINE = Label(
    "Deadline: {what} within {amount} {after}; {reminder}; otherwise {then}.",
    "期限：{what}は、{after}{amount}以内。{reminder}。経過したときは、{then}。",
)
WHAT = {
    "sign": Label("the Consumer signs", "利用者の署名"),
    "pay_in": Label("the Consumer pays in", "利用者の入金"),
    "collect": Label("the Consumer begins to download", "利用者のダウンロードの開始"),
    "report": Label("the Consumer reports the hashes", "利用者のハッシュの報告"),
    "inspect": Label("the Consumer inspects", "利用者の検査"),
}
UNITS = {
    "days": Label("{amount} days", "{amount}日"),
    "bank_days": Label("{amount} bank business days", "{amount}銀行営業日"),
    "minutes": Label("{amount} minutes", "{amount}分"),
}
BY_RULEBOOK = Label("the days of the rulebook in force", "適用される規程に定める日数")
AFTER = {
    "seller_signed": Label("of the Provider's signature", "提供者の署名から"),
    "due": Label("of the due day", "履行期から"),
    "access_began": Label("of the beginning of access", "アクセスの開始から"),
    "all_sent": Label("of the end of sending", "送信の完了から"),
    "receipt": Label("of receipt", "受領から"),
}
REMINDERS = {
    "task": Label("a task of the Market names the day", "本市場のタスクが期日を示す"),
    "none": Label("no reminder", "督促はない"),
}
THEN = {
    "lapsed": Label("the offer lapses", "申込みは効力を失う"),
    "payment_failed": Label("the agreement ends unpaid", "契約は代金の未入金により終了する"),
    "not_collected": Label("access ends and the price goes back", "アクセスは終了し、代金は返金される"),
    "deemed": Label("receipt is deemed", "受領とみなす"),
    "accepted": Label("the Data counts as accepted", "検収したものとみなす"),
}
ENFORCED = Label(
    "Kept by the programs of the Market: {terms}.", "本市場のプログラムが守らせるもの：{terms}。"
)
PROMISED = Label("Kept by the promise of the Consumer: {terms}.", "利用者の約束により守られるもの：{terms}。")


def plan_lines(plan: Plan, language: str) -> list[str]:
    """The plan in ``language`` (``ja`` or ``en``), one line each."""
    return [said.in_language(language) for said in _said(plan)]


def _said(plan: Plan) -> Iterator[Label]:
    yield PREVAILS
    yield from _access(plan)
    for by in plan.receipt.by:
        yield RECEIPT[by].fill({"minutes": plan.receipt.deemed_minutes})
    causes = _listed([CAUSES[cause] for cause in plan.acceptance.stands_still])
    for by in plan.acceptance.by:
        yield ACCEPTANCE[by].fill({"days": plan.acceptance.inspection_days, "causes": causes})
    for charge in plan.money.charges:
        yield _charge(plan, charge)
    if plan.money.first_period_from:
        yield FIRST.fill({"day": plan.money.first_period_from})
    if plan.money.unit_price_minor is not None:
        unit = Amount(plan.money.unit_price_minor, plan.money.currency)
        yield METERED.fill({"price": Label(unit.format("en"), unit.format("ja"))})
    yield RELEASED[plan.money.released].fill({"months": plan.money.period_months})
    if plan.commission is not None:
        by_law = plan.commission
        yield from by_law_lines(by_law.laws, by_law.payment_days, holiday_shift=by_law.holiday_shift)
    yield from (_ending(ending) for ending in plan.endings)
    yield from (STOPS[stop.what] for stop in plan.stops)
    yield from (_deadline(deadline) for deadline in plan.deadlines)
    yield ENFORCED.fill({"terms": _terms(plan.rights.enforced)})
    yield PROMISED.fill({"terms": _terms(plan.rights.promised)})


def _access(plan: Plan) -> Iterator[Label]:
    access = plan.access
    yield BEGINS[access.begins]
    stated = [
        (name, words)
        for name, words in (
            ("valid_until", day_words(access.ends.valid_until) if access.ends.valid_until else None),
            ("duration", period_words(access.ends.duration) if access.ends.duration else None),
        )
        if words is not None
    ]
    for name, words in stated:
        yield ENDS.fill({"rule": TERMS[name], "until": words})
    if len(stated) > 1:
        yield EARLIER
    if not stated:
        yield NO_END
    if access.ends.duration:
        yield STANDS_STILL.fill({"causes": _listed([CAUSES[cause] for cause in access.stands_still])})


def _charge(plan: Plan, charge: Charge) -> Label:
    amount = Amount(charge.price_minor, plan.money.currency)
    if charge.due_on:
        due = ON_DAY.fill({"day": charge.due_on})
    else:
        due = MONTHS_AFTER.fill({"months": charge.months}) if charge.months else AT_CONCLUSION
    return CHARGE.fill(
        {
            "charge": charge.charge,
            "price": Label(amount.format("en"), amount.format("ja")),
            "due": due,
            "days": plan.money.funding_days,
        }
    )


def _ending(ending: Ending) -> Label:
    return ENDING.fill(
        {
            "of": OF[ending.of],
            "reason": LABELS[ending.of, ending.reason],
            "money": MONEY[ending.money],
            "access": ACCESS[ending.access],
            "copies": COPIES[ending.copies],
            "duties": _terms(ending.duties) if ending.access == "closed" else AS_BEFORE,
        }
    )


def _deadline(deadline: Deadline) -> Label:
    amount = UNITS[deadline.unit].fill({"amount": deadline.amount})
    return DEADLINE.fill(
        {
            "what": WHAT[deadline.what],
            "amount": BY_RULEBOOK if deadline.amount is None else amount,
            "after": AFTER[deadline.after],
            "reminder": REMINDERS[deadline.reminder],
            "then": THEN[deadline.then],
        }
    )


def _terms(names: Sequence[str]) -> Label:
    return _listed([TERMS[name] for name in names]) if names else NONE


def _listed(labels: Sequence[Label]) -> Label:
    return Label(", ".join(map(str, labels)), "、".join(label.ja for label in labels))
