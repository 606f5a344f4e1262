"""The exception handler that renders every error as problem details (RFC 9457)."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator
from http import HTTPStatus
from itertools import islice
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import DataError, OperationalError, connection
from django.http import Http404, HttpResponse, JsonResponse
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import set_rollback

from marketplace.kernel.correlation import current_request_id
from marketplace.kernel.errors import Category, DomainError, FieldInvalid
from marketplace.kernel.labels import Label

from .parsers import BodyTooLarge

logger = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"

STATUS_OF = {
    Category.MALFORMED: HTTPStatus.BAD_REQUEST,
    Category.INVALID: HTTPStatus.UNPROCESSABLE_ENTITY,
    Category.FORBIDDEN: HTTPStatus.FORBIDDEN,
    Category.MISSING: HTTPStatus.NOT_FOUND,
    Category.CONFLICT: HTTPStatus.CONFLICT,
    Category.UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
    Category.EXHAUSTED: HTTPStatus.TOO_MANY_REQUESTS,
}

TITLES = {
    HTTPStatus.BAD_REQUEST: Label("The request is malformed", "リクエストの形式が正しくありません"),
    HTTPStatus.UNAUTHORIZED: Label("A valid token is required", "有効なトークンが必要です"),
    HTTPStatus.FORBIDDEN: Label("You are not allowed to do this", "この操作は許可されていません"),
    HTTPStatus.NOT_FOUND: Label("Not found", "見つかりません"),
    HTTPStatus.METHOD_NOT_ALLOWED: Label("This method is not allowed here", "このメソッドは使えません"),
    HTTPStatus.CONFLICT: Label("The current state does not allow this", "現在の状態では実行できません"),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: Label("The request is too large", "リクエストが大きすぎます"),
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: Label(
        "This media type is not accepted", "このメディアタイプは受け付けていません"
    ),
    HTTPStatus.UNPROCESSABLE_ENTITY: Label("The input is invalid", "入力内容が正しくありません"),
    HTTPStatus.TOO_MANY_REQUESTS: Label("Too many requests", "リクエストが多すぎます"),
    HTTPStatus.INTERNAL_SERVER_ERROR: Label("A fault in the market", "市場側で障害が発生しました"),
    HTTPStatus.SERVICE_UNAVAILABLE: Label("Try again later", "しばらくしてから再度お試しください"),
}

CODES = {
    HTTPStatus.UNAUTHORIZED: "not_authenticated",
    HTTPStatus.FORBIDDEN: "permission_denied",
}
"""Stable codes of refusals that say nothing themselves; of other statuses, their names."""

ERRORS_MAX = 20
"""So many invalid fields are named."""
FIELD_CHARACTERS_MAX, TEXT_CHARACTERS_MAX, MEMBERS_MAX = 200, 2_000, 100
"""What a caller sent comes back no longer than this: a refusal is small whatever it refuses."""

MORE_ERRORS = Label("; and {count} more", "、ほか{count}件")
OUT_OF_RANGE = Label(
    "The request holds a date, number or text that the market cannot store. Choose one within usual bounds.",
    "リクエストに、市場で扱えない日付、数値または文字が含まれています。通常の範囲の値を指定してください。",
)
DEFAULT_TITLE = Label("The request was refused", "リクエストは受け付けられませんでした")


def problem(
    *, status: int, code: str, detail: str, errors: list[dict[str, str]] | None = None, **members: Any
) -> Response:
    """A problem-details response. ``errors`` name the invalid fields: ``{"field", "code", "message"}`` each.

    The first ``ERRORS_MAX`` are shown, and ``errors_left_out`` counts the others; all texts are bounded.
    ``request_id`` is the identifier by which the operator finds the request in the logs.
    """
    title = TITLES.get(HTTPStatus(status), DEFAULT_TITLE).localized()
    body = {"type": f"urn:sanpo:problem:{code}", "title": title, "status": int(status), "code": code}
    body |= {"detail": _bounded(detail)}
    body |= {name: _bounded(value) for name, value in members.items()}
    if errors:
        body["errors"] = [
            {name: _cut(text, _characters_max(name)) for name, text in error.items()}
            for error in errors[:ERRORS_MAX]
        ]
        if left_out := len(errors[ERRORS_MAX:]):
            body["errors_left_out"] = left_out
    if request_id := current_request_id():
        body["request_id"] = request_id
    return Response(body, status=int(status), content_type=CONTENT_TYPE)


def _characters_max(name: str) -> int:
    return FIELD_CHARACTERS_MAX if name == "field" else TEXT_CHARACTERS_MAX


def _cut(text: str, characters_max: int) -> str:
    return text if len(text) <= characters_max else f"{text[: characters_max - 1]}…"


def _bounded(value: Any) -> Any:
    """A member of a problem with texts of ``TEXT_CHARACTERS_MAX``, and ``MEMBERS_MAX`` elements on each level."""
    if isinstance(value, str):
        return _cut(value, TEXT_CHARACTERS_MAX)
    if isinstance(value, dict):
        return {_bounded(name): _bounded(inner) for name, inner in islice(value.items(), MEMBERS_MAX)}
    return [_bounded(inner) for inner in value[:MEMBERS_MAX]] if isinstance(value, list) else value


def render_problem(**fields: Any) -> JsonResponse:
    """The response of ``problem`` where no view renders it: in middleware, error pages and the server."""
    return as_json(problem(**fields))


def as_json(response: Response) -> JsonResponse:
    """The response of ``problem``, rendered."""
    return JsonResponse(response.data, status=response.status_code, content_type=CONTENT_TYPE)


def explain(response: HttpResponse) -> None:
    """Write problem details into a refusal without a body; its headers stay."""
    if response.content:
        return
    status = HTTPStatus(response.status_code)
    code = CODES.get(status, status.name.lower())
    problem_details = render_problem(
        status=status, code=code, detail=TITLES.get(status, DEFAULT_TITLE).localized()
    )
    response.content = problem_details.content
    response["Content-Type"] = CONTENT_TYPE
    if response.has_header("Content-Length"):
        response["Content-Length"] = str(len(response.content))


def handle_exception(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: domain errors, DRF's own errors and an unavailable database; None for a bug."""
    if isinstance(error, DomainError):
        return _render_domain_error(error)
    if isinstance(error, OperationalError) and not connection.in_atomic_block:
        logger.error("the database is unavailable: %s", error)
        detail = Label(
            "The database does not respond. Try again later.",
            "データベースが応答しません。しばらくしてから再度お試しください。",
        )
        return problem(status=503, code="unavailable", detail=detail.localized())
    if isinstance(error, OverflowError | DataError):
        # A value beyond what Python or PostgreSQL can hold; a field's own limits name it better.
        logger.warning("out of range", exc_info=error)
        set_rollback()
        return problem(status=422, code="out_of_range", detail=OUT_OF_RANGE.localized())
    if isinstance(error, RequestDataTooBig):
        error = BodyTooLarge()
    elif isinstance(error, SuspiciousOperation):
        error = exceptions.ParseError()
    elif isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if not isinstance(error, exceptions.APIException):
        return None
    return _render_api_exception(error)


