"""The clearing report of a cycle for the operator: figures and charts.

The debts between parties concern only them and the operator, so the report is not public; the cycle's public figures
are on the cycle itself.
"""

from __future__ import annotations

import base64
from typing import Any

from django.db import connection
from django.db.models import Sum

from marketplace.documents.errors import LanguageUnknown
from marketplace.documents.presentation import LOCALES, Language
from marketplace.documents.services import render_html
from marketplace.kernel.labels import Label
from marketplace.kernel.money import BASIS_POINTS, Money
from marketplace.participants.queries import OrganisationView, organisations_by_id

from ..cycles.models import Cycle, CycleStep
from ..cycles.states import CycleState
from ..netting.models import NetPosition
from ..settlement.models import SettlementInstruction
from ..settlement.states import InstructionState
from .left_out import left_out_of
from .pictures import Bar, Flow, after_netting, bars, who_owes_whom

TEMPLATE = "clearing/cycle_report"
PARTIES_SHOWN_MAX = 24
FLOWS_SHOWN_MAX = 80

OTHERS = Label("all others", "その他")
BEFORE = Label("Before netting: who owes whom", "差引計算前：誰が誰に支払うか")
AFTER = Label("After netting: one net amount each, with the operator", "差引計算後：運営者との差引額のみ")
OPERATOR = Label("operator", "運営者")
VALUE = Label("Value to be paid", "支払総額")
PAYMENTS = Label("Number of payments", "支払件数")
GROSS, NET = Label("before netting", "差引計算前"), Label("after netting", "差引計算後")
BANK = Label("by bank", "銀行振込")
HOLDS = Label("Money at the cut-off", "締切時点の資金")
CLEARED, LEFT = Label("cleared", "清算済み"), Label("left out", "清算対象外")
TIMES = Label("Time of each step", "各処理の所要時間")

_FLOWS = """
    SELECT debtor_id, creditor_id, sum(amount_minor + tax_minor)::bigint AS minor FROM clearing_obligation
     WHERE cycle_id = %s GROUP BY 1, 2 ORDER BY minor DESC, 1, 2 LIMIT %s
"""


def cycle_report(cycle: Cycle) -> dict[str, Any]:
    """The report as JSON types: amounts in minor units, flows by public identifiers, steps in seconds."""
    flows = _flows(cycle)
    positions = dict(NetPosition.objects.filter(cycle=cycle).values_list("organisation_id", "net_minor"))
    views = organisations_by_id({*positions, *(key for pair in flows for key in pair)})
    payments = SettlementInstruction.objects.filter(cycle=cycle).exclude(
        state__in=(InstructionState.FAILED, InstructionState.CANCELLED)
    )
    return {
        "cycle": cycle.business_key,
        "currency": cycle.currency,
        "closed_at": cycle.closed_at.isoformat() if cycle.closed_at else None,
        "state": cycle.state,
        "trades": cycle.trades,
        "gross_minor": cycle.gross_minor,
        "net_minor": cycle.net_minor,
        "value_reduced_bp": _reduced_bp(cycle.gross_minor, cycle.net_minor),
        "payments_before": cycle.payments_before,
        "payments_after": cycle.payments_after,
        "payments_reduced_bp": _reduced_bp(cycle.payments_before, cycle.payments_after),
        "bank_payments": payments.count(),
        "bank_value_minor": payments.aggregate(total=Sum("amount_minor"))["total"] or 0,
        "cleared_minor": _cleared_minor(cycle),
        "left_out": left_out_of(cycle),
        "flows": [
            {"debtor": views[debtor].public_id, "creditor": views[creditor].public_id, "amount_minor": minor}
            for (debtor, creditor), minor in flows.items()
        ],
        "positions": [
            {"organisation": views[key].public_id, "name": views[key].name, "net_minor": net}
            for key, net in sorted(positions.items(), key=lambda item: (-abs(item[1]), item[0]))
        ][:PARTIES_SHOWN_MAX],
        "steps": _steps(cycle),
        "hashes": {
            "input": cycle.input_hash,
            "output": cycle.output_hash,
            "trades_root": cycle.trades_root,
            "merkle_root": cycle.merkle_root,
        },
    }


def cycle_report_html(cycle: Cycle, language: Language) -> str:
    """The report as one self-contained page with charts. Raises LanguageUnknown."""
    if language not in LOCALES:
        raise LanguageUnknown(language=language)
    figures = cycle_report(cycle)
    data = {
        **figures,
        "left_out": [_localized(row, language) for row in figures["left_out"]],
        "pictures": [
            {"source": _embedded(svg), "title": title.as_dict()}
            for title, svg in _pictures(cycle, figures, language)
        ],
    }
    return render_html(template=TEMPLATE, data=data, language=language)


def _localized(row: dict[str, Any], language: Language) -> dict[str, Any]:
    """A row whose Labels are texts in one language."""
    return {
        name: value.in_language(language) if isinstance(value, Label) else value
        for name, value in row.items()
    }


