"""Base classes of the market's routes: reads in the caller's scope, and commands that call one service each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.db.models import Model
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from . import idempotency
from .permissions import MayCall, Needs
from .principal import actor_of
from .problems import CONTENT_TYPE
from .serializers import EmptySerializer, ProblemSerializer, StrictSerializer
from .staff_reads import narrow_for_staff, note_for_staff

M = TypeVar("M", bound=Model)

CommandMethod = Callable[..., Any]
Preparation = Callable[..., None]

PROBLEMS = {(status, CONTENT_TYPE): ProblemSerializer for status in (400, 401, 403, 404, 409, 422)}


class MarketReadViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[M]):
    """Lists and shows rows in the caller's scope (``get_queryset``); any other row is missing (404).

    What staff of the operator reads of participants passes ``staff_reads``: so it is narrowed, and leaves a record.
    ``reads``: what one of these reads needs (``permissions.declaration_of``).
    """

    reads: Needs | None = None
    lookup_field = "public_id"
    lookup_url_kwarg = "id"
    permission_classes: Any = (MayCall,)

    @property
    def actor(self) -> Any:
        """The caller as the actor of services."""
        return actor_of(self.request)

    def filter_queryset(self, queryset: Any) -> Any:
        """The rows that the filters leave, of those that the caller may read."""
        return narrow_for_staff(self, super().filter_queryset(queryset))

    def get_object(self) -> M:
        """The row that the path names, in the caller's scope."""
        row: M = super().get_object()
        note_for_staff(self, [row])
        return row

    def paginate_queryset(self, queryset: Any) -> Any:
        """One page of the rows."""
        page = super().paginate_queryset(queryset)
        note_for_staff(self, page or [])
        return page


def command(
    *,
    summary: str,
    response: type[BaseSerializer[Any]] | None,
    needs: Needs | None = None,
    request: type[StrictSerializer] = EmptySerializer,
    detail: bool = True,
    status: int = 200,
    path: str | None = None,
    permissions: tuple[type, ...] | None = None,
    example: dict[str, Any] | None = None,
    prepare: Preparation | None = None,
    moves_money: bool = False,
    **action_options: Any,
) -> Callable[[CommandMethod], Any]:
    """Make a method a POST sub-resource that calls one service.

    ``needs``: the permission that it needs, several of which one is enough, or ``PUBLIC``. The method gets
    ``(self, data, public_id)`` for a detail command, ``(self, data)`` otherwise; ``data`` is the
    validated input as a dict. ``response`` renders the result with ``status``. The command runs in one transaction,
    once per Idempotency-Key, which it refuses to go without if it ``moves_money`` or promises it. ``prepare``, called
    like the method, changes ``data`` before that transaction: there an upload is read and stored, which no transaction
    may do. ``example`` is a working request body for the OpenAPI document.
    """
    if permissions is not None:
        action_options["permission_classes"] = permissions

    def decorate(method: CommandMethod) -> Any:
        def view(self: Any, http_request: Request, *_: Any, **captured: Any) -> Response:
            arguments = [captured["id"]] if detail else []
            if moves_money:
                idempotency.require_key(http_request)
            return run_command(self, http_request, request, response, status, method, arguments, prepare)

        view.__name__, view.__doc__ = method.__name__, method.__doc__
        decorated = action(
            detail=detail,
            methods=["post"],
            url_path=path or method.__name__.replace("_", "-"),
            **action_options,
        )(view)
        decorated.needs = needs
        return _describe_command(
            decorated, summary, request, response, status, example, moves_money=moves_money
        )

    return decorate


def create_command(
    *,
    summary: str,
    request: type[StrictSerializer],
    response: type[BaseSerializer[Any]],
    needs: Needs | None = None,
    status: int = 201,
    example: dict[str, Any] | None = None,
    prepare: Preparation | None = None,
    moves_money: bool = False,
) -> Callable[[CommandMethod], Any]:
    """Make a method named ``create`` the POST on a collection; it gets ``(self, data)`` and responds with ``status``.

    ``needs``, ``prepare`` and ``moves_money`` are those of ``command``.
    """

    def decorate(method: CommandMethod) -> Any:
        def create(self: Any, http_request: Request, *_: Any, **__: Any) -> Response:
            if moves_money:
                idempotency.require_key(http_request)
            return run_command(self, http_request, request, response, status, method, [], prepare)

        create.__doc__ = method.__doc__
        create.needs = needs
        return _describe_command(create, summary, request, response, status, example, moves_money=moves_money)

    return decorate


def run_command(
    view: Any,
    http_request: Request,
    request: type[StrictSerializer],
    response: type[BaseSerializer[Any]] | None,
    status: int,
    method: CommandMethod,
    arguments: list[Any],
    prepare: Preparation | None = None,
) -> Response:
    """Validate and prepare the input, call the method once for the request's key, and render its result."""
    serializer = request(data=http_request.data)
    serializer.is_valid(raise_exception=True)
    if prepare is not None:
        prepare(view, serializer.validated_data, *arguments)

    def execute() -> Response:
        result = method(view, serializer.validated_data, *arguments)
        if response is None:
            return Response(result, status=status)
        context = {"request": http_request, "view": view}
        return Response(response(result, context=context).data, status=status)

    return idempotency.once(http_request, execute)


def _key_parameter(*, is_required: bool) -> OpenApiParameter:
    return OpenApiParameter(
        name=idempotency.HEADER,
        type=OpenApiTypes.STR,
        location=OpenApiParameter.HEADER,
        required=is_required,
        description="Any text of up to 100 characters. The same key with the same body takes effect once.",
    )


def _describe_command(
    view: Any,
    summary: str,
    request: type[StrictSerializer],
    response: Any,
    status: int,
    example: dict[str, Any] | None,
    *,
    moves_money: bool,
) -> Any:
    """The view with its OpenAPI operation. ``moves_money`` stays readable on it, for whoever lists such commands."""
    view.moves_money = moves_money
    examples = [OpenApiExample("example", value=example, request_only=True)] if example else []
    return extend_schema(
        summary=summary,
        request=None if request is EmptySerializer else request,
        responses={status: response or OpenApiTypes.OBJECT, **PROBLEMS},
        parameters=[_key_parameter(is_required=moves_money)],
        examples=examples,
    )(view)
