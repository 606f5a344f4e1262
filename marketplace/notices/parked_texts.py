"""The texts of tasks about what is parked or stands aside, in both languages. Pure."""

from __future__ import annotations

from marketplace.kernel.labels import Label

PARKED_EVENTS = Label(
    "Repair the cause and retry: many events of {handler} are parked after repeated failures",
    "{handler} のイベントが多数、失敗の繰り返しにより停止中です。原因を解消して再試行してください",
)
PARKED_JOBS = Label(
    "Repair the cause and retry: many jobs of the kind {kind} are parked after repeated failures",
    "種類 {kind} のジョブが多数、失敗の繰り返しにより停止中です。原因を解消して再試行してください",
)
PARKED_FOR_ONE_CAUSE = Label(
    "Repair the cause and retry: jobs of the kind {kind} are parked after repeated failures",
    "種類 {kind} のジョブが、失敗の繰り返しにより停止中です。原因を解消して再試行してください",
)
ROW_ASIDE = Label(
    "{row} could not be processed and stands aside ({loop}): {error}. Repair the cause",
    "{row} を処理できないため、保留しています（{loop}: {error}）。原因を解消してください",
)
ROWS_ASIDE = Label(
    "Many rows could not be processed by {loop} and stand aside. Repair the cause",
    "{loop} で処理できない行が多数あり、保留しています。原因を解消してください",
)
