"""Celery tasks of clearing. Each does short steps; the database says which step comes next."""

from celery import shared_task

from marketplace.kernel.aside import Loop

from .cycles.nudge import nudge
from .run.queries import UNFINISHED_CYCLES
from .run.services.alarms import watch_cycles
from .run.services.cut_offs import close_due_cycles
from .run.services.cycles import advance_for_a_while
from .run.services.sweeping import advance_cycles, carry_out_deadlines, run_independently
from .run.services.watching import watch_money
from .statements.services import make_statements
from .trades.neutrality import NEUTRALITY

SWEEP = Loop("clearing.sweep")


@shared_task(name="clearing.tasks.advance", ignore_result=True)
def advance(cycle: str) -> int:
    """Advance a cycle for some seconds and hand it on if more is to be done; returns the number of steps and chunks."""
    turn = advance_for_a_while(cycle=cycle)
    UNFINISHED_CYCLES.take_back(cycle)
    if turn.more:
        nudge(cycle)
    return turn.chunks


@shared_task(name="clearing.tasks.sweep", ignore_result=True)
def sweep() -> int:
    """On beat: cut-offs, deadlines, waiting trades, cycles, monthly statements; returns how many rows changed."""
    jobs = (close_due_cycles, carry_out_deadlines, advance_cycles, make_statements)
    return run_independently(SWEEP, {job.__name__: job for job in jobs})


@shared_task(name="clearing.tasks.watch", ignore_result=True)
def watch() -> int:
    """On beat: raise and end the alarms of overdue cycles; returns how many."""
    return watch_cycles()


@shared_task(name="clearing.tasks.safeguard", ignore_result=True)
def safeguard() -> int:
    """On beat: segregation checks, idle money, lost payments; returns how many were done."""
    return watch_money()


@shared_task(name="clearing.tasks.make_figures", ignore_result=True)
def make_figures() -> None:
    """On beat: make the figures about the neutrality of trading that everybody reads."""
    NEUTRALITY.make()
