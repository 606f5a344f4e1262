"""Handler of events about corrections of a price."""

from __future__ import annotations

from typing import Final

from marketplace.events.envelope import Envelope
from marketplace.events.schemas.contracts import CLAUSE_REASON, ENDED_EARLY, AdjustmentDue
from marketplace.kernel.labels import Label
from marketplace.participants.queries import organisations_by_public_id

from ..formats import format_amount
from ..services import send_notices
from ..texts import Wording, fill_label

BY_CLAUSE: Final = Label("a clause of the contract", "契約の調整条項")
BY_END: Final = Label("the end of the agreement before its term", "契約の期間満了前の終了")
BY_OPERATOR: Final = Label("a decision of the operator ({code})", "運営者の決定（{code}）")
PAID = Wording(
    Label("You pay {party} {amount} as a correction", "{party} への {amount} の調整額が生じました"),
    Label(
        "Agreement {agreement} is corrected{of_charge} by {amount} without tax, which you pay {party}. Ground: {ground}. It is cleared with the"
        " open cycle. What it follows from: agreements/{agreement}/adjustments/.",
        "契約 {agreement}{of_charge}について、{party} に対し {amount}（税抜）の調整額をお支払いいただきます。根拠：{ground}。現在の清算"
        "サイクルで清算します。内訳：agreements/{agreement}/adjustments/",
    ),
)
RECEIVED = Wording(
    Label("{party} pays you {amount} as a correction", "{party} からの {amount} の調整額が生じました"),
    Label(
        "Agreement {agreement} is corrected{of_charge} by {amount} without tax, which {party} pays you. Ground: {ground}. It is cleared with the"
        " open cycle. What it follows from: agreements/{agreement}/adjustments/.",
        "契約 {agreement}{of_charge}について、{party} から {amount}（税抜）の調整額をお受け取りいただきます。根拠：{ground}。現在の清算"
        "サイクルで清算します。内訳：agreements/{agreement}/adjustments/",
    ),
)
OF_CHARGE: Final = Label(" (charge {charge})", "（第{charge}回の課金）")


def on_adjustment_due(event: AdjustmentDue, envelope: Envelope) -> None:
    """Tell both parties what is corrected, on what ground, and who pays whom."""
    parties = organisations_by_public_id([event.debtor, event.creditor])
    of_charge = {"ja": "", "en": ""}
    if event.charge is not None:
        of_charge = fill_label(OF_CHARGE, charge=str(event.charge)).as_dict()
    stated: dict[str, str | dict[str, str]] = {
        "agreement": event.agreement,
        "amount": format_amount(event.amount_minor, event.currency),
        "ground": _ground(event.reason_code),
        "of_charge": of_charge,
    }
    send_notices(
        subject=event.agreement,
        wordings={
            parties[event.debtor].id: PAID.fill(party=parties[event.creditor].name, **stated),
            parties[event.creditor].id: RECEIVED.fill(party=parties[event.debtor].name, **stated),
        },
    )


def _ground(reason_code: str) -> dict[str, str]:
    if reason_code.startswith(CLAUSE_REASON):
        return BY_CLAUSE.as_dict()
    if reason_code == ENDED_EARLY:
        return BY_END.as_dict()
    return fill_label(BY_OPERATOR, code=reason_code).as_dict()
