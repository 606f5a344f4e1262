"""The front page, what is answered to requests that fail, and robots.txt."""

from __future__ import annotations

import logging
from http import HTTPStatus

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from marketplace.kernel.correlation import current_request_id
from marketplace.kernel.labels import Label

from . import problems
from .figures import market_figures
from .languages import language_of
from .pages import page
from .texts import FAULT, MALFORMED, NOT_ALLOWED, TOO_LARGE

logger = logging.getLogger(__name__)

CACHED_SECONDS = 60
API_PREFIX = "/api/"
ROBOTS = "User-agent: *\nDisallow: /accounts/\nDisallow: /oauth/\n"


@require_safe
@cache_control(public=True, max_age=CACHED_SECONDS)
def home(request: HttpRequest) -> HttpResponse:
    """The front page: what the market is, for whom, its figures, and links to all public records."""
    language = language_of(request)
    return page(request, "web/home.html", language=language, figures=market_figures(language))


def server_error(request: HttpRequest) -> HttpResponse:
    """A fault of ours: problem details within the API, else words. It reads nothing, for anything may be broken."""
    return _worded(request, problems.server_error(request), FAULT)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A request that cannot be read: 413 for one that is too large, else 400."""
    detail = TOO_LARGE if isinstance(exception, RequestDataTooBig) else MALFORMED
    return _worded(request, problems.bad_request(request, exception), detail)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A page or route that the caller may not use."""
    return _worded(request, problems.permission_denied(request, exception), NOT_ALLOWED)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """An address that does not exist: problem details within the API, else a page."""
    if request.path_info.startswith(API_PREFIX):
        return problems.page_not_found(request, exception)
    try:
        language = language_of(request)
        return page(request, "web/not_found.html", language=language, status=HTTPStatus.NOT_FOUND)
    except Exception:
        # Django answers by `server_error`, and does not log what failed here.
        logger.exception("the page of an unknown address failed")
        raise


def _worded(request: HttpRequest, problem: HttpResponse, detail: Label) -> HttpResponse:
    """The problem within the API, else its words alone with the request's identifier."""
    if request.path_info.startswith(API_PREFIX):
        return problem
    text = detail.localized()
    if request_id := current_request_id():
        text += f"\n{request_id}"
    return HttpResponse(text, status=problem.status_code, content_type="text/plain; charset=utf-8")


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """The paths that crawlers must not visit (RFC 9309)."""
    return HttpResponse(ROBOTS, content_type="text/plain; charset=utf-8")
