"""A Celery application of the tests: one task that says that it began, then sleeps longer than anybody waits."""

import os
import time
from pathlib import Path

from celery import Celery

app = Celery("sleeping", broker=os.environ["REDIS_URL"])
app.conf.update(
    broker_transport_options={"global_keyprefix": os.environ["SLEEPING_PREFIX"]},
    task_acks_late=True,
    task_ignore_result=True,
    worker_prefetch_multiplier=1,
    task_default_queue="sleeping",
)


@app.task(name="tests.runtime.sleeping.sleep")
def sleep(begun: str) -> None:
    """Make the file ``begun``, then sleep for ten minutes."""
    Path(begun).touch()
    time.sleep(600)
