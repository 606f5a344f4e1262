"""The API client of the tests: as a careful client of the market would, it sends every command under a key of its own."""

from __future__ import annotations

import secrets
from typing import Any

from django.conf import settings
from rest_framework.test import APIClient, ForceAuthClientHandler

HEADER = "Idempotency-Key"


class SharedHandler(ForceAuthClientHandler):
    """Answers by the middleware that the first of these loaded, as the threads of a web process do.

    Where a test changes a setting, its own is loaded.
    """

    _loaded: SharedHandler | None = None
    _loaded_by: Any = None

    def load_middleware(self, is_async: bool = False) -> None:
        """Take what is loaded, or load it."""
        cls = type(self)
        if cls._loaded is None or cls._loaded_by is not settings._wrapped:
            super().load_middleware(is_async)
            cls._loaded, cls._loaded_by = self, settings._wrapped
        else:
            self._middleware_chain = cls._loaded._middleware_chain


class KeyedClient(APIClient):
    """An API client whose POSTs have a fresh Idempotency-Key, unless the test states one."""

    def __init__(self, enforce_csrf_checks: bool = False, **defaults: Any) -> None:
        """As an APIClient."""
        super().__init__(enforce_csrf_checks, **defaults)
        self.handler = SharedHandler(enforce_csrf_checks)

    def post(self, path: str, data: Any = None, **options: Any) -> Any:
        """As ``APIClient.post``."""
        stated = {name.lower() for name in options.get("headers") or {}}
        if "HTTP_IDEMPOTENCY_KEY" not in options and HEADER.lower() not in stated:
            options["HTTP_IDEMPOTENCY_KEY"] = secrets.token_hex(8)
        return super().post(path, data, **options)
