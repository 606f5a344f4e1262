"""How lists of decisions can be narrowed."""

from __future__ import annotations

from django_filters import rest_framework as filters

from .models import Decision
from .states import Outcome


class DecisionFilter(filters.FilterSet):
    """By decision point, subject, outcome and rulebook."""

    outcome = filters.ChoiceFilter(choices=Outcome.choices)
    rulebook = filters.CharFilter(field_name="rulebook__public_id")

    class Meta:
        model = Decision
        fields = ("point", "subject", "outcome", "rulebook")
