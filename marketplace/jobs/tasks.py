"""Celery tasks of jobs."""

from celery import shared_task

from marketplace.kernel.nudges import begin_nudged

from . import queries, runner, services
from .kinds import ATTEMPT_SECONDS_MAX

RUN_SECONDS_MAX = 60.0
TASK_SECONDS_MAX = int(RUN_SECONDS_MAX + ATTEMPT_SECONDS_MAX + 60)


# The runner limits each job, so this limit is beyond every job's; the task itself is only a request, and need not be
# delivered again.
@shared_task(name=services.RUN_TASK, ignore_result=True, acks_late=False, time_limit=TASK_SECONDS_MAX)
def run(queue: str) -> int:
    """Run due jobs of a queue for about a minute at most; ask for another run while there are more."""
    begin_nudged(services.nudge_key(queue))
    count = runner.run_due(queue, seconds=RUN_SECONDS_MAX)
    if queries.has_due(queue):
        services.nudge(queue)
    return count


@shared_task(name="marketplace.jobs.tasks.sweep", ignore_result=True)
def sweep() -> int:
    """On beat: recover jobs whose worker died, and wake the workers of queues in which jobs are due."""
    recovered = services.recover_lost()
    for queue in queries.due_queues():
        services.nudge(queue)
    return recovered
