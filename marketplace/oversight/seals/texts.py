"""Titles of the tasks of seals, in both languages. Pure."""

from __future__ import annotations

from marketplace.kernel.labels import Label

REVIEW = Label(
    "The seal {seal} on record {record} ends by itself: end it before, or seal the record again, in two",
    "記録 {record} の封印 {seal} は期日に自動で終了します。二名で、解除または再度の封印を判断してください",
)
FIRST_TERM = Label(
    "Record {record} is open to its parties soon: seal it in two if law still keeps it secret",
    "記録 {record} は間もなく当事者に開示されます。引き続き秘匿が必要な場合は、二名で封印してください",
)
