"""What every application of the market stands on, and the operator's own layer."""

from marketplace.celery import app as celery_app

__all__ = ["celery_app"]
