"""Celery entry points of clearing. Each does short steps; the database says what is to be done next."""

from celery import shared_task

from .cycles.nudge import nudge
from .run.services.alarms import watch_cycles
from .run.services.cut_offs import close_due_cycles
from .run.services.cycles import advance_cycle
from .run.services.sweeping import advance_cycles, carry_out_deadlines, each_by_itself
from .run.services.watching import watch_money
from .statements.services import make_statements


@shared_task(name="clearing.tasks.advance", ignore_result=True)
def advance(cycle: str) -> str | None:
    """Take a cycle one step on; another call follows while there may be more to do."""
    state = advance_cycle(cycle=cycle)
    if state is not None:
        nudge(cycle)
    return state


@shared_task(name="clearing.tasks.sweep", ignore_result=True)
def sweep() -> int:
    """On beat: cut-offs, deadlines, waiting trades whose money is there, cycles, statements due; how many were moved."""
    return each_by_itself(
        (
            close_due_cycles,
            carry_out_deadlines,
            advance_cycles,
            make_statements,
        )
    )


@shared_task(name="clearing.tasks.watch", ignore_result=True)
def watch() -> int:
    """On beat: alarms about cycles that are overdue; how many were raised or ended."""
    return watch_cycles()


@shared_task(name="clearing.tasks.safeguard", ignore_result=True)
def safeguard() -> int:
    """On beat: the daily check of clients' money, idle money, lost payments, lapsed approvals; how many were done."""
    return watch_money()
