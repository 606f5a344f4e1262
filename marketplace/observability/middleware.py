"""Middleware of every request: answers probes before anything else can refuse them."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed

from marketplace.api.problems import explain

from .probes import PATHS, answer_probe, is_trusted

GetResponse = Callable[[HttpRequest], HttpResponse]
FORWARDING_HEADERS = ("Forwarded", "X-Forwarded-For", "X-Real-Ip")


class AnswerProbes:
    """Answers ``/healthz``, ``/readyz`` and ``/metrics``.

    It stands first: an orchestrator asks by the address of the container, without TLS, which the middleware below
    refuses or redirects.
    """

    def __init__(self, get_response: GetResponse) -> None:
        """Wrap the next middleware."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer a probe, or pass the request on."""
        if request.path_info not in PATHS:
            return self.get_response(request)
        if request.method not in ("GET", "HEAD"):
            refusal = HttpResponseNotAllowed(["GET", "HEAD"])
            explain(refusal)
            return refusal
        answer = answer_probe(
            path=request.path_info,
            query=request.META.get("QUERY_STRING", ""),
            is_trusted=is_trusted(
                authorization=request.headers.get("Authorization", ""),
                peer=request.META.get("REMOTE_ADDR", ""),
                is_forwarded=any(name in request.headers for name in FORWARDING_HEADERS),
            ),
        )
        response = HttpResponse(answer.body, status=answer.status, content_type=answer.content_type)
        response["Cache-Control"] = "no-store"
        return response
