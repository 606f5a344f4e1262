"""The front page, what is answered to requests that fail, and robots.txt."""

from __future__ import annotations

from http import HTTPStatus

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from marketplace.api.problems import render_problem
from marketplace.kernel.correlation import current_request_id
from marketplace.kernel.labels import Label

from .figures import market_figures
from .languages import language_of
from .pages import page
from .texts import FAULT, MALFORMED, NOT_ALLOWED, ROUTE_UNKNOWN, TOO_LARGE

CACHED_SECONDS = 60
API_PREFIX = "/api/"
ROBOTS = "User-agent: *\nDisallow: /accounts/\nDisallow: /admin/\nDisallow: /oauth/\n"


@require_safe
@cache_control(public=True, max_age=CACHED_SECONDS)
def home(request: HttpRequest) -> HttpResponse:
    """The front page: what the market is, for whom, its figures, and links to all public records."""
    language = language_of(request)
    return page(request, "web/home.html", language=language, figures=market_figures(language))


def server_error(request: HttpRequest) -> HttpResponse:
    """A fault of ours: problem details within the API, else words. It reads nothing, for anything may be broken."""
    return _refusal(request, HTTPStatus.INTERNAL_SERVER_ERROR, "internal_error", FAULT)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A request that cannot be read: 413 for one that is too large, else 400."""
    if isinstance(exception, RequestDataTooBig):
        return _refusal(request, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "request_too_large", TOO_LARGE)
    return _refusal(request, HTTPStatus.BAD_REQUEST, "bad_request", MALFORMED)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A page or route that the caller may not use."""
    return _refusal(request, HTTPStatus.FORBIDDEN, "permission_denied", NOT_ALLOWED)


def _refusal(request: HttpRequest, status: HTTPStatus, code: str, detail: Label) -> HttpResponse:
    """Problem details (RFC 9457) within the API, else the words alone with the request's identifier."""
    if request.path_info.startswith(API_PREFIX):
        return render_problem(status=status, code=code, detail=detail.localized())
    text = detail.localized()
    if request_id := current_request_id():
        text += f"\n{request_id}"
    return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """An address that does not exist: problem details within the API, else a page."""
    if request.path_info.startswith(API_PREFIX):
        return _refusal(request, HTTPStatus.NOT_FOUND, "not_found", ROUTE_UNKNOWN)
    language = language_of(request)
    return page(request, "web/not_found.html", language=language, status=HTTPStatus.NOT_FOUND)


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """The paths that crawlers must not visit (RFC 9309)."""
    return HttpResponse(ROBOTS, content_type="text/plain; charset=utf-8")
