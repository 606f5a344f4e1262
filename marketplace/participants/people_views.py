"""The API of people: members, invitations to join, and changes of memberships."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from marketplace.api.permissions import PUBLIC, MayCall, declare
from marketplace.api.principal import actor_of
from marketplace.api.views import PROBLEMS, MarketReadViewSet, command, create_command
from marketplace.kernel.permissions import Permission

from . import people_queries, services
from .filters import MemberChangeFilter, MemberFilter
from .models import Invitation, MemberChange, Membership
from .people_serializers import (
    AcceptInvitationSerializer,
    ChangeRoleSerializer,
    EndMembershipSerializer,
    InvitationSerializer,
    InviteSerializer,
    JoinSerializer,
    MemberChangeSerializer,
    MemberSerializer,
)
from .recovery_serializers import FiledRecoverySerializer, ObjectSerializer
from .services.second_owner import WITHDRAWS

TOKEN_EXAMPLE = "ivk_kq3mX0q2J9yqQn7b1mR4u6W8z5c2V0t1s3d5f7g9h1j"  # noqa: S105  # an example

ACCEPT_EXAMPLE = {"token": TOKEN_EXAMPLE, "name": "高松 太郎", "password": "長くて推測されにくい言葉 57"}


class MemberViewSet(MarketReadViewSet[Membership]):
    """Members of the caller's organisation; all, for the operator. People join by invitations alone."""

    reads = Permission.MARKET_READ
    serializer_class = MemberSerializer
    filterset_class = MemberFilter
    queryset = Membership.objects.none()

    def get_queryset(self) -> QuerySet[Membership]:
        """Rows in the caller's scope."""
        return people_queries.visible_memberships(self.actor)

    @command(
        summary="Leave the organisation",
        response=MemberChangeSerializer,
        needs=Permission.PERSON_OWN,
        detail=False,
    )
    def leave(self, data: dict[str, Any]) -> MemberChange:
        """Leave the organisation that the caller, a person, acts for. The last owner stays."""
        return services.leave(actor=self.actor)

    @command(
        summary="End a membership",
        request=EndMembershipSerializer,
        response=MemberChangeSerializer,
        needs=WITHDRAWS,
        example={"reason": "退職のため"},
    )
    def end(self, data: dict[str, Any], public_id: str) -> MemberChange:
        """End the membership of a member of the caller's organisation. That of an owner waits for a second owner."""
        return services.end_membership(actor=self.actor, member=public_id, **data)

    @command(
        summary="Grant a role",
        request=ChangeRoleSerializer,
        response=MemberChangeSerializer,
        needs=Permission.MEMBERS_WRITE,
        example={"role": "trader", "reason": "異動のため"},
    )
    def grant_role(self, data: dict[str, Any], public_id: str) -> MemberChange:
        """Grant a member a role. That of an owner, and each at the operator, waits for a second owner."""
        return services.grant_role(actor=self.actor, member=public_id, **data)

    @command(
        summary="Revoke a role",
        request=ChangeRoleSerializer,
        response=MemberChangeSerializer,
        needs=(*WITHDRAWS, Permission.PERSON_OWN),
        example={"role": "trader", "reason": "異動のため"},
    )
    def revoke_role(self, data: dict[str, Any], public_id: str) -> MemberChange:
        """Revoke a role of a member; members give up their own. That of another owner waits for a second owner."""
        return services.revoke_role(actor=self.actor, member=public_id, **data)


class MemberChangeViewSet(MarketReadViewSet[MemberChange]):
    """Changes of memberships of the caller's own organisation, with who decided them."""

    reads = Permission.MARKET_READ
    serializer_class = MemberChangeSerializer
    filterset_class = MemberChangeFilter
    queryset = MemberChange.objects.none()

    def get_queryset(self) -> QuerySet[MemberChange]:
        """Rows of the caller's own organisation."""
        return people_queries.own_member_changes(self.actor)

    @command(
        summary="Confirm a change of a membership",
        response=MemberChangeSerializer,
        needs=Permission.MEMBERS_WRITE,
    )
    def confirm(self, data: dict[str, Any], public_id: str) -> MemberChange:
        """Confirm it as the second owner; it takes effect."""
        return services.confirm_change(actor=self.actor, change=public_id)

    @command(
        summary="Withdraw a change of a membership",
        response=MemberChangeSerializer,
        needs=Permission.MEMBERS_WRITE,
    )
    def withdraw(self, data: dict[str, Any], public_id: str) -> MemberChange:
        """Withdraw what waits for a second owner."""
        return services.withdraw_change(actor=self.actor, change=public_id)


