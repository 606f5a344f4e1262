"""A plan in words, in both languages: a section of the contract's text, and what both sides read before they sign. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from listings.rights.limits import day_words, period_words
from listings.rights.wording import TERMS
from listings.states import PERIODIC
from marketplace.kernel.labels import Label

from ..commissions.words import by_law_lines
from ..renewing.words import planned_renewal
from .charge_words import money_lines
from .endings import LABELS
from .model import SUSPENSION_DAYS_MAX, Deadline, Ending, Plan

PREVAILS = Label(
    "This is how the agreement is carried out by programs; where an article or an annex says otherwise, this prevails.",
    "本契約はプログラムにより次のとおり履行される。各条または添付資料と異なるときは、これによる。",
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
RECEIPT_IN_PART = Label(
    "Receipt: where access ends and not all but some of the Data was sent, a part of a file too, the Data is deemed received as a whole then, and the periods before are paid once it is accepted.",
    "受領：アクセスの終了の時にデータの一部（ファイルの一部を含む。）のみが送信されているときは、その時にデータの全部を受領したものとみなし、それまでの期間の代金は検収されたときに支払われる。",
)
"""Of a price by periods."""
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
        "money on hold for what was not received as a whole goes back to the Consumer, what was received is paid once it is accepted, and nothing further falls due",
        "全部が受領されていない部分の確保された代金は利用者に返金され、受領済みの部分は検収されたときに支払われ、以後の課金はない",
    ),
    "as_confirmed": Label(
        "what was not received as a whole by then goes back to the Consumer, and of what was received and is accepted as much as both parties confirmed",
        "その時までに全部が受領されていない代金は利用者に返金され、受領済みで検収される代金は双方が確認した額が返金される",
    ),
    "days_returned": Label(
        "what was not received as a whole by then goes back to the Consumer, and of what was received and is accepted the price of the days not enjoyed, with its tax",
        "その時までに全部が受領されていない代金は利用者に返金され、受領済みで検収される代金は残日数に応じた額が消費税等とともに返金される",
    ),
    "nothing_returned": Label(
        "what was not received as a whole by then goes back to the Consumer, and what was received goes to the Provider once it is accepted",
        "その時までに全部が受領されていない代金は利用者に返金され、受領済みの代金は検収されたときに提供者に支払われる",
    ),
    "instalments_due": Label(
        "what was not received as a whole by then goes back to the Consumer, and nothing further falls due; of what was received and is accepted all charges"
        " still fall due on their days",
        "その時までに全部が受領されていない場合は、代金は利用者に返金され、以後の課金はない。受領済みで検収される場合は、すべての課金の履行期がそれぞれの日に到来する",
    ),
    "days_returned_by_provider": Label(
        "what was not received as a whole by then goes back to the Consumer, and what was received goes to the Provider once it is accepted; but after"
        " a notice of the Provider the price of the days not enjoyed goes back, with its tax",
        "その時までに全部が受領されていない代金は利用者に返金され、受領済みの代金は検収されたときに提供者に支払われる。ただし、提供者の通知による場合は、"
        "残日数に応じた額が消費税等とともに返金される",
    ),
    "instalments_by_notice": Label(
        "what was not received as a whole by then goes back to the Consumer, and nothing further falls due; of what was received and is accepted all charges"
        " still fall due on their days, but after a notice of the Provider those alone that are due by the last day",
        "その時までに全部が受領されていない場合は、代金は利用者に返金され、以後の課金はない。受領済みで検収される場合は、すべての課金の履行期がそれぞれの日に到来する。"
        "ただし、提供者の通知による場合は、最終日までに履行期が到来する課金に限る",
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
    "whole_returned": Label(
        "the whole price goes back to the Consumer, what was accepted too, and nothing further falls due",
        "検収済みの分を含め代金の全額が利用者に返金され、以後の課金はない",
    ),
    "reduced": Label(
        "money on hold goes to the Provider through clearing, and the Provider returns the amount that is stated, with its tax",
        "確保された代金は清算を経て提供者に支払われ、提供者は示された額を消費税等とともに返金する",
    ),
    "added": Label(
        "the Consumer pays the amount that is stated, with its tax, in addition",
        "利用者は示された額を消費税等とともに追加して支払う",
    ),
    "by_claimant": Label(
        "in a dispute of the Consumer money on hold goes back to it, in any other what was not delivered; of what was accepted, the amount that"
        " is stated goes back with its tax",
        "利用者の異議では確保された代金が、その他の異議では提供されなかった部分の代金が利用者に返金される。検収済みの代金は、示された額が消費税等とともに返金される",
    ),
    "as_before": Label(
        "money is held and released as before, and silence accepts nothing before a whole period of inspection has passed since",
        "代金は従前のとおり確保され支払われる。停止から検査期間の日数が経過するまで、検収はみなされない",
    ),
}
ACCESS = {
    "closed": Label("access is closed", "アクセスは閉じる"),
    "open": Label("access goes on to its end", "アクセスは終期まで続く"),
    "suspended": Label(
        "access is stopped until two people of the Operator resume it; its periods go on, and days come back only where a third party's claim stopped it",
        "アクセスは、運営者の二人の担当者が再開するまで停止する。期間は進行し、第三者の権利による停止の場合に限り、再開時にその日数が補填される",
    ),
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
    "dispute_accepted": Label(
        "Who may stop: for {days} days after acceptance the Consumer, by a dispute: money that was not released stays on hold and no further charge"
        " begins until it ends; what was released is not taken back before the decision.",
        "停止できる者：検収後{days}日間は利用者（異議による。終局まで未払いの代金は確保され、以後の課金は始まらない。支払済みの代金は判断の前に取り戻されない）。",
    ),
    "dispute_use": Label(
        "Who may dispute: the Provider the use and the payment, and a third party whose stake in the Data is declared its right; neither holds anything"
        " by itself.",
        "異議を申し立てられる者：提供者は利用と支払について、データに届出済みの権利を有する第三者は自己の権利について。いずれもそれだけでは何も止めない。",
    ),
    "suspend_access": Label(
        "Who may stop: the Operator suspends access, with its reason, for {suspended} days at most; two people resume it before. Periods stand still meanwhile.",
        "停止できる者：運営者は理由を示して{suspended}日以内の間アクセスを停止し、その間は期間が進行しない。それまでは二人の担当者が再開する。",
    ),
    "halt_trading": Label(
        "Who may stop: the Operator halts trading: conclusions, further charges and the periods that run against a party stand still; access goes on.",
        "停止できる者：運営者は売買を停止する。締結、以後の課金および当事者に対し進行する期間は止まり、アクセスは続く。",
    ),
    "refuse_renewal": Label(
        "Who may stop: either party the renewal, by a notice through the Market, for no reason.",
        "停止できる者：各当事者は、本市場を通じた通知により更新を拒絶できる（理由を要しない）。",
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
BEFORE_END = Label(
    "Deadline: {what} at least {amount} days before the last day of the term; {reminder}; otherwise {then}.",
    "期限：{what}は、期間の最終日の{amount}日前まで。{reminder}。経過したときは、{then}。",
)
WHAT = {
    "sign": Label("the Consumer signs", "利用者の署名"),
    "pay_in": Label("the Consumer pays in", "利用者の入金"),
    "collect": Label("the Consumer begins to download", "利用者のダウンロードの開始"),
    "report": Label("the Consumer reports the hashes", "利用者のハッシュの報告"),
    "inspect": Label("the Consumer inspects", "利用者の検査"),
    "dispute": Label("the Consumer may still dispute", "検収後の利用者の異議"),
    "answer_dispute": Label("the other side of a dispute answers", "異議の相手方の答弁"),
    "decide_dispute": Label(
        "the mediator of the Operator decides a dispute", "運営者の調停担当者による異議の判断"
    ),
    "refuse_renewal": Label("a party refuses the renewal", "当事者による更新の拒絶"),
    "agree_on_renewal": Label("the parties propose to amend it", "当事者による更新のための変更の提案"),
    "carry_out": Label("what was decided or settled is carried out", "判断または和解の実施"),
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
    "acceptance": Label("of acceptance", "検収から"),
    "dispute_opened": Label("of the opening of the dispute", "異議の申立てから"),
    "dispute_ended": Label("of the end of the dispute", "異議の終局から"),
}
REMINDERS = {
    "task": Label("a task of the Market names the day", "本市場のタスクが期日を示す"),
    "none": Label("no reminder", "督促はない"),
}
THEN = {
    "renewed": Label("it is renewed", "更新される"),
    "ended_with_term": Label(
        "it ends with its term unless they amend it by then", "それまでに変更しない限り期間満了により終了する"
    ),
    "lapsed": Label("the offer lapses", "申込みは効力を失う"),
    "payment_failed": Label("the agreement ends unpaid", "契約は代金の未入金により終了する"),
    "not_collected": Label("access ends and the price goes back", "アクセスは終了し、代金は返金される"),
    "deemed": Label("receipt is deemed", "受領とみなす"),
    "accepted": Label("the Data counts as accepted", "検収したものとみなす"),
    "no_dispute": Label("it disputes no more", "異議を申し立てることはできない"),
    "silent": Label(
        "the silence is recorded and the dispute decided on what stands",
        "答弁がないことを記録し、提出済みの資料により判断する",
    ),
    "escalated": Label("people of the Operator on call are asked", "運営者の当番の担当者に引き継ぐ"),
}
ENFORCED = Label(
    "Kept by the programs of the Market: {terms}.", "本市場のプログラムが守らせるもの：{terms}。"
)
KEPT_BY = {
    "purposes": Label(
        "Purpose: the Consumer states it at each access; a purpose that is not permitted, or none, is refused. It uses the Data for what it stated.",
        "利用目的：利用者はアクセスの都度これを申告する。許可されていない目的または申告のないアクセスは拒まれる。利用者は申告した目的のために利用する。",
    ),
    "regions": Label(
        "Region: the Consumer states at each access where it processes the Data; another region, or none, is refused. It processes the Data there.",
        "利用地域：利用者はアクセスの都度、データを処理する地域を申告する。許可されていない地域または申告のないアクセスは拒まれる。利用者は申告した地域で処理する。",
    ),
    "disclosure_scope": Label(
        "Scope of disclosure: the Market gives access to members and programs of the Consumer alone; to a person in charge or a department, if an owner"
        " of the Consumer has declared each to the Market. Inside the Consumer it keeps to the scope.",
        "開示範囲：本市場は、利用者の構成員およびプログラムに限りアクセスを認める。担当者または部門に限るときは、利用者の代表管理者が本市場に届け出た者に限る。"
        "利用者は、社内で開示範囲を守る。",
    ),
    "use_count_max": Label(
        "Number of uses: one use is every byte of a file sent once, at once or in parts. What is being sent counts, and further uses are refused. Of data that"
        " is delivered again after a dispute, one use is not counted.",
        "利用回数：ファイルの全バイトの一度の送信（一括または分割）を1回とする。送信中のものを含めて数え、上限を超える利用は拒まれる。異議により再提供されたときは、1回を数えない。",
    ),
    "onward_transfer": Label(
        "Onward transfer: the Market lists for the Consumer no file that equals one delivered to it, and nothing whose source names this agreement or"
        " its listing. Elsewhere it keeps its promise.",
        "第三者提供：本市場は、提供されたファイルと同一のもの、および出所として本契約またはその出品を示すものを、利用者の出品として受け付けない。本市場外では利用者が約束を守る。",
    ),
}
"""How the market keeps a right that it enforces, and what remains the buyer's promise; ends of access are said with the window."""
PROMISED = Label("Kept by the promise of the Consumer: {terms}.", "利用者の約束により守られるもの：{terms}。")


