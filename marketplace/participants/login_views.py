"""The API of logins: locks by the operator, and resets of second factors by owners."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from marketplace.api.views import MarketReadViewSet, command, create_command
from marketplace.kernel.permissions import Permission

from . import people_queries, services
from .login_serializers import (
    AskResetSerializer,
    LockLoginSerializer,
    LoginLockSerializer,
    SecondFactorResetSerializer,
)
from .models import LoginLock, SecondFactorReset


class LoginLockViewSet(MarketReadViewSet[LoginLock]):
    """Locked logins (operator)."""

    reads = Permission.ADMISSION_READ
    serializer_class = LoginLockSerializer
    filterset_fields = ("user__public_id",)
    queryset = LoginLock.objects.none()

    def get_queryset(self) -> QuerySet[LoginLock]:
        """Every lock."""
        return people_queries.login_locks()

    @create_command(
        summary="Lock a login",
        request=LockLoginSerializer,
        needs=Permission.ADMISSION_WRITE,
        response=LoginLockSerializer,
        example={"person": "usr_01K3ZQ0V9Q6C6M6H2V8Q1T9W5E", "reason": "第三者による利用の疑い"},
    )
    def create(self, data: dict[str, Any]) -> LoginLock:
        """Lock a login on suspicion, at once: its sessions end, and the person is told (operator)."""
        return services.lock_login(actor=self.actor, **data)

    @command(summary="Release a locked login", response=LoginLockSerializer, needs=Permission.ADMISSION_WRITE)
    def release(self, data: dict[str, Any], public_id: str) -> LoginLock:
        """Propose the release; given by another person too, the login is good again (operator)."""
        return services.release_login(actor=self.actor, lock=public_id)


class SecondFactorResetViewSet(MarketReadViewSet[SecondFactorReset]):
    """Resets of second factors in the caller's organisation, for its owners."""

    reads = Permission.MEMBERS_WRITE
    serializer_class = SecondFactorResetSerializer
    filterset_fields = ("state",)
    queryset = SecondFactorReset.objects.none()

    def get_queryset(self) -> QuerySet[SecondFactorReset]:
        """Rows of the caller's own organisation."""
        return people_queries.own_second_factor_resets(self.actor)

    @create_command(
        summary="Ask to reset a member's second factor",
        request=AskResetSerializer,
        needs=Permission.MEMBERS_WRITE,
        response=SecondFactorResetSerializer,
        example={"member": "mbr_01K3ZQ0V9Q6C6M6H2V8Q1T9W5E", "reason": "端末の紛失を本人から電話で確認"},
    )
    def create(self, data: dict[str, Any]) -> SecondFactorReset:
        """Another member lost its second factor: it is told, and after 24 hours the factor and its sessions end."""
        return services.ask_second_factor_reset(actor=self.actor, **data)

    @command(
        summary="Confirm the reset of a second factor",
        response=SecondFactorResetSerializer,
        needs=Permission.MEMBERS_WRITE,
    )
    def confirm(self, data: dict[str, Any], public_id: str) -> SecondFactorReset:
        """At the operator a second owner confirms it; then the 24 hours begin."""
        return services.confirm_second_factor_reset(actor=self.actor, reset=public_id)

    @command(
        summary="Stop the reset of a second factor",
        response=SecondFactorResetSerializer,
        needs=(Permission.MEMBERS_WRITE, Permission.PERSON_OWN),
    )
    def stop(self, data: dict[str, Any], public_id: str) -> SecondFactorReset:
        """The person itself, or an owner, stops it within the waiting time."""
        return services.stop_second_factor_reset(actor=self.actor, reset=public_id)
