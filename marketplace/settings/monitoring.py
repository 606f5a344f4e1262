"""What operators see: probes and metrics, who may read them, and where they listen."""

import os
from pathlib import Path
from typing import Any

import environ

env = environ.Env()

# What this process is called in metrics and probes: web, downloads, worker-files, beat.
PROCESS_NAME = env.str("PROCESS_NAME", default="web")
# Who presents it as a bearer token reads metrics and the details of readiness.
MONITOR_TOKEN = env.str("MONITOR_TOKEN", default="")
# Whether programs on the same machine may read them without a token. Behind a proxy on the same machine everybody
# seems to be on it, so production leaves it off.
MONITOR_TRUSTS_LOOPBACK = False
# Workers and beat answer probes and show metrics on this port; 0 opens none.
MONITOR_PORT = env.int("MONITOR_PORT", default=0)
MONITOR_ADDRESS = env.str("MONITOR_ADDRESS", default="127.0.0.1")

# Who is told of alarms: mail addresses, separated by commas, and an address that takes JSON by POST.
ALARM_EMAIL = env.list("ALARM_EMAIL", default=[])
ALARM_WEBHOOK_URL = env.str("ALARM_WEBHOOK_URL", default="")

# Where the backups are, for the process that reads how old they are; empty: they are elsewhere, and somebody else watches.
BACKUP_DIRECTORY = env.str("BACKUP_DIRECTORY", default="")
# What somebody must run every day; production expects it.
DAILY_COMMANDS: tuple[str, ...] = ()

# Processes of one kind add up their counters in this folder, which prometheus-client needs before its first counter.
# Whoever starts them empties it.
if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
    Path(os.environ["PROMETHEUS_MULTIPROC_DIR"]).mkdir(parents=True, exist_ok=True)


def logging_to_stderr(style: str) -> dict[str, Any]:
    """Return the logging configuration of every process: all lines to standard error, as ``json`` or as ``line``."""
    everything = {"handlers": ["stderr"], "propagate": False}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {"()": "marketplace.observability.log_format.line_formatter"},
            "json": {"()": "marketplace.observability.log_format.json_formatter"},
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": style}},
        "root": {"handlers": ["stderr"], "level": env.str("LOG_LEVEL", default="INFO")},
        "loggers": {
            # The server brings handlers of its own; requests are logged once, by our middleware.
            "uvicorn.error": everything,
            "uvicorn.access": {"handlers": [], "propagate": False},
            "django.server": everything,
        },
    }


LOGGING = logging_to_stderr(env.str("LOG_FORMAT", default="line"))