def plan_lines(plan: Plan, language: str) -> list[str]:
    """The plan in ``language`` (``ja`` or ``en``), one line each."""
    return [said.in_language(language) for said in _said(plan)]


def _said(plan: Plan) -> Iterator[Label]:
    yield PREVAILS
    yield from _access(plan)
    for by in plan.receipt.by:
        yield RECEIPT[by].fill({"minutes": plan.receipt.deemed_minutes})
    if plan.money.charging in PERIODIC:
        yield RECEIPT_IN_PART
    causes = _listed([CAUSES[cause] for cause in plan.acceptance.stands_still])
    for by in plan.acceptance.by:
        yield ACCEPTANCE[by].fill({"days": plan.acceptance.inspection_days, "causes": causes})
    yield from money_lines(plan.money)
    if plan.commission is not None:
        by_law = plan.commission
        yield from by_law_lines(by_law.laws, by_law.payment_days, holiday_shift=by_law.holiday_shift)
    if plan.renewal is not None:
        yield planned_renewal(plan.renewal)
    yield from (_ending(ending) for ending in plan.endings)
    after = {deadline.what: deadline.amount for deadline in plan.deadlines}
    yield from (
        STOPS[stop.what].fill({"days": after.get("dispute"), "suspended": SUSPENSION_DAYS_MAX})
        for stop in plan.stops
    )
    yield from (_deadline(deadline) for deadline in plan.deadlines)
    yield ENFORCED.fill({"terms": _terms(plan.rights.enforced)})
    yield from (KEPT_BY[name] for name in plan.rights.enforced if name in KEPT_BY)
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
    said = {
        "what": WHAT[deadline.what],
        "reminder": REMINDERS[deadline.reminder],
        "then": THEN[deadline.then],
    }
    if deadline.unit == "days_before":
        return BEFORE_END.fill({**said, "amount": deadline.amount})
    amount = UNITS[deadline.unit].fill({"amount": deadline.amount})
    return DEADLINE.fill(
        {
            **said,
            "amount": BY_RULEBOOK if deadline.amount is None else amount,
            "after": AFTER[deadline.after],
        }
    )


def _terms(names: Sequence[str]) -> Label:
    return _listed([TERMS[name] for name in names]) if names else NONE


def _listed(labels: Sequence[Label]) -> Label:
    return Label(", ".join(map(str, labels)), "、".join(label.ja for label in labels))
