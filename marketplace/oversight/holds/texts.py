"""The titles of the tasks of a hold, in both languages. Pure."""

from __future__ import annotations

from marketplace.kernel.labels import Label

REVIEW = Label(
    "Look whether the legal hold {hold} is still needed: lift it in two, or open another one in its place first",
    "保全 {hold} の要否を確認し、二名で解除するか、引き続き必要な場合は先に新たな保全を開始してください",
)
NOBODY_LIFTS = Label(
    "Fewer than two people may lift the legal hold {hold}, whose review date has come: give the role of disputes to others who have"
    " declared no interest in a party of it, or let interests be ended that do not stand any more",
    "見直し期日を迎えた保全 {hold} を解除できる担当者が二名未満です。その当事者との利害関係を届け出ていない担当者に係争担当の役割を付与するか、"
    "解消した利害関係の終了手続を行ってください",
)
