"""The lock under which commands on money are added up."""

from marketplace.kernel.locks import AdvisoryLock, Mode

COMMAND_LOCK = AdvisoryLock(
    name="clearing.money_command",
    key=5_301_017,
    rank=65,
    protects="One command of a kind for a payee on a day at a time is counted towards the limit of one person.",
    modes=frozenset({Mode.EACH}),
)
