"""Idempotency records of the API."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from marketplace.kernel.columns import MomentField


class IdempotencyRecord(models.Model):
    """The response to a request under a key, so that the same request gets the same response.

    Invariant: a caller's key belongs to one request. The record is written in the transaction of the command, so it
    exists if and only if the command took effect.
    """

    caller = models.CharField(max_length=60)
    key = models.CharField(max_length=100)
    request_digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    body = models.JSONField(null=True)
    created_at = MomentField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["caller", "key"], name="idempotency_once")]
