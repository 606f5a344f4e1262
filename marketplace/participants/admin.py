"""Participants in the administration pages, read-only: every change goes through a service."""

from __future__ import annotations

from typing import Any

from django.contrib import admin

from .models import Admission, Membership, Organisation, Segment, User


class ReadOnlyAdmin(admin.ModelAdmin):
    """Shows rows; does not add, change or delete any."""

    def has_add_permission(self, request: Any) -> bool:
        """Never."""
        return False

    def has_change_permission(self, request: Any, obj: Any = None) -> bool:
        """Never."""
        return False

    def has_delete_permission(self, request: Any, obj: Any = None) -> bool:
        """Never."""
        return False


@admin.register(Organisation)
class OrganisationAdmin(ReadOnlyAdmin):
    """Organisations."""

    list_display = ("public_id", "name_ja", "kind", "state", "is_operator", "operator_affiliate")
    list_filter = ("kind", "state")
    search_fields = ("public_id", "name_ja", "name_en", "corporate_number")


@admin.register(Admission)
class AdmissionAdmin(ReadOnlyAdmin):
    """Admissions."""

    list_display = ("public_id", "organisation", "segment", "capacity", "state", "applied_at")
    list_filter = ("state", "capacity")
    list_select_related = ("organisation", "segment")


@admin.register(Segment)
class SegmentAdmin(ReadOnlyAdmin):
    """Segments."""

    list_display = ("code", "name_ja", "name_en")


@admin.register(Membership)
class MembershipAdmin(ReadOnlyAdmin):
    """Memberships: people and the organisations they act for."""

    list_display = ("public_id", "user", "organisation", "role")
    list_select_related = ("user", "organisation")


@admin.register(User)
class UserAdmin(ReadOnlyAdmin):
    """People, without their passwords."""

    list_display = ("public_id", "is_active", "is_staff")
    exclude = ("password",)
