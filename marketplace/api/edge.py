"""Middleware at the edge: limits requests before they cost anything, and keeps private answers out of caches."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from . import limits
from .addresses import counted_address
from .credentials import credential_of
from .limits import Counter, TooManyRequests
from .middleware import HEADLESS_PREFIX
from .problems import render_problem

ROUTE_RATES = {
    "/oauth/": "token",
    "/accounts/": "login",
    HEADLESS_PREFIX: "login",
    "/api/v1/registrations/": "registration",
    "/register/": "registration",
    "/api/v1/invitations/": "invitation",
    "/api/v1/owner-recoveries/": "invitation",
    "/join/": "invitation",
}
"""Rates of commands that need no token, by the beginning of their paths; an address may have few of them."""
READING = frozenset({"GET", "HEAD", "OPTIONS"})


class LimitRequests:
    """Answers 429 to who sends more than ``limits.py`` allows, and counts who they are that authentication did not know.

    The calls of a known caller are counted where it becomes known (``limits.count_call``).
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        """Wrap the next middleware."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Refuse the request, or pass it on and count what became of it."""
        address, credential = counted_address(request), credential_of(request)
        unknown = Counter(_rate_of(request), address)
        if not credential:
            try:
                limits.take([unknown])
            except TooManyRequests as refusal:
                return _refuse(refusal)
            return self.get_response(request)
        bad = [Counter("bad_token", credential), Counter("bad_token", address)]
        try:
            limits.require_left(bad[:1], unless_known=[bad[1], unknown], credential=credential)
        except TooManyRequests as refusal:
            return _refuse(refusal)
        response = self.get_response(request)
        is_step = request.path_info.startswith(HEADLESS_PREFIX)
        # There 401 is a step of signing in; allauth counts the wrong passwords itself.
        if response.status_code == HTTPStatus.UNAUTHORIZED and not is_step:
            limits.count(bad)
        elif not limits.is_call_counted(request):
            worked = unknown.rate == "token" and response.status_code == HTTPStatus.OK
            limits.count([unknown], known=credential if worked else "")
        return response


def _rate_of(request: HttpRequest) -> str:
    """The rate under which a request counts that no known caller sends."""
    if request.method in READING:
        return "anonymous"
    return next(
        (rate for path, rate in ROUTE_RATES.items() if request.path_info.startswith(path)), "anonymous"
    )


def _refuse(refusal: TooManyRequests) -> HttpResponse:
    response = render_problem(
        status=HTTPStatus.TOO_MANY_REQUESTS, code=refusal.code, detail=refusal.message.localized()
    )
    response["Retry-After"] = str(refusal.fields["retry_after_seconds"])
    return response


class KeepPrivate:
    """Keeps what is answered to a credential out of every cache, unless the answer says itself who may keep it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        """Wrap the next middleware."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The answer, with ``Cache-Control`` (RFC 9111)."""
        response = self.get_response(request)
        if credential_of(request):
            response.headers.setdefault("Cache-Control", "no-store")
        return response


def serve_alike(response: HttpResponse) -> HttpResponse:
    """Mark an answer as the same in every language, so that caches keep one copy of it."""
    response.serves_alike = True  # type: ignore[attr-defined]  # read by ServeAlike
    return response


class ServeAlike:
    """Takes off answers that are the same in every language what tells caches otherwise; stands around LocaleMiddleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        """Wrap the next middleware."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The answer, without ``Vary`` and ``Content-Language`` where it is marked."""
        response = self.get_response(request)
        if getattr(response, "serves_alike", False):
            for header in ("Vary", "Content-Language"):
                response.headers.pop(header, None)
        return response
