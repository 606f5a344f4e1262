"""The API of the feed and the webhooks."""

from __future__ import annotations

import dataclasses
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.access.reading import require_pipe
from marketplace.api.filters import refuse_unknown
from marketplace.api.permissions import declare
from marketplace.api.principal import actor_of
from marketplace.api.serializers import EmptySerializer
from marketplace.api.views import PROBLEMS, MarketReadViewSet, command
from marketplace.events.schema import full_type
from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission

from . import queries, services
from .filters import AttemptFilter, WebhookFilter
from .models import Webhook, WebhookAttempt
from .scopes import OPERATOR, scope_of, short_type, visible_types
from .serializers import (
    AttemptSerializer,
    CreateWebhookSerializer,
    EventTypeSerializer,
    FeedPageSerializer,
    PingSerializer,
    ReplayedSerializer,
    ReplayEventsSerializer,
    ReviseWebhookSerializer,
    WebhookSerializer,
    WebhookWithSecretSerializer,
)

PAGE_EVENTS = 100
PAGE_EVENTS_MAX = 500
NO_STORE = {"Cache-Control": "no-store"}
WEBHOOK_EXAMPLE = {
    "url": "https://hooks.example.com/sanpo",
    "event_types": ["trade.secured", "delivery.granted"],
    "description": "取引システムへの通知",
}
FEED_PARAMETERS = [
    OpenApiParameter(
        "after",
        OpenApiTypes.STR,
        description="The `id` of the last event that you have; none for the oldest.",
    ),
    OpenApiParameter(
        "types", OpenApiTypes.STR, description="Types separated by commas: `trade.secured,delivery.granted`."
    ),
    OpenApiParameter(
        "page_size", OpenApiTypes.INT, description=f"At most {PAGE_EVENTS_MAX}; {PAGE_EVENTS} if left out."
    ),
]


class FeedView(APIView):
    """The events that the caller's organisation may see, in the order of their commits."""

    reads = Permission.MARKET_READ

    @extend_schema(
        summary="Read the feed of events",
        parameters=FEED_PARAMETERS,
        responses={200: FeedPageSerializer, **PROBLEMS},
    )
    def get(self, request: Request) -> Response:
        """The events after `after`, at least once each; the same events as webhooks send, in the same form.

        All events are in the operator's feed, which its support staff and auditors read.
        """
        refuse_unknown(request, {"after", "types", "page_size"})
        actor = actor_of(request)
        require_pipe(actor)
        named = [name for name in request.query_params.get("types", "").split(",") if name]
        page = queries.read_feed(
            actor=actor,
            after=request.query_params.get("after") or None,
            types=_known_types(named),
            limit=_page_size(request.query_params.get("page_size")),
        )
        return Response(dataclasses.asdict(page))


class EventTypesView(APIView):
    """The types of events that the caller's organisation may see."""

    reads = Permission.MARKET_READ

    @extend_schema(
        summary="Read the types of events", responses={200: EventTypeSerializer(many=True), **PROBLEMS}
    )
    def get(self, request: Request) -> Response:
        """Each type with the fields of its data."""
        refuse_unknown(request, set())
        scope = scope_of(actor_of(request))
        return Response(
            [
                {
                    "type": name,
                    "cloudevents_type": full_type(event),
                    "fields_of_data": [
                        field.name
                        for field in dataclasses.fields(event)
                        if scope == OPERATOR or field.name not in event.withheld
                    ],
                }
                for name, event in sorted(visible_types(scope).items())
            ]
        )


def _known_types(named: list[str]) -> list[str]:
    """The types of a filter; raises FieldInvalid for an unknown one."""
    known = {name: short_type(name) for name in named}
    if unknown := sorted(name for name, found in known.items() if found is None):
        listed = ", ".join(unknown)
        reason = Label(
            f"unknown event types: {listed}. The list is at events/types/",
            f"不明なイベント種別です: {listed}。一覧は events/types/ にあります",
        )
        raise FieldInvalid("types", reason)
    return [found for found in known.values() if found is not None]


def _page_size(given: str | None) -> int:
    """The number of events of a page; raises FieldInvalid."""
    if given is None:
        return PAGE_EVENTS
    if not (given.isascii() and given.isdigit() and len(given) <= 3 and 1 <= int(given) <= PAGE_EVENTS_MAX):
        raise FieldInvalid(
            "page_size",
            Label(
                f"specify a number from 1 to {PAGE_EVENTS_MAX}",
                f"1から{PAGE_EVENTS_MAX}までの数を指定してください",
            ),
        )
    return int(given)


