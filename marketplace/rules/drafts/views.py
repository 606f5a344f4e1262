"""The API of drafts of the rulebook."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.api.etags import etag_of, stated_version
from marketplace.api.views import MarketReadViewSet, command, create_command
from marketplace.kernel.permissions import Permission

from ..views import DOCUMENT_EXAMPLE
from . import queries, services
from .models import RulebookDraft
from .serializers import DraftSerializer, PublishDraftSerializer, ReviseDraftSerializer, SaveDraftSerializer


class RulebookDraftViewSet(MarketReadViewSet[RulebookDraft]):
    """Versions of the rulebook that are being prepared; the operator's people who change rules, and its auditor, read them."""

    reads = queries.READING
    serializer_class = DraftSerializer
    queryset = RulebookDraft.objects.none()

    def get_queryset(self) -> QuerySet[RulebookDraft]:
        """Rows in the caller's scope."""
        return queries.visible_drafts(self.actor)

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One draft; its ETag is its version."""
        response = super().retrieve(request, *args, **kwargs)
        response["ETag"] = etag_of(response.data["version"])
        return response

    @create_command(
        summary="Draft a version of the rulebook",
        needs=Permission.RULEBOOK_WRITE,
        request=SaveDraftSerializer,
        response=DraftSerializer,
        example={"document": DOCUMENT_EXAMPLE},
    )
    def create(self, data: dict[str, Any]) -> RulebookDraft:
        """Save a draft on the newest version, which it replaces. It is validated, and its examples are tried (operator)."""
        return services.save_draft(actor=self.actor, **data)

    @command(
        summary="Change a draft of the rulebook",
        needs=Permission.RULEBOOK_WRITE,
        request=ReviseDraftSerializer,
        response=DraftSerializer,
        example={"version": 1, "document": DOCUMENT_EXAMPLE},
    )
    def revise(self, data: dict[str, Any], public_id: str) -> RulebookDraft:
        """Change a draft that nobody changed since it was read: state its version, or send its ETag as If-Match (operator)."""
        version = stated_version(self.request, data.pop("version", None))
        return services.revise_draft(actor=self.actor, draft=public_id, version=version, **data)

    @command(
        summary="Ask for the impact report of a draft",
        needs=Permission.RULEBOOK_WRITE,
        response=DraftSerializer,
        status=202,
    )
    def preview(self, data: dict[str, Any], public_id: str) -> RulebookDraft:
        """A job evaluates the draft on everybody who stands and on last month's decisions, and warns (operator)."""
        return services.preview_draft(actor=self.actor, draft=public_id)

    @command(
        summary="Publish a draft as the next rulebook",
        needs=Permission.RULEBOOK_WRITE,
        request=PublishDraftSerializer,
        response=DraftSerializer,
        example={"digest": "0" * 64, "acknowledged": ["no_example:ADM-01"]},
    )
    def publish(self, data: dict[str, Any], public_id: str) -> RulebookDraft:
        """Two people publish the text that both have read, after its preview, acknowledging its warnings (operator)."""
        return services.publish_draft(actor=self.actor, draft=public_id, **data)

    @command(
        summary="Withdraw a draft of the rulebook",
        needs=Permission.RULEBOOK_WRITE,
        response=DraftSerializer,
    )
    def withdraw(self, data: dict[str, Any], public_id: str) -> RulebookDraft:
        """Give a draft up (operator)."""
        return services.withdraw_draft(actor=self.actor, draft=public_id)
