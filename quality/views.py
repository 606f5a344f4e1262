"""The quality API: profiles of published versions, and the methods; public."""

from __future__ import annotations

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.api.permissions import PUBLIC
from marketplace.api.views import MarketReadViewSet

from . import queries
from .filters import ProfileFilter
from .measures import published_measures
from .models import Profile
from .personal_data import RULES
from .serializers import MethodSerializer, ProfileSerializer


class ProfileViewSet(MarketReadViewSet[Profile]):
    """Quality profiles of versions: public after publication, before that only for the seller."""

    serializer_class = ProfileSerializer
    reads = PUBLIC
    filterset_class = ProfileFilter
    queryset = Profile.objects.none()

    def get_queryset(self) -> QuerySet[Profile]:
        """Rows in the caller's scope; the caller may be anonymous."""
        return queries.visible_profiles(getattr(self.request.user, "actor", None))


class MethodView(APIView):
    """The methods of measuring quality and detecting personal data."""

    reads = PUBLIC

    @extend_schema(summary="Read the methods of measurement", responses=MethodSerializer)
    def get(self, request: Request) -> Response:
        """Every measure with its formula, and every rule with its method."""
        rules = [rule.published() for rule in RULES]
        return Response({"measures": published_measures(), "personal_data_rules": rules})
