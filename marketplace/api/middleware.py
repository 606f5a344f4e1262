"""Middleware of all routes: limits on requests, NUL characters, private answers, and refusals without a word."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator
from http import HTTPStatus
from urllib.parse import unquote_plus

from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from marketplace.kernel.labels import Label

from . import limits
from .addresses import counted_address
from .credentials import credential_of
from .limits import Counter, TooManyRequests
from .problems import explain, render_problem

NUL = "\x00"
API_PREFIX = "/api/"
BASIC = "basic "
NOT_TEXT = Label("A parameter contains a NUL character.", "パラメータにNUL文字が含まれています。")


ROUTE_RATES = {"/oauth/": "token", "/accounts/": "login", "/_allauth/": "login"}
"""Rates of commands outside the API, by the beginning of their paths; an address may have few of them."""
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
        if response.status_code == HTTPStatus.UNAUTHORIZED:
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


class RefuseNul:
    """Answers 404 for a NUL in the path, and 422 naming the parameter for one elsewhere.

    PostgreSQL cannot store it, and therefore nothing is named by it. It looks at the query, cookies, client credentials
    and, outside the API, whose inputs refuse it themselves, at forms.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Wrap the next middleware."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Refuse the request, or pass it on. Raises Http404, and BadRequest for credentials that are not ASCII."""
        if NUL in request.path_info:
            raise Http404
        names = sorted({name for name, value in _texts_of(request) if NUL in name or NUL in value})
        if not names:
            return self.get_response(request)
        detail = NOT_TEXT.localized()
        errors = [
            {"field": name.replace(NUL, ""), "code": "null_character", "message": detail} for name in names
        ]
        return render_problem(
            status=HTTPStatus.UNPROCESSABLE_ENTITY, code="invalid_input", detail=detail, errors=errors
        )


def _texts_of(request: HttpRequest) -> Iterator[tuple[str, str]]:
    """What the caller sends beside the path, as (name, text)."""
    yield from request.COOKIES.items()
    forms = [request.GET] if request.path_info.startswith(API_PREFIX) else [request.GET, request.POST]
    for form in forms:
        for name, values in form.lists():
            yield from ((name, str(value)) for value in values)
    yield "Authorization", _credentials_of(request)


def _credentials_of(request: HttpRequest) -> str:
    """Client identifier and secret of HTTP Basic authentication, form-encoded within it (RFC 6749, 2.3.1)."""
    header = request.headers.get("Authorization", "")
    if not header.lower().startswith(BASIC):
        return ""
    if not header.isascii():
        # Whoever checks them decodes them as ASCII, and expects no other characters.
        raise BadRequest("credentials are not ASCII")
    try:
        decoded = base64.b64decode(header[len(BASIC) :])
    except binascii.Error:
        return ""
    return unquote_plus(decoded.decode(errors="replace"))


class ExplainRefusals:
    """Gives problem details to a refusal whose view says nothing, such as that of a method which it does not know."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        """Wrap the next middleware."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The answer, with a body where it is a refusal without one."""
        response = self.get_response(request)
        if response.status_code >= HTTPStatus.BAD_REQUEST and isinstance(response, HttpResponse):
            explain(response)
        return response
