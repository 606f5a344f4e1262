"""Filters of jobs."""

from django_filters import rest_framework as filters

from .models import Job
from .states import JobState, Queue


class JobFilter(filters.FilterSet):
    """Jobs by kind, queue, state and subject."""

    kind = filters.CharFilter()
    queue = filters.ChoiceFilter(choices=Queue.choices)
    state = filters.ChoiceFilter(choices=JobState.choices)
    subject = filters.CharFilter()

    class Meta:
        model = Job
        fields = ("kind", "queue", "state", "subject")