def _flows(cycle: Cycle) -> dict[tuple[int, int], int]:
    """(debtor, creditor) → amount owed with tax, largest first."""
    with connection.cursor() as cursor:
        cursor.execute(_FLOWS, [cycle.pk, FLOWS_SHOWN_MAX])
        return {(debtor, creditor): minor for debtor, creditor, minor in cursor.fetchall() if minor}


def _reduced_bp(before: int | None, after: int | None) -> int | None:
    """The reduction in basis points; None without figures to compare."""
    if not before or after is None:
        return None
    return (before - after) * BASIS_POINTS // before


def _cleared_minor(cycle: Cycle) -> int:
    total = NetPosition.objects.filter(cycle=cycle).aggregate(
        price=Sum("sales_minor"), tax=Sum("sales_tax_minor")
    )
    return (total["price"] or 0) + (total["tax"] or 0)


def _steps(cycle: Cycle) -> list[dict[str, Any]]:
    labels: dict[str, Any] = dict(CycleState.choices)
    return [
        {
            "state": step.state,
            "label": labels[step.state].as_dict(),
            "ended_at": step.ended_at.isoformat(),
            "seconds": round((step.ended_at - step.began_at).total_seconds(), 3),
        }
        for step in CycleStep.objects.filter(cycle=cycle).order_by("epoch")
    ]


def _pictures(cycle: Cycle, figures: dict[str, Any], language: Language) -> list[tuple[Label, str]]:
    def words(label: Label) -> str:
        return label.in_language(language)

    def money(minor: int | None) -> str:
        return Money(minor or 0, cycle.currency).format(language)

    left_out_minor = sum(row["gross_minor"] for row in figures["left_out"])
    names, flows, nets = _parties_to_draw(cycle, language)
    value = [
        Bar(words(GROSS), figures["gross_minor"] or 0, money(figures["gross_minor"])),
        Bar(words(NET), figures["net_minor"] or 0, money(figures["net_minor"])),
        Bar(words(BANK), figures["bank_value_minor"], money(figures["bank_value_minor"])),
    ]
    count = [
        Bar(words(label), number or 0, f"{number or 0:,}")
        for label, number in (
            (GROSS, figures["payments_before"]),
            (NET, figures["payments_after"]),
            (BANK, figures["bank_payments"]),
        )
    ]
    held = [
        Bar(words(CLEARED), figures["cleared_minor"], money(figures["cleared_minor"])),
        Bar(words(LEFT), left_out_minor, money(left_out_minor)),
    ]
    times = [
        Bar(row["label"][language], row["seconds"], f"{row['seconds']:.3f} s") for row in figures["steps"]
    ]
    return [
        (BEFORE, who_owes_whom(names=names, flows=flows, title=words(BEFORE))),
        (AFTER, after_netting(names=names, nets=nets, centre=words(OPERATOR), title=words(AFTER))),
        (VALUE, bars(rows=value, title=words(VALUE))),
        (PAYMENTS, bars(rows=count, title=words(PAYMENTS))),
        (HOLDS, bars(rows=held, title=words(HOLDS))),
        (TIMES, bars(rows=times, title=words(TIMES))),
    ]


def _parties_to_draw(cycle: Cycle, language: Language) -> tuple[list[str], list[Flow], list[int]]:
    """Names, flows and net positions of the parties to draw: the largest by value, all others as one."""
    nets = dict(NetPosition.objects.filter(cycle=cycle).values_list("organisation_id", "net_minor"))
    flows = _flows(cycle)
    weight = {key: abs(net) for key, net in nets.items()}
    for (debtor, creditor), minor in flows.items():
        for key in (debtor, creditor):
            weight[key] = weight.get(key, 0) + minor
    views = organisations_by_id(weight)
    parties = [key for key in weight if not views[key].is_operator]
    shown = sorted(parties, key=lambda key: (-weight[key], key))[:PARTIES_SHOWN_MAX]
    places = {key: number for number, key in enumerate(shown)}
    names = [_name(views[key], language) for key in shown]
    drawn_nets = [nets.get(key, 0) for key in shown]
    if len(parties) > len(shown):
        names.append(OTHERS.in_language(language))
        drawn_nets.append(sum(nets.get(key, 0) for key in parties if key not in places))
    merged: dict[tuple[int, int], int] = {}
    for (debtor, creditor), minor in flows.items():
        ends = [places.get(key, len(shown)) for key in (debtor, creditor)]
        # Amounts owed to the operator are fees: the figures state them, and the chart after netting draws them.
        if views[debtor].is_operator or views[creditor].is_operator or ends[0] == ends[1]:
            continue
        merged[ends[0], ends[1]] = merged.get((ends[0], ends[1]), 0) + minor
    return names, [Flow(*pair, minor) for pair, minor in sorted(merged.items())], drawn_nets


def _name(view: OrganisationView, language: Language) -> str:
    return view.name[language] or view.name["ja"]


def _embedded(svg: str) -> str:
    """The picture as a data URL, so that the page is self-contained."""
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"
