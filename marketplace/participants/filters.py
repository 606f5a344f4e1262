"""Filters of admissions, qualifications, members and changes of memberships."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, QuerySet
from django_filters import rest_framework as filters

from .models import Admission, MemberChange, Membership, Qualification, RoleGrant
from .qualification_states import QualificationState
from .states import AdmissionState, Capacity, MemberChangeKind, MemberChangeState, MemberRole


class AdmissionFilter(filters.FilterSet):
    """Filters by organisation, segment, capacity and state."""

    organisation = filters.CharFilter(field_name="organisation__public_id")
    segment = filters.CharFilter(field_name="segment__code")
    capacity = filters.ChoiceFilter(choices=Capacity.choices)
    state = filters.ChoiceFilter(choices=AdmissionState.choices)

    class Meta:
        model = Admission
        fields = ("organisation", "segment", "capacity", "state")


class MemberFilter(filters.FilterSet):
    """Filters by organisation and role."""

    organisation = filters.CharFilter(field_name="organisation__public_id")
    role = filters.ChoiceFilter(choices=MemberRole.choices, method="holding")

    class Meta:
        model = Membership
        fields = ("organisation", "role")

    def holding(self, rows: QuerySet[Membership], _: str, role: str) -> QuerySet[Membership]:
        """Members who hold the role now."""
        grants = RoleGrant.objects.filter(membership=OuterRef("pk"), role=role, revoked_at__isnull=True)
        return rows.filter(Exists(grants))


class MemberChangeFilter(filters.FilterSet):
    """Filters by member, kind and state."""

    member = filters.CharFilter(field_name="membership__public_id")
    kind = filters.ChoiceFilter(choices=MemberChangeKind.choices)
    state = filters.ChoiceFilter(choices=MemberChangeState.choices)

    class Meta:
        model = MemberChange
        fields = ("member", "kind", "state")


class QualificationFilter(filters.FilterSet):
    """Filters by organisation, kind and state."""

    organisation = filters.CharFilter(field_name="organisation__public_id")
    kind = filters.CharFilter(field_name="kind__code")
    state = filters.ChoiceFilter(choices=QualificationState.choices)

    class Meta:
        model = Qualification
        fields = ("organisation", "kind", "state")
