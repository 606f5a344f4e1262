"""Filters for lists of approvals."""

from __future__ import annotations

from django_filters import rest_framework as filters

from .models import Approval
from .states import ApprovalState


class ApprovalFilter(filters.FilterSet):
    """By state, command, subject and first person."""

    state = filters.ChoiceFilter(choices=ApprovalState.choices)

    class Meta:
        model = Approval
        fields = ("state", "command", "subject", "first_person")
