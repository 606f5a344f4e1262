"""The API of renewals: what stands of an agreement's, and the notice against it."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.api.serializers import BilingualField, ChoiceLabelField, RowSerializer
from marketplace.api.views import PROBLEMS, command
from marketplace.kernel.errors import Missing
from marketplace.kernel.permissions import Permission

from ..amending.queries import signed_versions
from ..states import label_of
from .models import Renewal
from .services import refuse_renewal
from .states import DropReason, RenewalKind, RenewalState
from .terms import amendment_to_renew


class RenewalSerializer(RowSerializer[Renewal]):
    """The renewal that a version of the agreement states, and what became of it.

    ``notice_by``: refuse it before. ``turn``: its number among the agreement's renewals. ``reason_code``: why it came to nothing. ``amendment``: of
    one ``by_agreement``, terms for `amend/` that let the agreement last as long again; null where both state them.
    """

    id = serializers.CharField(source="public_id")
    agreement = serializers.CharField(source="agreement.public_id")
    kind_label = ChoiceLabelField(RenewalKind, source="kind")
    state_label = ChoiceLabelField(RenewalState, source="state")
    reason_label = serializers.SerializerMethodField()
    amendment = serializers.SerializerMethodField()

    class Meta:
        model = Renewal
        fields = (
            "id", "agreement", "version", "kind", "kind_label", "turn", "notice_by", "state", "state_label", "reminded_at",
            "refused_party", "reason_code", "reason_label", "closed_at", "amendment",
        )  # fmt: skip

    @extend_schema_field(BilingualField(allow_null=True))
    def get_reason_label(self, row: Renewal) -> dict[str, str] | None:
        """Why it came to nothing, in words; null unless it did."""
        return label_of(DropReason, row.reason_code).as_dict() if row.reason_code else None

    @extend_schema_field(serializers.DictField(allow_null=True))
    def get_amendment(self, row: Renewal) -> dict[str, Any] | None:
        """What a party may propose to renew by agreement."""
        if row.kind != RenewalKind.BY_AGREEMENT or row.state != RenewalState.STANDING:
            return None
        return amendment_to_renew(signed_versions(row.agreement)[-1].said["terms"])


class RenewsAgreements:
    """The routes of an agreement about its renewal."""

    actor: Any
    get_object: Any

    @extend_schema(
        summary="Read the renewal of the agreement", responses={200: RenewalSerializer, **PROBLEMS}
    )
    @action(detail=True, methods=["get"], filterset_class=None)
    def renewal(self, request: Request, **_: Any) -> Response:
        """The last renewal that a version states, and what became of it; 404 where the agreement ends with its term."""
        agreement = self.get_object()
        row = (
            Renewal.objects.select_related("agreement")
            .filter(agreement=agreement)
            .order_by("-version")
            .first()
        )
        if row is None:
            raise Missing(kind="renewal of agreement", identifier=agreement.public_id)
        return Response(RenewalSerializer(row).data)

    @command(
        summary="Refuse the renewal of the agreement",
        needs=Permission.CONTRACTS_SIGN,
        response=RenewalSerializer,
        path="refuse-renewal",
        moves_money=True,
    )
    def refuse_renewal(self, data: dict[str, Any], public_id: str) -> Renewal:
        """Give notice, as a person of either party who may sign, that the agreement is not renewed, before `notice_by`. It then ends with its
        term; only an amendment that both sign lets it go on."""
        return refuse_renewal(actor=self.actor, agreement=public_id)