def _render_domain_error(error: DomainError) -> Response:
    set_rollback()
    detail = error.message.localized()
    field = error.name if isinstance(error, FieldInvalid) else error.field
    errors = [{"field": field, "code": error.code, "message": detail}] if field else None
    members = {
        name: value for name, value in error.fields.items() if isinstance(value, str | int | list | dict)
    }
    members.pop("reason" if isinstance(error, FieldInvalid) else "", None)
    reserved = {"type", "title", "status", "code", "detail", "errors", "request_id"}
    extra = {f"{name}_" if name in reserved else name: value for name, value in members.items()}
    response = problem(
        status=STATUS_OF[error.category], code=error.code, detail=detail, errors=errors, **extra
    )
    if (seconds := error.fields.get("retry_after_seconds")) is not None:
        response["Retry-After"] = str(seconds)
    return response


def _render_api_exception(error: exceptions.APIException) -> Response:
    set_rollback()
    status = error.status_code
    headers: dict[str, str] = {}
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if seconds := getattr(error, "wait", None):
        headers["Retry-After"] = str(math.ceil(seconds))
    if isinstance(error, exceptions.ValidationError):
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        errors = list(_flatten(error.get_full_details()))
        response = problem(status=status, code="invalid_input", detail=_sum_up(errors), errors=errors)
    else:
        code = error.get_codes()
        response = problem(
            status=status, code=code if isinstance(code, str) else "refused", detail=str(error.detail)
        )
    for name, value in headers.items():
        response[name] = value
    return response


def _sum_up(errors: list[dict[str, str]]) -> str:
    """The errors that are shown in one text, and how many there are besides."""
    left_out = len(errors[ERRORS_MAX:])
    more = MORE_ERRORS.fill({"count": left_out}).localized() if left_out else ""
    shown = (
        f"{_cut(each['field'], FIELD_CHARACTERS_MAX)}: {each['message']}" for each in errors[:ERRORS_MAX]
    )
    return _cut("; ".join(shown), TEXT_CHARACTERS_MAX - len(more)) + more


def _flatten(details: Any, path: str = "") -> Iterator[dict[str, str]]:
    """Flatten DRF's nested error details into field errors with dotted paths, in which an element has its index."""
    if isinstance(details, list):
        for index, inner in enumerate(details):
            yield from _flatten(inner, path if _is_leaf(inner) else _within(path, index))
    elif _is_leaf(details):
        yield {"field": path or "body", "code": details["code"], "message": str(details["message"])}
    else:
        for name, inner in details.items():
            yield from _flatten(inner, path if name == "non_field_errors" else _within(path, name))


def flatten_errors(serializer: Serializer[Any]) -> Iterator[tuple[str, str]]:
    """The invalid fields of a serializer, each as its dotted path and what is wrong, for a page."""
    for error in _flatten(exceptions.ValidationError(serializer.errors).get_full_details()):
        yield error["field"], error["message"]


def _is_leaf(details: Any) -> bool:
    """Whether these are the details of one error; fields may be named like their members."""
    return isinstance(details, dict) and isinstance(details.get("message"), str)


def _within(path: str, name: str | int) -> str:
    return f"{path}.{name}" if path else str(name)
