"""Idempotency keys: a command repeated under the same key takes effect once and gets the same response."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.kernel.canonical import sha256_hex
from marketplace.kernel.errors import Category, DomainError, FieldInvalid
from marketplace.kernel.labels import Label
from marketplace.kernel.prepared import execute_prepared, fetch_prepared
from marketplace.kernel.refusals import record_refusals

from .models import IdempotencyRecord

HEADER = "Idempotency-Key"
KEY_LENGTH_MAX = 100
BEGIN = """
    INSERT INTO api_idempotencyrecord (caller, key, request_digest) VALUES (%s, %s, %s)
    ON CONFLICT (caller, key) DO NOTHING RETURNING id
"""
END = "UPDATE api_idempotencyrecord SET status = %s, body = %s::jsonb WHERE id = %s"


class IdempotencyKeyNeeded(DomainError):
    """A command that moves or promises money came without a key, so that a repetition would take effect again."""

    code = "idempotency_key_needed"
    category = Category.MALFORMED
    field = HEADER
    detail = Label(
        "This command moves or promises money. Send the header Idempotency-Key with 1 to 100 characters of your choice,"
        " a new value for each new request, and the same value when you repeat a request.",
        "この操作は金銭の移動または約束を伴います。Idempotency-Key"
        " ヘッダーに1～100文字の任意の値を指定してください。新しいリクエストには新しい値を、再送には同じ値を使います。",
    )


class IdempotencyConflict(DomainError):
    """The key was already used for another request. Fields: ``key``."""

    code = "idempotency_conflict"
    category = Category.CONFLICT
    field = HEADER
    detail = Label(
        "The key {key} was already used for another request. Use a new key for a new request.",
        "キー {key} は別のリクエストで使用済みです。新しいリクエストには新しいキーを指定してください。",
    )


def require_key(request: Request) -> None:
    """Raise IdempotencyKeyNeeded unless the request has an Idempotency-Key."""
    if request.headers.get(HEADER) is None:
        raise IdempotencyKeyNeeded()


def once(request: Request, execute: Callable[[], Response]) -> Response:
    """Run ``execute`` in a transaction, at most once for the request's key; without a key, run it every time.

    The idempotency record commits with the command or not at all, so a refused request can be repeated under the same
    key. A record of a refusal is committed, or written after the rollback (``kernel.refusals``). A second request
    under a key waits for the first. Uploads are hashed before the transaction. Raises IdempotencyConflict,
    FieldInvalid.
    """
    key = request.headers.get(HEADER)
    if key is not None and not (key.isprintable() and 1 <= len(key) <= KEY_LENGTH_MAX):
        raise FieldInvalid(
            HEADER, Label("use 1 to 100 printable characters", "1～100文字の印字可能文字にしてください")
        )
    digest = "" if key is None else _digest_of(request)
    with record_refusals():
        try:
            return execute() if key is None else _once(request.user.pk, key, digest, execute)
        except DomainError as error:
            if not error.is_recorded:
                raise
            refusal = error
    raise refusal


def _once(caller: int | None, key: str, digest: str, execute: Callable[[], Response]) -> Response:
    record = _begin(caller, key, digest)
    if record is None:
        known = IdempotencyRecord.objects.get(caller=caller, key=key)
        if known.request_digest != digest:
            raise IdempotencyConflict(key=key)
        return Response(known.body, status=known.status, headers={"Idempotency-Replayed": "true"})
    try:
        response = execute()
    except DomainError as error:
        if error.is_recorded:
            IdempotencyRecord.objects.filter(pk=record).delete()
        raise
    execute_prepared(END, [response.status_code, json.dumps(_plain(response.data)), record])
    return response


def _begin(caller: int | None, key: str, digest: str) -> int | None:
    """The primary key of a new record; None if there is one. Waits for another request that is using the key."""
    for row in fetch_prepared(BEGIN, [caller, key, digest]):
        return int(row[0])
    return None


def _digest_of(request: Request) -> str:
    """The digest by which two requests are the same: method, path, body, and the content of each upload."""
    body = request.data
    if hasattr(body, "getlist"):
        body = {name: [_stated(value) for value in body.getlist(name)] for name in body}
    parts = [
        request.method or "",
        request.path,
        repr(sorted(body.items()) if isinstance(body, dict) else body),
    ]
    return sha256_hex("\n".join(parts).encode())


def _stated(value: Any) -> str:
    """A form field as text; an upload as its name and hash, read in chunks and rewound."""
    if not hasattr(value, "chunks"):
        return str(value)
    digest = hashlib.sha256()
    for chunk in value.chunks():
        digest.update(chunk)
    value.seek(0)
    return f"{value.name}:{digest.hexdigest()}"


def _plain(data: Any) -> Any:
    """Serializer output as plain JSON types, for storing and replaying."""
    if isinstance(data, dict):
        return {str(name): _plain(value) for name, value in data.items()}
    if isinstance(data, list | tuple):
        return [_plain(value) for value in data]
    return data if isinstance(data, int | float | bool | type(None)) else str(data)