class InvitationViewSet(MarketReadViewSet[Invitation]):
    """Invitations to join the caller's organisation, for its owners."""

    reads = Permission.MEMBERS_WRITE
    serializer_class = InvitationSerializer
    filterset_fields = ("state",)
    queryset = Invitation.objects.none()

    def get_queryset(self) -> QuerySet[Invitation]:
        """Rows of the caller's own organisation: what others invite is not even the operator's to read."""
        return people_queries.own_invitations(self.actor)

    @create_command(
        summary="Invite a person",
        request=InviteSerializer,
        needs=Permission.MEMBERS_WRITE,
        response=InvitationSerializer,
        example={"email": "taro@example.jp", "roles": ["trader", "engineer"], "language": "ja"},
    )
    def create(self, data: dict[str, Any]) -> Invitation:
        """Invite the person of an address to the caller's organisation. The token goes to that address alone.

        To invite an owner where there is another, or anybody to the operator, waits for a second owner.
        """
        return services.invite(actor=self.actor, **data)

    @command(summary="Confirm an invitation", response=InvitationSerializer, needs=Permission.MEMBERS_WRITE)
    def confirm(self, data: dict[str, Any], public_id: str) -> Invitation:
        """Confirm it as the second owner; it is sent."""
        return services.confirm_invitation(actor=self.actor, invitation=public_id)

    @command(
        summary="Send an invitation again", response=InvitationSerializer, needs=Permission.MEMBERS_WRITE
    )
    def resend(self, data: dict[str, Any], public_id: str) -> Invitation:
        """Send another mail with a new token, good for seven days; those before it are void."""
        return services.resend_invitation(actor=self.actor, invitation=public_id)

    @command(summary="Revoke an invitation", response=InvitationSerializer, needs=Permission.MEMBERS_WRITE)
    def revoke(self, data: dict[str, Any], public_id: str) -> Invitation:
        """Revoke it; its tokens are void."""
        return services.revoke_invitation(actor=self.actor, invitation=public_id)


class JoiningViewSet(GenericViewSet[Membership]):
    """The commands of invited people."""

    permission_classes = (MayCall,)
    queryset = Membership.objects.none()

    @declare(PUBLIC)
    @extend_schema(
        summary="Accept an invitation without a login",
        request=AcceptInvitationSerializer,
        responses={201: MemberSerializer, **PROBLEMS},
        examples=[OpenApiExample("example", value=ACCEPT_EXAMPLE, request_only=True)],
    )
    @action(detail=False, methods=["post"])
    def accept(self, request: Request) -> Response:
        """Whoever has the token of the mail makes a login for the invited address, and joins. Then sign in.

        It takes no Idempotency-Key: a token is good once, and of a password not even a hash is kept beside it.
        """
        serializer = AcceptInvitationSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        joined = services.accept_invitation(**serializer.validated_data)
        shown = MemberSerializer(people_queries.membership_of(joined.pk)).data
        return Response(shown, status=HTTPStatus.CREATED, headers={"Cache-Control": "no-store"})

    @command(
        summary="Accept an invitation with a login",
        request=JoinSerializer,
        response=MemberSerializer,
        needs=Permission.PERSON_OWN,
        detail=False,
        status=201,
        example={"token": TOKEN_EXAMPLE},
    )
    def join(self, data: dict[str, Any]) -> Membership:
        """The signed-in person to whose address it was sent joins; for everybody else there is no invitation (404)."""
        return people_queries.membership_of(
            services.join_organisation(actor=actor_of(self.request), **data).pk
        )

    @declare(PUBLIC)
    @extend_schema(
        summary="Object to the recovery of an owner without a login",
        request=ObjectSerializer,
        responses={200: FiledRecoverySerializer, **PROBLEMS},
        examples=[
            OpenApiExample(
                "example",
                value={"token": TOKEN_EXAMPLE, "reason": "代表管理者は在籍しています。"},
                request_only=True,
            )
        ],
    )
    @action(detail=False, methods=["post"], url_path="object")
    def object_to_recovery(self, request: Request) -> Response:
        """A known contact objects with the token of its mail: the recovery stops."""
        serializer = ObjectSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        row = services.object_to_recovery(**serializer.validated_data)
        return Response(FiledRecoverySerializer(row).data, headers={"Cache-Control": "no-store"})
