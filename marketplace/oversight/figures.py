"""Figures of the registers by year: how many of each kind, and none from fewer than three.

Public when the year is over: from two readings of a running year their difference would tell of a single participant.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.api.permissions import PUBLIC
from marketplace.api.principal import reader_of
from marketplace.api.views import PROBLEMS
from marketplace.kernel import clock
from marketplace.kernel.bounds import YEAR_MAX, YEAR_MIN
from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission

from .consultations.queries import asked_in
from .consultations.states import Matter
from .incidents.queries import opened_in
from .incidents.states import IncidentKind
from .reviews.queries import opened_in as reviews_opened_in
from .reviews.states import Detector

SHOWN_FROM = 3
"""A figure is shown from so many participants on: those whom incidents concern, who asked, or who are reviewed."""


def shown_counts(kinds: Iterable[str], rows: Iterable[tuple[Any, ...]]) -> dict[str, int | None]:
    """How many there are of each kind, from rows ``(kind, which, whose)``; None where they are of fewer than three."""
    which: dict[str, set[Any]] = {str(kind): set() for kind in kinds}
    whose: dict[str, set[Any]] = defaultdict(set)
    for kind, one, party in rows:
        which.setdefault(kind, set()).add(one)
        if party is not None:
            whose[kind].add(party)
    return {
        kind: len(found) if not found or len(whose[kind]) >= SHOWN_FROM else None
        for kind, found in which.items()
    }


def figures_of(year: int) -> dict[str, Any]:
    """The figures of a calendar year in the market's zone."""
    zone = clock.market_zone()
    since, until = (datetime(each, 1, 1, tzinfo=zone) for each in (year, year + 1))
    return {
        "year": year,
        "shown_from": SHOWN_FROM,
        "incidents": shown_counts(IncidentKind.values, opened_in(since, until)),
        "consultations": shown_counts(Matter.values, asked_in(since, until)),
        "reviews": shown_counts(Detector.values, reviews_opened_in(since, until)),
    }


class OversightFiguresSerializer(serializers.Serializer[Any]):
    """How many of each kind; null where a figure would be from fewer than ``shown_from``."""

    year = serializers.IntegerField()
    shown_from = serializers.IntegerField()
    incidents = serializers.DictField(child=serializers.IntegerField(allow_null=True))
    consultations = serializers.DictField(child=serializers.IntegerField(allow_null=True))
    reviews = serializers.DictField(child=serializers.IntegerField(allow_null=True))


class OversightFiguresView(APIView):
    """Figures of the registers: of years that are over for everybody, of the running one for auditors."""

    reads = PUBLIC

    @extend_schema(
        summary="Read the figures of the registers",
        parameters=[
            OpenApiParameter(
                "year", int, description="A calendar year that is over; the last one if it is left out."
            ),
        ],
        responses={200: OversightFiguresSerializer, **PROBLEMS},
        operation_id="oversight_figures",
    )
    def get(self, request: Request) -> Response:
        """How many incidents, prior consultations and reviews a year had, by kind; null from one or two.

        The operator's auditors read the running year, too.
        """
        return Response(OversightFiguresSerializer(figures_of(_year(request))).data)


def _year(request: Request) -> int:
    """The year that is asked for; raises FieldInvalid."""
    running = clock.today().year
    text = request.query_params.get("year", str(running - 1))
    if not (text.isascii() and text.isdigit() and YEAR_MIN <= int(text[:5]) < YEAR_MAX):
        raise FieldInvalid(
            "year",
            Label(
                f"choose a year from {YEAR_MIN} to {YEAR_MAX - 1}",
                f"{YEAR_MIN}から{YEAR_MAX - 1}までの年を指定してください",
            ),
        )
    if int(text) >= running and not reader_of(request, Permission.EVIDENCE_READ):
        raise FieldInvalid(
            "year",
            Label(
                f"choose a year that is over, {running - 1} or before: the running one is for auditors",
                f"終了した年（{running - 1}年以前）を指定してください。進行中の年は監査人のみ閲覧できます",
            ),
        )
    return int(text)