class WebhookViewSet(MarketReadViewSet[Webhook]):
    """Webhooks of the caller's organisation. People who hold `webhooks:write` change them."""

    reads = Permission.MARKET_READ
    serializer_class = WebhookSerializer
    filterset_class = WebhookFilter
    queryset = Webhook.objects.none()

    def get_queryset(self) -> QuerySet[Webhook]:
        """The webhooks of the caller's organisation."""
        return queries.webhooks_of(self.actor)

    @declare(Permission.WEBHOOKS_WRITE)
    @extend_schema(
        summary="Create a webhook",
        request=CreateWebhookSerializer,
        responses={201: WebhookWithSecretSerializer, **PROBLEMS},
        examples=[OpenApiExample("example", value=WEBHOOK_EXAMPLE, request_only=True)],
    )
    def create(self, request: Request) -> Response:
        """Send the organisation's events to a URL, signed as Standard Webhooks says. Only this response contains the
        secret.

        It takes no Idempotency-Key, because the response would have to be stored together with the secret.
        """
        serializer = CreateWebhookSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        webhook, secret = services.create_webhook(actor=self.actor, **serializer.validated_data)
        rendered = WebhookWithSecretSerializer(webhook, context={"secret": secret})
        return Response(rendered.data, status=201, headers=NO_STORE)

    @declare(Permission.WEBHOOKS_WRITE)
    @extend_schema(
        summary="Rotate the secret of a webhook",
        request=None,
        responses={200: WebhookWithSecretSerializer, **PROBLEMS},
    )
    @action(detail=True, methods=["post"], url_path="rotate-secret", filterset_class=None)
    def rotate_secret(self, request: Request, **captured: Any) -> Response:
        """Give it a new secret, which only this response contains. The one before it also signs for 24 hours."""
        EmptySerializer(data=request.data).is_valid(raise_exception=True)
        webhook, secret = services.rotate_secret(actor=self.actor, webhook=captured["id"])
        return Response(
            WebhookWithSecretSerializer(webhook, context={"secret": secret}).data, headers=NO_STORE
        )

    @command(
        summary="Change a webhook",
        needs=Permission.WEBHOOKS_WRITE,
        request=ReviseWebhookSerializer,
        response=WebhookSerializer,
        example={"event_types": ["trade.secured"]},
    )
    def revise(self, data: dict[str, Any], public_id: str) -> Webhook:
        """Change its URL, types or description; what is left out stays."""
        return services.revise_webhook(actor=self.actor, webhook=public_id, **data)

    @command(summary="Disable a webhook", needs=Permission.WEBHOOKS_WRITE, response=WebhookSerializer)
    def disable(self, data: dict[str, Any], public_id: str) -> Webhook:
        """Send nothing more until it is enabled."""
        return services.disable_webhook(actor=self.actor, webhook=public_id)

    @command(summary="Enable a webhook", needs=Permission.WEBHOOKS_WRITE, response=WebhookSerializer)
    def enable(self, data: dict[str, Any], public_id: str) -> Webhook:
        """Send again. Events that happened while it was disabled must be replayed."""
        return services.enable_webhook(actor=self.actor, webhook=public_id)

    @command(summary="Delete a webhook", needs=Permission.WEBHOOKS_WRITE, response=None, status=204)
    def delete(self, data: dict[str, Any], public_id: str) -> None:
        """Delete it and its secrets."""
        services.delete_webhook(actor=self.actor, webhook=public_id)

    @command(summary="Test a webhook", needs=Permission.WEBHOOKS_WRITE, response=PingSerializer, status=202)
    def ping(self, data: dict[str, Any], public_id: str) -> dict[str, str]:
        """Queue a test message (`sanpo.webhook.ping.v1`)."""
        return {"message": services.ping_webhook(actor=self.actor, webhook=public_id)}

    @command(
        summary="Replay events to a webhook",
        needs=Permission.WEBHOOKS_WRITE,
        request=ReplayEventsSerializer,
        response=ReplayedSerializer,
        status=202,
        example={"since": "2026-11-01T00:00:00Z"},
    )
    def replay(self, data: dict[str, Any], public_id: str) -> dict[str, Any]:
        """Queue events again, under the same identifiers; at most 2,000 at a time."""
        queued, following = services.replay_events(actor=self.actor, webhook=public_id, **data)
        return {"queued": queued, "next": following}


class WebhookAttemptViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[WebhookAttempt]):
    """Attempts to send messages of one webhook, the newest first."""

    reads = Permission.MARKET_READ
    serializer_class = AttemptSerializer
    filterset_class = AttemptFilter
    queryset = WebhookAttempt.objects.none()

    def get_queryset(self) -> QuerySet[WebhookAttempt]:
        """The attempts of the webhook, if it is the caller's organisation's; raises Missing."""
        if getattr(self, "swagger_fake_view", False):
            return self.queryset
        return queries.attempts_of(actor_of(self.request), self.kwargs["webhook"])
