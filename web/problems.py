"""What is answered to requests that fail where there are no pages: problem details (RFC 9457), whatever the address."""

from __future__ import annotations

from http import HTTPStatus

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse

from marketplace.api.problems import render_problem

from .texts import FAULT, MALFORMED, NOT_ALLOWED, ROUTE_UNKNOWN, TOO_LARGE


def server_error(request: HttpRequest) -> HttpResponse:
    """A fault of ours. It reads nothing, for anything may be broken."""
    return render_problem(
        status=HTTPStatus.INTERNAL_SERVER_ERROR, code="internal_error", detail=FAULT.localized()
    )


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A request that cannot be read: 413 for one that is too large, else 400."""
    if isinstance(exception, RequestDataTooBig):
        status, code, detail = HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "request_too_large", TOO_LARGE
    else:
        status, code, detail = HTTPStatus.BAD_REQUEST, "bad_request", MALFORMED
    return render_problem(status=status, code=code, detail=detail.localized())


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A route that the caller may not use."""
    return render_problem(
        status=HTTPStatus.FORBIDDEN, code="permission_denied", detail=NOT_ALLOWED.localized()
    )


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """An address that does not exist."""
    return render_problem(status=HTTPStatus.NOT_FOUND, code="not_found", detail=ROUTE_UNKNOWN.localized())
