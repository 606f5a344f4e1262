"""Middleware that opens a request's unit of work."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest, HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

from . import clock

Answer = Callable[[HttpRequest], HttpResponseBase]
AsyncAnswer = Callable[[HttpRequest], Awaitable[HttpResponseBase]]


@sync_and_async_middleware
def read_clock_once(get_response: Answer | AsyncAnswer) -> Answer | AsyncAnswer:
    """Read the business clock at most once while the next middleware answers a request."""
    if iscoroutinefunction(get_response):

        async def answer_later(request: HttpRequest) -> HttpResponseBase:
            with clock.read_once():
                return await get_response(request)  # type: ignore[no-any-return]

        return answer_later

    def answer(request: HttpRequest) -> HttpResponseBase:
        with clock.read_once():
            return get_response(request)  # type: ignore[return-value]

    return answer
