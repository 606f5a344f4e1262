"""Papers of practice over HTTP: each as data, and as PDF. Public to the applications above, which have papers of their own."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.api.renderers import AsAddressed, PdfRenderer
from marketplace.api.serializers import BilingualField
from marketplace.api.views import PROBLEMS
from marketplace.documents.errors import LanguageUnknown
from marketplace.documents.presentation import LOCALES
from marketplace.documents.services import render_pdf

from .content import TEMPLATE, Paper

LANGUAGE = OpenApiParameter(
    "language",
    OpenApiTypes.STR,
    enum=list(LOCALES),
    description="The language of the document, Japanese by default.",
)


class PaperPartySerializer(serializers.Serializer[Any]):
    """A party on a paper."""

    name = BilingualField()
    corporate_number = serializers.CharField(allow_null=True)
    address = serializers.CharField(allow_blank=True)
    representative = serializers.CharField(allow_blank=True)


class PaperPriceSerializer(serializers.Serializer[Any]):
    """The price with its tax, which is rounded down once, in minor units of ``currency``."""

    currency = serializers.CharField()
    net_minor = serializers.IntegerField()
    tax_category = BilingualField()
    tax_rate_bp = serializers.IntegerField()
    tax_minor = serializers.IntegerField()
    gross_minor = serializers.IntegerField()


class PaperFileSerializer(serializers.Serializer[Any]):
    """A file of the data."""

    name = serializers.CharField()
    size_bytes = serializers.IntegerField()
    sha256 = serializers.CharField()


class PaperFactSerializer(serializers.Serializer[Any]):
    """A line of a paper: a ``text``, or a moment (``value_at``)."""

    name = serializers.CharField()
    label = BilingualField()  # type: ignore[assignment]
    text = BilingualField(allow_null=True)
    value_at = serializers.DateTimeField(allow_null=True)


class PaperSerializer(serializers.Serializer[Any]):
    """A paper of practice as data. It binds nobody; the signed contract does. ``reference``: the buyer's order number."""

    paper = serializers.ChoiceField(Paper.choices)
    title = BilingualField()
    statement = BilingualField()
    number = serializers.CharField()
    dated_at = serializers.DateTimeField()
    issuer = PaperPartySerializer()
    addressee = PaperPartySerializer()
    reference = serializers.CharField(allow_null=True)
    subject = BilingualField()
    price = PaperPriceSerializer()
    files = PaperFileSerializer(many=True)
    further_files = BilingualField(allow_null=True)
    facts = PaperFactSerializer(many=True)


def read_paper(url_path: str, summary: str, *names: Paper) -> Callable[[Any], Any]:
    """Make a method that returns a paper's data, by the row and the paper's name, a route that reads it."""
    schema = extend_schema(
        summary=summary, parameters=_named(names), responses={200: PaperSerializer, **PROBLEMS}
    )
    route = action(detail=True, methods=["get"], url_path=url_path, filterset_class=None)
    return lambda method: schema(route(method))


def read_paper_pdf(url_path: str, summary: str, *names: Paper) -> Callable[[Any], Any]:
    """As ``read_paper``, of the paper as PDF/A."""
    schema = extend_schema(
        summary=summary,
        parameters=[LANGUAGE, *_named(names)],
        responses={(200, "application/pdf"): OpenApiTypes.BINARY, **PROBLEMS},
    )
    route = action(
        detail=True,
        methods=["get"],
        url_path=f"{url_path}/document.pdf",
        filterset_class=None,
        renderer_classes=[PdfRenderer],
        content_negotiation_class=AsAddressed,
    )
    return lambda method: schema(route(method))


def _named(names: Collection[Paper]) -> list[OpenApiParameter]:
    """The parameter of a path that names one of several papers."""
    if len(names) < 2:
        return []
    return [
        OpenApiParameter(
            "paper", OpenApiTypes.STR, OpenApiParameter.PATH, enum=[name.value for name in names]
        )
    ]


def one_of(*names: Paper) -> str:
    """The path of one of several papers."""
    return f"papers/(?P<paper>{'|'.join(sorted((name.value for name in names), key=len, reverse=True))})"


def shown(data: dict[str, Any]) -> Response:
    """A paper as data."""
    return Response(PaperSerializer(data).data)


def printed(data: dict[str, Any], request: Request) -> Response:
    """A paper as PDF, the same bytes every time. Raises LanguageUnknown."""
    asked = request.query_params.get("language", "ja")
    for language in LOCALES:
        if asked == language:
            name = f"{data['paper']}-{data['number']}.{language}.pdf"
            return Response(
                render_pdf(template=TEMPLATE, data=data, language=language),
                headers={
                    "Content-Disposition": f'inline; filename="{name}"',
                    "Content-Language": language,
                },
            )
    raise LanguageUnknown(language=asked)
