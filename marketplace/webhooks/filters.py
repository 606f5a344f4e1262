"""Filters of webhooks and attempts."""

from __future__ import annotations

from django_filters import rest_framework as filters

from .models import Webhook, WebhookAttempt
from .states import AttemptOutcome, WebhookState


class WebhookFilter(filters.FilterSet):
    """Filters by state."""

    state = filters.ChoiceFilter(choices=WebhookState.choices)

    class Meta:
        model = Webhook
        fields = ("state",)


class AttemptFilter(filters.FilterSet):
    """Filters by message and outcome."""

    message = filters.CharFilter()
    outcome = filters.ChoiceFilter(choices=AttemptOutcome.choices)

    class Meta:
        model = WebhookAttempt
        fields = ("message", "outcome")
