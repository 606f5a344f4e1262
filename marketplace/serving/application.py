"""Django's synchronous handler as an ASGI application, on a bounded pool of threads."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http import HTTPStatus
from typing import Any, TypeVar

from django.conf import settings
from django.core import signals
from django.core.handlers.asgi import ASGIRequest, get_script_prefix
from django.core.handlers.base import BaseHandler
from django.db import close_old_connections
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import get_resolver, set_script_prefix
from django.utils import translation
from django.utils.module_loading import import_string

from marketplace.api.problems import render_problem
from marketplace.kernel import correlation
from marketplace.kernel.identifiers import new_identifier

from .bodies import Body, BodyRefused, ClientGone, Receive, Spool, discard_rest, read_body
from .responses import Dispatch, DispatchResponse
from .sending import ReceiverGone, ReceiverTooSlow, Sender

logger = logging.getLogger(__name__)

T = TypeVar("T")
Send = Callable[[dict[str, Any]], Awaitable[None]]

CHUNK_BYTES = 1 << 16
CLOSING_SECONDS = 0.05
NOT_TEXT = b"The address is not UTF-8."


class ThreadedApplication(BaseHandler):
    """Answers requests by the routes of ``urlconf``.

    Two pools of ``SERVING_THREADS`` threads each: one answers requests, one reads the chunks of answers that are
    streamed, so neither waits for the other. ``periodic``: dotted names of functions without arguments and the seconds
    between their calls, which run on a thread of their own while the process serves.
    """

    def __init__(
        self,
        *,
        urlconf: str | None = None,
        upload_routes: Mapping[str, int] | None = None,
        periodic: Sequence[tuple[str, float]] = (),
    ) -> None:
        """Load the middleware; without ``urlconf`` and ``upload_routes``, the routes are those of the settings."""
        super().__init__()
        self.load_middleware()
        self._upload_routes = settings.UPLOAD_ROUTES if upload_routes is None else upload_routes
        self._spool = Spool(settings.SPOOLED_BYTES_MAX)
        self._urlconf = urlconf
        self._periodic = periodic
        self._open_answers = 0
        self._requests = ThreadPoolExecutor(settings.SERVING_THREADS, thread_name_prefix="request")
        self._chunks = ThreadPoolExecutor(settings.SERVING_THREADS, thread_name_prefix="chunk")
        self._repeated = ThreadPoolExecutor(1, thread_name_prefix="periodic")

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Serve one request, or the life of the process."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        with contextlib.suppress(ClientGone):
            try:
                body = await read_body(scope, receive, upload_routes=self._upload_routes, spool=self._spool)
            except BodyRefused as refusal:
                await self._send_whole(
                    scope, send, _render(scope, refusal), before_end=partial(discard_rest, receive)
                )
                return
            with contextlib.closing(body):
                response = await self._run(self._requests, self._respond, scope, body)
            await self._send_whole(scope, send, response)

    def _respond(self, scope: dict[str, Any], body: Body) -> HttpResponseBase:
        """Answer in a thread, as Django's own handlers do."""
        set_script_prefix(get_script_prefix(scope))
        signals.request_started.send(sender=self.__class__, scope=scope)
        try:
            request = ASGIRequest(scope, body)
        except UnicodeDecodeError:
            return HttpResponse(NOT_TEXT, status=HTTPStatus.BAD_REQUEST, content_type="text/plain")
        if self._urlconf is not None:
            request.urlconf = self._urlconf
        response = self.get_response(request)
        if response.streaming:
            close_old_connections()
        else:
            response.close()
        return response

    async def _send_whole(
        self,
        scope: dict[str, Any],
        send: Send,
        response: HttpResponseBase,
        before_end: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        dispatch = response.dispatch if isinstance(response, DispatchResponse) else None
        connection = scope["extensions"]["sanpo.connection"]
        sender = Sender(connection, send, dispatch.note_taken if dispatch else _ignore)
        self._open_answers += 1
        try:
            await sender.start(
                {"type": "http.response.start", "status": response.status_code, "headers": _headers(response)}
            )
            if scope["method"] != "HEAD":
                await self._send_body(sender, response, dispatch)
            if before_end is not None:
                await before_end()
            await sender.end()
        except BaseException as cause:
            # Cut, so that nobody takes what was sent for the whole.
            connection.abort()
            if dispatch:
                dispatch.break_off(cause)
            if not isinstance(cause, ReceiverGone | ReceiverTooSlow):
                raise
            logger.info("%s ended: %s", scope["path"], type(cause).__name__)
        finally:
            if dispatch:
                dispatch.note_taken(sender.count_taken())
            if response.streaming:
                await asyncio.shield(self._run(self._chunks, _close_response, response))
            self._open_answers -= 1

    async def _send_body(self, sender: Sender, response: HttpResponseBase, dispatch: Dispatch | None) -> None:
        if isinstance(response, HttpResponse):
            for start in range(0, len(response.content), CHUNK_BYTES):
                await sender.send_chunk(response.content[start : start + CHUNK_BYTES])
            return
        chunks: Iterator[bytes] = iter(response)

        def following() -> bytes | None:
            # The thread may hold a connection of before the database's last restart.
            close_old_connections()
            return next(chunks, None)

        while (chunk := await self._run(self._chunks, following)) is not None:
            await sender.send_chunk(chunk)
            if dispatch and sender.count_written() == dispatch.length_bytes:
                await sender.wait_until_taken()

    async def _run(self, pool: ThreadPoolExecutor, work: Callable[..., T], *arguments: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(pool, partial(work, *arguments))

    async def _live(self, receive: Receive, send: Send) -> None:
        """Run what is periodic from the start of the process to its end."""
        tasks: list[asyncio.Task[None]] = []
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                load_for_good(self._urlconf)
                tasks = [asyncio.create_task(self._repeat(*each)) for each in self._periodic]
                await send({"type": "lifespan.startup.complete"})
                continue
            for task in tasks:
                task.cancel()
            while self._open_answers:
                await asyncio.sleep(CLOSING_SECONDS)
            await send({"type": "lifespan.shutdown.complete"})
            return

    async def _repeat(self, name: str, seconds: float) -> None:
        work = import_string(name)

        def once() -> None:
            close_old_connections()
            try:
                work()
            except Exception:  # the next round tries again
                logger.exception("%s failed; it is tried again in %s seconds", name, seconds)

        while True:
            await self._run(self._repeated, once)
            await asyncio.sleep(seconds)


def load_for_good(urlconf: str | None) -> None:
    """Load the routes and what they need, and have the garbage collector leave out what is loaded by now.

    It stays as long as the process, and looking through it would stop all threads for some tenths of a second, again
    and again.
    """
    _ = get_resolver(urlconf).url_patterns
    gc.collect()
    gc.freeze()


def _close_response(response: HttpResponseBase) -> None:
    """Close a streamed answer, which records its end; on a connection that is alive."""
    close_old_connections()
    response.close()


def _render(scope: dict[str, Any], refusal: BodyRefused) -> HttpResponse:
    """Problem details of a refused body, in the language that the client prefers."""
    accepted = next((value for name, value in scope["headers"] if name == b"accept-language"), b"")
    request = HttpRequest()
    request.META["HTTP_ACCEPT_LANGUAGE"] = accepted.decode("latin1")
    # No middleware has seen the request: it gets its language and its identifier here.
    request_id = new_identifier("req")
    correlation.begin(request_id=request_id)
    with translation.override(translation.get_language_from_request(request)):
        response = render_problem(status=refusal.status, code=refusal.code, detail=refusal.detail.localized())
    logger.info("request refused: %s", refusal.code)
    correlation.end()
    # What is left of the body is not read.
    response["Connection"] = "close"
    response["Content-Length"] = str(len(response.content))
    if refusal.retry_after_seconds is not None:
        response["Retry-After"] = str(refusal.retry_after_seconds)
    response[correlation.REQUEST_HEADER] = request_id
    return response


def _headers(response: HttpResponseBase) -> list[tuple[bytes, bytes]]:
    headers = [(name.lower().encode("latin1"), value.encode("latin1")) for name, value in response.items()]
    headers += [
        (b"set-cookie", cookie.OutputString().encode("latin1")) for cookie in response.cookies.values()
    ]
    return headers


def _ignore(taken_bytes: int) -> None:
    """An ordinary answer does not ask what was taken of it."""
