"""The API client of the tests: as a careful client of the market would, it sends every command under a key of its own."""

from __future__ import annotations

import secrets
from typing import Any

from rest_framework.test import APIClient

HEADER = "Idempotency-Key"


class KeyedClient(APIClient):
    """An API client whose POSTs have a fresh Idempotency-Key, unless the test states one."""

    def post(self, path: str, data: Any = None, **options: Any) -> Any:
        """As ``APIClient.post``."""
        stated = {name.lower() for name in options.get("headers") or {}}
        if "HTTP_IDEMPOTENCY_KEY" not in options and HEADER.lower() not in stated:
            options["HTTP_IDEMPOTENCY_KEY"] = secrets.token_hex(8)
        return super().post(path, data, **options)
