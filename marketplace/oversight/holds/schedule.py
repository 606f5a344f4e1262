"""How long everything is kept, by which law or for which reason: one table, of what never leaves and of what does. Pure.

What leaves is in ``settings.RETENTION``; here is what is kept, with the shortest time that law demands. The operator confirms
the laws with its lawyer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.conf import settings

from marketplace.kernel.labels import Label
from marketplace.kernel.retention import OLD_ROWS


@dataclass(frozen=True, slots=True)
class Kept:
    """Records of one kind are kept for at least ``years`` by a law in force from ``since``; nothing deletes them."""

    name: str
    label: Label
    years: int
    law: str
    since: date


KEPT: tuple[Kept, ...] = (
    Kept(
        "ledger",
        Label("journal, invoices and statements", "仕訳帳・請求書・計算書"),
        10,
        "法人税法施行規則 第59条・電子計算機を使用して作成する国税関係帳簿書類の保存方法等の特例に関する法律 第7条",
        date(2022, 1, 1),
    ),
    Kept(
        "agreements",
        Label("negotiations, agreements and signatures", "交渉・契約・署名"),
        10,
        "民法 第166条",
        date(2020, 4, 1),
    ),
    Kept(
        "provision",
        Label("records of provision and receipt of personal data", "個人データの提供・受領の記録"),
        3,
        "個人情報の保護に関する法律 第29条・第30条・同施行規則 第21条・第25条",
        date(2022, 4, 1),
    ),
    Kept(
        "commissioned",
        Label("records of commissioned data", "委託により作成されたデータの記録"),
        2,
        "製造委託等に係る中小受託事業者に対する代金の支払の遅延等の防止に関する法律 第7条",
        date(2026, 1, 1),
    ),
    Kept(
        "identity",
        Label("records of who was admitted and paid", "本人確認・取引の記録"),
        7,
        "犯罪による収益の移転防止に関する法律 第6条・第7条",
        date(2013, 4, 1),
    ),
    Kept(
        "registers",
        Label("incidents, consultations and legal holds", "事案・事前相談・保全の記録"),
        10,
        "市場規程",
        date(2026, 1, 1),
    ),
    Kept("evidence", Label("evidence and decisions", "証跡・判断の記録"), 10, "市場規程", date(2026, 1, 1)),
)


def schedule() -> dict[str, Any]:
    """What is kept and what leaves, as the API shows it."""
    return {
        "kept": [
            {
                "name": each.name,
                "label": each.label.as_dict(),
                "years_min": each.years,
                "law": each.law,
                "since": each.since.isoformat(),
            }
            for each in KEPT
        ],
        "leaving": [
            {
                "name": name,
                "days": days,
                "reason": reason,
                "stopped_by_holds": not OLD_ROWS[name].not_held,
                "not_held": OLD_ROWS[name].not_held,
            }
            for name, (days, reason) in settings.RETENTION.items()
        ],
    }


OF_ORGANISATION = Label(
    "Every notice, mail, job, webhook message and attempt, invitation and recovery of this organisation, whatever it is about. The"
    " ledger, agreements, evidence and registers are never deleted. An application that was never registered has an"
    " identifier of its own: hold that.",
    "この組織の通知・メール・ジョブ・Webhook の送信記録・招待・回復手続のすべて（対象を問わない）。仕訳帳・契約・証跡・登録簿は削除されません。"
    "登録に至らなかった申請は固有の識別子を持つため、別に保全してください。",
)
OF_OTHER = Label(
    "Every notice, mail and job that names exactly this identifier, and an application or recovery that has it. What belongs to"
    " it under another identifier (the trade of an agreement, its parties) is not reached: hold these too, or the parties.",
    "この識別子そのものを対象とする通知・メール・ジョブ、およびこの識別子を持つ申請・回復手続。別の識別子で記録されるもの（契約に係る取引、当事者など）は"
    "対象外です。それらまたは当事者も保全してください。",
)
OF_PERIOD = Label(
    "Every row whose moment lies in the period, of every kind of the schedule that a hold stops.",
    "期間内に発生した、保全の対象となるすべての種類の記録。",
)


def reach_of(subject: str) -> Label:
    """What a hold on a subject (public identifier; empty: a period alone) stops from being deleted."""
    if not subject:
        return OF_PERIOD
    return OF_ORGANISATION if subject.startswith("org_") else OF_OTHER
