"""Filters of decisions and halts."""

from __future__ import annotations

from django_filters import rest_framework as filters

from .models import Decision, Halt
from .states import HaltScope, Outcome


class DecisionFilter(filters.FilterSet):
    """Filters by decision point, subject, outcome and rulebook."""

    outcome = filters.ChoiceFilter(choices=Outcome.choices)
    rulebook = filters.CharFilter(field_name="rulebook__public_id")

    class Meta:
        model = Decision
        fields = ("point", "subject", "outcome", "rulebook")


class HaltFilter(filters.FilterSet):
    """Filters by scope, subject and whether the halt is in force."""

    scope = filters.ChoiceFilter(choices=HaltScope.choices)
    live = filters.BooleanFilter(field_name="lifted_at", lookup_expr="isnull")

    class Meta:
        model = Halt
        fields = ("scope", "subject", "live")
