"""The command line: `python -m marketplace.runtime COMMAND [ARGUMENTS]`."""

import sys
from collections.abc import Callable

from marketplace.runtime import checks, commands, disk, lint, market
from marketplace.runtime.errors import RuntimeRefusal, ServerFailure, StopRequested
from marketplace.runtime.layout import VAR
from marketplace.runtime.supervisor import fail, stop_signals_raise

WITH_ARGUMENTS: dict[str, Callable[[list[str]], int]] = {
    "manage": commands.manage,
    "test": checks.test,
    "faults": checks.faults,
    "bench": checks.bench,
}
WITHOUT_ARGUMENTS: dict[str, Callable[[], int]] = {
    "run": market.run,
    "demo": market.demo,
    "lint": lint.lint,
    "shell": commands.shell,
    "servers": commands.servers_up,
    "servers stop": commands.servers_down,
    "clean": commands.clean,
}


def dispatch(arguments: list[str]) -> int:
    """Run the command and return its exit status; refuse one that is not known."""
    if arguments and arguments[0] in WITH_ARGUMENTS:
        return WITH_ARGUMENTS[arguments[0]](arguments[1:])
    command = " ".join(arguments)
    if command not in WITHOUT_ARGUMENTS:
        known = ", ".join([*WITHOUT_ARGUMENTS, *(f"{name} ..." for name in WITH_ARGUMENTS)])
        raise RuntimeRefusal(f"no command {command!r}; there are: {known}")
    return WITHOUT_ARGUMENTS[command]()


def main() -> int:
    """Run the command line; every refusal is one line on standard error."""
    try:
        with stop_signals_raise():
            code = dispatch(sys.argv[1:])
    except RuntimeRefusal as refusal:
        # A server that finds no space says so in many ways; the cause is what helps.
        fail(
            disk.full_line(VAR) if isinstance(refusal, ServerFailure) and disk.is_full(VAR) else str(refusal)
        )
        return refusal.exit_code
    except OSError as error:
        line = disk.explain(error, VAR)
        if not line:
            raise
        fail(line)
        return 1
    except StopRequested as stopped:
        return 128 + stopped.signal_number
    if code != 0 and disk.is_full(VAR):
        fail(disk.full_line(VAR))
    return code


if __name__ == "__main__":
    sys.exit(main())
