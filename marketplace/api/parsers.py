"""Parsers of request bodies, which refuse what could exhaust the process."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import IO, Any, cast

from django.conf import settings
from rest_framework import status
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import JSONParser

from marketplace.kernel.labels import Label

DEPTH_MAX = 50
VALUES_MAX = 10_000
"""Names, values and elements of one JSON body: each may cost an error, and many times its own bytes."""

TOO_DEEP = Label(
    f"The JSON is nested more than {DEPTH_MAX} levels deep. Flatten it.",
    f"JSONの入れ子が{DEPTH_MAX}階層を超えています。階層を減らしてください。",
)
TOO_MANY = Label(
    f"The JSON holds more than {VALUES_MAX:,} names, values and elements. Send less at once.",
    f"JSONに含まれる名前、値、要素が合計{VALUES_MAX:,}個を超えています。分割するなどして減らしてください。",
)
NOT_UNICODE = Label(
    "The JSON contains half of a surrogate pair, which is no character. Remove it.",
    "JSONに不完全なサロゲートペアが含まれています。取り除いてください。",
)
NUMBER_TOO_LONG = Label(
    "The JSON contains a number with too many digits. Shorten it.",
    "JSONに桁数の多すぎる数値が含まれています。短くしてください。",
)
NOT_TEXT = Label(
    "The JSON contains a NUL character. Remove it.",
    "JSONにNUL文字が含まれています。取り除いてください。",
)
TOO_LARGE = Label(
    "The request body is larger than {limit} bytes. Send less at once.",
    "リクエスト本文が{limit}バイトを超えています。分割するなどして小さくしてください。",
)


class BodyTooLarge(APIException):
    """The request's body is larger than the market reads into memory (413)."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "request_too_large"

    def __init__(self) -> None:
        """Names the limit, ``DATA_UPLOAD_MAX_MEMORY_SIZE``."""
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        super().__init__(TOO_LARGE.fill({"limit": limit}).localized())


class BoundedJSONParser(JSONParser):
    """JSON of at most ``DATA_UPLOAD_MAX_MEMORY_SIZE`` bytes and ``DEPTH_MAX`` levels with ``VALUES_MAX`` values, all Unicode."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """The parsed body. Raises ParseError, BodyTooLarge."""
        body = cast(IO[Any], _Bounded(stream, settings.DATA_UPLOAD_MAX_MEMORY_SIZE))
        try:
            data = super().parse(body, media_type, parser_context)
        except RecursionError:
            raise ParseError(TOO_DEEP.localized()) from None
        _verify(data, _verify_text)
        return data


def verify_body(body: bytes) -> None:
    """Verify a JSON body that a library parses and stores, which knows no bounds. Raises ParseError.

    What is no JSON is left to the library.
    """
    try:
        data = json.loads(body)
    except RecursionError:
        raise ParseError(TOO_DEEP.localized()) from None
    except (json.JSONDecodeError, UnicodeDecodeError):
        return
    except ValueError:
        raise ParseError(NUMBER_TOO_LONG.localized()) from None
    _verify(data, _verify_stored_text)


class _Bounded:
    """A stream that refuses to be read past ``limit`` bytes."""

    def __init__(self, stream: IO[Any], limit: int) -> None:
        self._stream = stream
        self._left = limit

    def read(self, size: int = -1) -> bytes:
        """At most ``size`` bytes, all without it. Raises BodyTooLarge."""
        wanted = self._left + 1 if size < 0 else min(size, self._left + 1)
        chunk: bytes = self._stream.read(wanted)
        self._left -= len(chunk)
        if self._left < 0:
            raise BodyTooLarge
        return chunk


def _verify(data: Any, verify_text: Callable[[str], None]) -> None:
    """Walk the parsed body level by level, so that its depth costs no stack. Raises ParseError."""
    level, left = [data], VALUES_MAX
    for _ in range(DEPTH_MAX):
        if not level:
            return
        inner: list[Any] = []
        for value in level:
            if isinstance(value, str):
                verify_text(value)
            elif isinstance(value, dict | list):
                left -= len(value) * (2 if isinstance(value, dict) else 1)
                if left < 0:
                    raise ParseError(TOO_MANY.localized())
                inner += [*value.keys(), *value.values()] if isinstance(value, dict) else value
        level = inner
    if level:
        raise ParseError(TOO_DEEP.localized())


def _verify_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ParseError(NOT_UNICODE.localized()) from None


def _verify_stored_text(text: str) -> None:
    _verify_text(text)
    if "\0" in text:
        raise ParseError(NOT_TEXT.localized())
