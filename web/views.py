"""The front page, the page for unknown addresses, and robots.txt."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from marketplace.api.problems import CONTENT_TYPE, problem

from .figures import market_figures
from .languages import language_of
from .pages import page
from .texts import FAULT, ROUTE_UNKNOWN

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
    """A fault of ours: problem details within the API, else a page. It reads nothing, for anything may be broken."""
    if request.path_info.startswith(API_PREFIX):
        refusal = problem(
            status=HTTPStatus.INTERNAL_SERVER_ERROR, code="internal_error", detail=FAULT.localized()
        )
        return JsonResponse(refusal.data, status=refusal.status_code, content_type=CONTENT_TYPE)
    return HttpResponse(
        FAULT.localized(), status=HTTPStatus.INTERNAL_SERVER_ERROR, content_type="text/plain; charset=utf-8"
    )


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """An address that does not exist: problem details (RFC 9457) within the API, else a page."""
    if request.path_info.startswith(API_PREFIX):
        refusal = problem(status=HTTPStatus.NOT_FOUND, code="not_found", detail=ROUTE_UNKNOWN.localized())
        return JsonResponse(refusal.data, status=refusal.status_code, content_type=CONTENT_TYPE)
    language = language_of(request)
    return page(request, "web/not_found.html", language=language, status=HTTPStatus.NOT_FOUND)


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """The paths that crawlers must not visit (RFC 9309)."""
    return HttpResponse(ROBOTS, content_type="text/plain; charset=utf-8")
