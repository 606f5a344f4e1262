"""How lists of decisions can be narrowed."""

from __future__ import annotations

from django_filters import rest_framework as filters

from .models import Decision, Halt
from .states import HaltScope, Outcome


class DecisionFilter(filters.FilterSet):
    """By decision point, subject, outcome and rulebook."""

    outcome = filters.ChoiceFilter(choices=Outcome.choices)
    rulebook = filters.CharFilter(field_name="rulebook__public_id")

    class Meta:
        model = Decision
        fields = ("point", "subject", "outcome", "rulebook")


class HaltFilter(filters.FilterSet):
    """By scope and subject, and whether they are live."""

    scope = filters.ChoiceFilter(choices=HaltScope.choices)
    live = filters.BooleanFilter(field_name="lifted_at", lookup_expr="isnull")

    class Meta:
        model = Halt
        fields = ("scope", "subject", "live")
