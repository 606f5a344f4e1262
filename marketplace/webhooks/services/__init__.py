"""The verbs of the feed and the webhooks."""

from .publishing import publish, publish_due
from .subscribing import (
    create_webhook,
    delete_webhook,
    disable_webhook,
    enable_webhook,
    ping_webhook,
    replay_events,
    revise_webhook,
    rotate_secret,
)

__all__ = [
    "create_webhook",
    "delete_webhook",
    "disable_webhook",
    "enable_webhook",
    "ping_webhook",
    "publish",
    "publish_due",
    "replay_events",
    "revise_webhook",
    "rotate_secret",
]
