"""The market of the pipe's benchmark: one subscriber, the probe; beat sweeps events and jobs, as in every market."""

from marketplace.settings.bench import *  # noqa: F403
from marketplace.settings.bench import CELERY_BEAT_SCHEDULE as EVERY_SWEEP
from marketplace.settings.bench import INSTALLED_APPS as INSTALLED
from marketplace.settings.bench import MARKET_APPLICATIONS as MARKET

PROBE = "bench.pipe_probe"
INSTALLED_APPS = [*INSTALLED, PROBE]
MARKET_APPLICATIONS = [*MARKET, PROBE]
CELERY_BEAT_SCHEDULE = {name: EVERY_SWEEP[name] for name in ("events", "jobs")}
EVENT_SUBSCRIPTIONS = {
    "organisation.registered": ("bench.pipe_probe.handlers.on_written",),
    "participant.suspended": ("bench.pipe_probe.handlers.on_failing",),
    "participant.reinstated": ("bench.pipe_probe.handlers.on_sleeping",),
}
