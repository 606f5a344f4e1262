"""By what a request says who sends it, whether it is true or not."""

from __future__ import annotations

import hashlib

from django.conf import settings
from django.http import HttpRequest

HEADERS = ("Authorization", "X-Session-Token")
GRANT = "grant"
"""The parameter with which the API sends a buyer to the downloads process."""


def credential_of(request: HttpRequest) -> str:
    """The SHA-256 (hex) of the request's token, session or grant, an empty text for an anonymous request."""
    sent = [request.headers.get(name, "") for name in HEADERS]
    sent += [request.GET.get(GRANT, ""), request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")]
    text = next((each for each in sent if each), "")
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest() if text else ""
