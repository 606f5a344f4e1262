"""Celery tasks of jobs."""

from celery import shared_task
from django.core.cache import cache
from redis.exceptions import RedisError

from . import queries, runner, services
from .kinds import ATTEMPT_SECONDS_MAX

RUN_SECONDS_MAX = 60.0
TASK_SECONDS_MAX = int(RUN_SECONDS_MAX + ATTEMPT_SECONDS_MAX + 60)


# The runner limits each job, so this limit is beyond every job's; the task itself is only a request, and need not be
# delivered again.
@shared_task(name=services.RUN_TASK, ignore_result=True, acks_late=False, time_limit=TASK_SECONDS_MAX)
def run(queue: str) -> int:
    """Run due jobs of a queue for about a minute at most; ask for another run while there are more."""
    try:
        cache.delete(services.nudge_key(queue))
    except RedisError:
        # The request was taken from a broker that is gone again; the key expires by itself.
        services.logger.warning("cache unavailable")
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
