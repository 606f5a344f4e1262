"""The title of the task of a hold, in both languages. Pure."""

from __future__ import annotations

from marketplace.kernel.labels import Label

REVIEW = Label(
    "Look whether the legal hold {hold} is still needed: lift it in two, or open another one in its place first",
    "保全 {hold} の要否を確認し、二名で解除するか、引き続き必要な場合は先に新たな保全を開始してください",
)
