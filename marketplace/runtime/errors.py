"""What stops a command before or while it runs, told to a person in one line."""


class RuntimeRefusal(Exception):
    """The command cannot go on; the message is one line that says what is wrong and what to do."""

    exit_code = 2


class ServerFailure(RuntimeRefusal):
    """A process that the command needs did not start, or keeps dying."""

    exit_code = 1


class StopRequested(BaseException):
    """A person or the machine asked the command to stop (SIGINT, SIGTERM or SIGHUP).

    It derives from BaseException so that no `except Exception` between the signal and the supervisor
    swallows it.
    """

    def __init__(self, signal_number: int) -> None:
        super().__init__(f"stopped by signal {signal_number}")
        self.signal_number = signal_number
