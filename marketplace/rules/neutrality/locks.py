"""The advisory lock of neutrality bundles."""

from marketplace.kernel.locks import AdvisoryLock, Mode

BUNDLE_LOCK = AdvisoryLock(
    name="rules.neutrality_bundle",
    key=5_301_030,
    rank=41,
    protects="Asking for a neutrality bundle takes it: periods of bundles do not overlap.",
    modes=frozenset({Mode.EXCLUSIVE}),
)
