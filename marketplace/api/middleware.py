"""Middleware of all routes: refuses what is not UTF-8 or has a NUL, and gives a problem to refusals without a word."""

from __future__ import annotations

import base64
import binascii
import codecs
from collections.abc import Callable, Iterator
from http import HTTPStatus
from urllib.parse import unquote_plus

from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.exceptions import ParseError

from marketplace.kernel.labels import Label

from .parsers import verify_body
from .problems import explain, render_problem

NUL = "\x00"
API_PREFIX = "/api/"
HEADLESS_PREFIX = "/_allauth/"
"""Where allauth parses every body as JSON itself."""
BASIC = "basic "
CHARSETS = {"utf-8", "ascii"}
NOT_UTF8 = Label(
    "The body is stated in another charset. Send it in UTF-8.",
    "リクエスト本文の文字コードに対応していません。UTF-8で送信してください。",
)
NOT_TEXT = Label("A parameter contains a NUL character.", "パラメータにNUL文字が含まれています。")


class RefuseOtherCharsets:
    """Answers 415 for a body in another charset than UTF-8.

    Python's codecs include some that are no charsets (``rot13``, ``zlib``), by which whoever reads the body would fail.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        """Wrap the next middleware."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Refuse the request, or pass it on."""
        charset = (request.content_params or {}).get("charset")
        if charset is None or _codec_of(charset) in CHARSETS:
            return self.get_response(request)
        status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
        return render_problem(status=status, code="unsupported_charset", detail=NOT_UTF8.localized())


def _codec_of(charset: str) -> str:
    """The name of the codec that Python has for a charset; empty if it has none."""
    try:
        return codecs.lookup(charset).name
    except (LookupError, ValueError):
        return ""


class RefuseNul:
    """Answers 404 for a NUL in the path, and 422 naming the parameter for one elsewhere.

    PostgreSQL cannot store it, and therefore nothing is named by it. It looks at the query, cookies, client credentials
    and, outside the API, whose inputs refuse it themselves, at forms. A body that allauth parses gets 400 for it, and for
    whatever else no JSON of the API may hold.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Wrap the next middleware."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Refuse the request, or pass it on. Raises Http404, and BadRequest for credentials that are not ASCII."""
        if NUL in request.path_info:
            raise Http404
        if request.path_info.startswith(HEADLESS_PREFIX):
            try:
                verify_body(request.body)
            except ParseError as error:
                return render_problem(
                    status=HTTPStatus.BAD_REQUEST, code=error.default_code, detail=str(error.detail)
                )
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
    has_form = not request.path_info.startswith((API_PREFIX, HEADLESS_PREFIX))
    forms = [request.GET, request.POST] if has_form else [request.GET]
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
