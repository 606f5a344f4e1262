"""The command line: `python -m marketplace.runtime COMMAND [ARGUMENTS]`."""

import sys
from collections.abc import Callable

from marketplace.runtime import checks, commands, lint, market
from marketplace.runtime.errors import RuntimeRefusal, StopRequested
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
            return dispatch(sys.argv[1:])
    except RuntimeRefusal as refusal:
        fail(str(refusal))
        return refusal.exit_code
    except PermissionError as error:
        fail(
            f"{error.filename}: {error.strerror}: if another user made it, run as that user, "
            "or have that user run `make clean`"
        )
        return 1
    except StopRequested as stopped:
        return 128 + stopped.signal_number


if __name__ == "__main__":
    sys.exit(main())
