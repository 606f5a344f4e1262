"""The law that limits set-off once a claim is attached or its holder is insolvent, as rules with effective dates. Pure.

The market owes a participant a planned payment and is owed the participant's obligations of a cycle. A set-off needs no
consent, but third parties limit it: a creditor who attached the payment (Civil Code, article 511), and all creditors in
an insolvency (Bankruptcy Act, articles 71 and 72). Which rule applies is decided by the day of the event.

The dates and the reading of the articles are those of the table; whether a court agrees is a legal question, as the
operator's guide says. A change of the law is a further row.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from marketplace.kernel.labels import Label

from ..settlement.states import RestraintKind


@dataclass(frozen=True, slots=True)
class SetOffRule:
    """One rule for events from ``effective_from`` on, until a later rule of the same kind.

    ``by_cause``: obligations count whose cause (the trade's conclusion) precedes the event; otherwise only those that
    themselves precede it. ``debts_before``: only payments that the market owed before the event may be set off.
    """

    kind: RestraintKind
    effective_from: date
    by_cause: bool
    debts_before: bool
    basis: Label


RULES = (
    SetOffRule(
        RestraintKind.ATTACHMENT,
        date(1898, 7, 16),
        by_cause=False,
        debts_before=False,
        basis=Label("Civil Code, article 511, before 2020-04-01", "民法511条（2020年4月1日改正前）"),
    ),
    SetOffRule(
        RestraintKind.ATTACHMENT,
        date(2020, 4, 1),
        by_cause=True,
        debts_before=False,
        basis=Label("Civil Code, article 511, paragraphs 1 and 2", "民法511条1項・2項"),
    ),
    SetOffRule(
        RestraintKind.INSOLVENCY,
        date(2005, 1, 1),
        by_cause=True,
        debts_before=True,
        basis=Label("Bankruptcy Act, articles 71 and 72", "破産法71条・72条"),
    ),
)
"""In the order of kinds and dates."""


def earliest_of(kind: str) -> date:
    """The first day for whose events of ``kind`` there is a rule."""
    return min(rule.effective_from for rule in RULES if rule.kind == kind)


RULES_SQL = ", ".join(
    f"('{rule.kind}', date '{rule.effective_from}', {str(rule.by_cause).lower()}, {str(rule.debts_before).lower()})"
    for rule in RULES
)
"""The rules as rows of SQL: kind, effective_from, by_cause, debts_before."""
