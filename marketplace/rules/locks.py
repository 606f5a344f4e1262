"""Advisory locks of rules: shared by who relies on something, exclusive to who changes it."""

from marketplace.kernel.locks import AdvisoryLock, Mode

TRADING_LOCK = AdvisoryLock(
    name="rules.trading",
    key=5_301_020,
    rank=30,
    protects=(
        "Beginning and concluding a trade takes it shared; declaring and ending a halt takes it exclusively:"
        " a trade is committed before the halt, or refused."
    ),
    modes=frozenset({Mode.EXCLUSIVE, Mode.SHARED}),
)

RULEBOOK_LOCK = AdvisoryLock(
    name="rules.rulebook",
    key=5_301_010,
    rank=40,
    protects=(
        "Deciding takes it shared; publishing a rulebook takes it exclusively:"
        " no rulebook is published in the middle of a decision."
    ),
    modes=frozenset({Mode.EXCLUSIVE, Mode.SHARED}),
)
