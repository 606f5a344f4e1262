"""The API of the bundles of agreements."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request

from marketplace.api.views import PROBLEMS, MarketReadViewSet

from ..models import Agreement
from .bundle import agreement_bundle

ZIP = "application/zip"


class AgreementBundleMixin(MarketReadViewSet[Agreement]):
    """What ``agreements/{id}/bundle/`` adds to the agreements."""

    @extend_schema(
        summary="Download all that verifies the agreement offline",
        responses={(200, ZIP): OpenApiTypes.BINARY, **PROBLEMS},
    )
    @action(detail=True, methods=["get"], filterset_class=None)
    def bundle(self, request: Request, **_: Any) -> HttpResponse:
        """The signed object, its texts, signatures, keys, evidence and sealed PDFs in one file, for `verification/verify.py`.

        While a job makes a PDF, 409 with `Retry-After`.
        """
        agreement = self.get_object()
        return HttpResponse(
            agreement_bundle(agreement, self.actor.organisation or ""),
            content_type=ZIP,
            headers={
                "Content-Disposition": f'attachment; filename="{agreement.public_id}.zip"',
                "Cache-Control": "no-store",
                "X-Content-Type-Options": "nosniff",
            },
        )
