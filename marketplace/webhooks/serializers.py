"""The feed and the webhooks in the API."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from marketplace.api.serializers import ChoiceLabelField, InstantField, StrictSerializer

from .models import DESCRIPTION_LENGTH_MAX, URL_LENGTH_MAX, Webhook, WebhookAttempt
from .states import AttemptOutcome, DisabledReason, WebhookState

EVENT_TYPES_MAX = 100
EVENT_TYPES_HELP = "Types as in events/types/ (trade.secured); empty for every event that you may see."


class CloudEventSerializer(serializers.Serializer[Any]):
    """An event: CloudEvents 1.0 in JSON."""

    specversion = serializers.CharField()
    id = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]  # DRF's own attribute
    type = serializers.CharField(help_text="sanpo.trade.secured.v1")
    subject = serializers.CharField()
    time = serializers.DateTimeField()
    datacontenttype = serializers.CharField()
    data = serializers.DictField()  # type: ignore[assignment]  # DRF's own attribute


class FeedPageSerializer(serializers.Serializer[Any]):
    """A page of the feed. Send `next` as `after` to go on; `more` says whether events follow now."""

    events = CloudEventSerializer(many=True)
    next = serializers.CharField(allow_null=True)
    more = serializers.BooleanField()


class EventTypeSerializer(serializers.Serializer[Any]):
    """A type of event that the caller may see."""

    type = serializers.CharField(help_text="trade.secured")
    cloudevents_type = serializers.CharField(help_text="sanpo.trade.secured.v1")
    fields_of_data = serializers.ListField(child=serializers.CharField())


class WebhookSerializer(serializers.ModelSerializer[Webhook]):
    """A webhook of the caller's organisation. `failing_since`: the first failed attempt since the last success."""

    id = serializers.CharField(source="public_id")
    state_label = ChoiceLabelField(WebhookState, source="state")
    disabled_reason_label = ChoiceLabelField(DisabledReason, source="disabled_reason", allow_null=True)

    class Meta:
        model = Webhook
        fields = (
            "id", "url", "event_types", "description", "state", "state_label", "disabled_reason",
            "disabled_reason_label", "failing_since", "created_at",
        )  # fmt: skip


class WebhookWithSecretSerializer(WebhookSerializer):
    """A webhook with its new secret, which no other response contains."""

    secret = serializers.SerializerMethodField()

    class Meta(WebhookSerializer.Meta):
        fields = (*WebhookSerializer.Meta.fields, "secret")  # type: ignore[assignment]  # one more than the parent's

    def get_secret(self, row: Webhook) -> str:
        """The secret in clear text, given in the serializer's context."""
        return str(self.context["secret"])


class CreateWebhookSerializer(StrictSerializer):
    """Where to send which events."""

    url = serializers.CharField(max_length=URL_LENGTH_MAX)
    event_types = serializers.ListField(
        child=serializers.CharField(max_length=80),
        max_length=EVENT_TYPES_MAX,
        required=False,
        help_text=EVENT_TYPES_HELP,
    )
    description = serializers.CharField(max_length=DESCRIPTION_LENGTH_MAX, required=False, allow_blank=True)


class ReviseWebhookSerializer(CreateWebhookSerializer):
    """What to change; what is left out stays."""

    url = serializers.CharField(max_length=URL_LENGTH_MAX, required=False)


class ReplayEventsSerializer(StrictSerializer):
    """Where to replay from: after an event, or from an instant."""

    after = serializers.CharField(required=False, help_text="The last event that you have.")
    since = InstantField(required=False)


class ReplayedSerializer(serializers.Serializer[Any]):
    """How many events were queued. `next`: the event to replay after next; null if there are no more."""

    queued = serializers.IntegerField()
    next = serializers.CharField(allow_null=True)


class PingSerializer(serializers.Serializer[Any]):
    """The test message that was queued; its attempts are listed under this `message`."""

    message = serializers.CharField()


class AttemptSerializer(serializers.ModelSerializer[WebhookAttempt]):
    """An ended attempt to send a message. `message`: the `webhook-id`, which is the event's `id`."""

    outcome_label = ChoiceLabelField(AttemptOutcome, source="outcome")

    class Meta:
        model = WebhookAttempt
        fields = ("message", "type", "number", "outcome", "outcome_label", "status", "took_ms", "ended_at")
