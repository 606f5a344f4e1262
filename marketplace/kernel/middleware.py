"""Middleware that opens a request's unit of work."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from . import clock

Answer = Callable[[HttpRequest], HttpResponseBase]


def read_clock_once(get_response: Answer) -> Answer:
    """Read the business clock at most once while the next middleware answers a request."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        with clock.read_once():
            return get_response(request)

    return answer
