"""Background work: how Celery delivers tasks, and the sweeps that beat starts.

The database is the truth and the broker only carries nudges, so every task may run twice and none need
arrive: a sweep finds what a lost message left undone.
"""

from typing import Any

from kombu import Queue as BrokerQueue

from marketplace.settings.queues import (
    DEFAULT_QUEUE,
    QUEUES,
    TASK_SECONDS_MAX,
    WORKER_CHILD_KIBIBYTES_MAX,
    TimeLimits,
    route_task,
)

CELERY_TASK_DEFAULT_QUEUE = DEFAULT_QUEUE
CELERY_TASK_QUEUES = [BrokerQueue(queue.name, routing_key=queue.name) for queue in QUEUES]
CELERY_TASK_ROUTES = (route_task,)
CELERY_TASK_ANNOTATIONS = (TimeLimits(),)
CELERY_WORKER_MAX_MEMORY_PER_CHILD = WORKER_CHILD_KIBIBYTES_MAX
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_CONNECTION_TIMEOUT = 2
# A nudge that cannot be sent at once is dropped; the sweep does its work.
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {
    # Longer than the longest task, else it would be delivered again while it runs.
    "visibility_timeout": 2 * TASK_SECONDS_MAX,
    "socket_connect_timeout": 2,
    "socket_timeout": 3,
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0.1,
    "interval_max": 0.1,
}


def every(task: str, seconds: float) -> dict[str, Any]:
    """Return beat's entry for a sweep; one that waited longer than its period is dropped, not queued up."""
    return {"task": task, "schedule": seconds, "options": {"expires": max(seconds, 1.0)}}


CELERY_BEAT_SCHEDULE = {
    "events": every("marketplace.events.tasks.sweep", 2.0),
    "jobs": every("marketplace.jobs.tasks.sweep", 2.0),
    "parked": every("marketplace.notices.tasks.watch_parked", 15.0),
    "clearing": every("clearing.tasks.sweep", 3.0),
    "clearing-watch": every("clearing.tasks.watch", 30.0),
    "money": every("clearing.tasks.safeguard", 20.0),
    "approvals": every("marketplace.approvals.tasks.expire", 20.0),
    "people": every("marketplace.participants.tasks.sweep", 30.0),
    "staff-accesses": every("marketplace.access.tasks.sweep", 60.0),
    "cases": every("marketplace.cases.tasks.sweep", 60.0),
    "oversight": every("marketplace.oversight.tasks.sweep", 60.0),
    "registration": every("marketplace.registration.tasks.sweep", 60.0),
    "rescreening": every("marketplace.registration.tasks.rescreen", 3600.0),
    "neutrality-bundles": every("marketplace.rules.tasks.ask_for_bundle", 3600.0),
    "rulebooks": every("marketplace.rules.tasks.sweep", 30.0),
    "figures": every("marketplace.rules.tasks.make_figures", 300.0),
    "clearing-figures": every("clearing.tasks.make_figures", 300.0),
    "evidence": every("marketplace.evidence.tasks.seal", 5.0),
    "row-seals": every("marketplace.evidence.tasks.seal_rows", 900.0),
    "checkpoint": every("marketplace.evidence.tasks.checkpoint", 3600.0),
    "feed": every("marketplace.webhooks.tasks.publish", 1.0),
    "webhooks": every("marketplace.webhooks.tasks.send", 2.0),
    "delivery": every("delivery.tasks.sweep", 10.0),
    "contracts": every("contracts.tasks.sweep", 30.0),
}
