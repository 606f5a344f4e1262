"""Advisory locks of contracts, and the order of its row locks."""

from marketplace.kernel.locks import AdvisoryLock, Mode, RowOrder

TEMPLATE_VERSION_LOCK = AdvisoryLock(
    name="contracts.template_version",
    key=5_301_101,
    rank=50,
    protects="One publication at a time takes the next version of a clause or a template of contracts, and no negotiation begins meanwhile.",
    modes=frozenset({Mode.EXCLUSIVE, Mode.SHARED}),
)

CONCLUSION_LOCK = AdvisoryLock(
    name="contracts.conclusion",
    key=5_301_102,
    rank=35,
    protects=(
        "Conclusions of one buyer are decided one at a time: of two at once, neither would count the other towards a limit."
    ),
    modes=frozenset({Mode.EACH}),
)

RowOrder(
    "contracts",
    "An agreement is locked before its disputes, its endings and its renewals, and after the negotiation that amends it, and a dispute before its mediators, settlements and remedies;"
    " negotiations are locked in key order, and before the listing"
    " and the organisation that signs, in share mode, the key and the mandates of its program, and the membership of who answers.",
)
