"""Quality over HTTP: what was measured of published versions, and how, for everybody."""

from __future__ import annotations

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.api.views import MarketReadViewSet

from . import queries
from .filters import ProfileFilter
from .measures import published_measures
from .models import Profile
from .personal_data import RULES
from .serializers import MethodSerializer, ProfileSerializer


class ProfileViewSet(MarketReadViewSet[Profile]):
    """What was measured of a version: for everybody once it is published, for its seller before."""

    serializer_class = ProfileSerializer
    permission_classes = (AllowAny,)
    filterset_class = ProfileFilter
    queryset = Profile.objects.none()

    def get_queryset(self) -> QuerySet[Profile]:
        """What the caller, who may be nobody, can see."""
        return queries.visible_profiles(getattr(self.request.user, "actor", None))


class MethodView(APIView):
    """How the market measures quality and looks for personal data."""

    permission_classes = (AllowAny,)

    @extend_schema(
        summary="How quality is measured and personal data is looked for", responses=MethodSerializer
    )
    def get(self, request: Request) -> Response:
        """Every measure with its formula, every rule with its method."""
        rules = [rule.published() for rule in RULES]
        return Response({"measures": published_measures(), "personal_data_rules": rules})
