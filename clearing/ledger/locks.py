"""Advisory locks of the ledger, and the order in which clearing locks rows."""

from marketplace.kernel.locks import AdvisoryLock, Mode, RowOrder

MOVER_LOCK = AdvisoryLock(
    name="clearing.mover",
    key=5_301_011,
    rank=60,
    protects="One transaction at a time posts for many participants in more than one statement.",
    modes=frozenset({Mode.EXCLUSIVE}),
)

PERIOD_LOCK = AdvisoryLock(
    name="clearing.accounting_period",
    key=5_301_013,
    rank=70,
    protects="Journal entries share it; closing a month takes it alone: nothing is posted into a month that is closing.",
    modes=frozenset({Mode.EXCLUSIVE, Mode.SHARED}),
)

RowOrder(
    "clearing",
    "The cycle whose step is done, then earlier cycles with planned payments of those it would leave short; the charging"
    " progress of an agreement; settlement instructions and bank entries;"
    " in share mode, the organisation that orders a trade to be secured; trades; the guarantees of their buyers; in acceptance, in share mode, the cycle that takes its obligations; balances"
    " of accounts.",
)
