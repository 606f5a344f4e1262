"""The OpenAPI document, made once in each process: making it takes seconds, and it changes with the program only."""

from __future__ import annotations

import json
from threading import Lock
from typing import Any

from csp.constants import NONCE, SELF
from csp.decorators import csp_replace
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.settings import spectacular_settings
from drf_spectacular.views import SpectacularSwaggerView

from marketplace.kernel.canonical import sha256_hex

from .permissions import PUBLIC, MayCall
from .problems import as_json

CONTENT_TYPE = "application/vnd.oai.openapi+json"

_lock = Lock()
_made: list[bytes] = []


def openapi_document() -> bytes:
    """The document as JSON in UTF-8; threads that ask while it is made wait for it."""
    with _lock:
        if not _made:
            generator = SchemaGenerator(api_version=spectacular_settings.VERSION)
            document: dict[str, Any] = generator.get_schema(request=None, public=True)
            _made.append(json.dumps(document, ensure_ascii=False).encode())
        return _made[0]


# Swagger UI draws its icons from addresses of the kind `data:`.
PAGE_POLICY = {"script-src": [NONCE], "img-src": [SELF, "data:"]}


@method_decorator(csrf_exempt, name="dispatch")
class OpenapiView(View):
    """The OpenAPI document; public. Answers 304 to a client that has it (``If-None-Match``)."""

    reads = PUBLIC

    def get(self, request: HttpRequest) -> HttpResponseBase:
        """The document of this version of the market."""
        content = openapi_document()
        etag = f'"{sha256_hex(content)}"'
        response = HttpResponse(content, content_type=CONTENT_TYPE, headers={"ETag": etag})
        return get_conditional_response(request, etag=etag, response=response) or response


@method_decorator(csp_replace(PAGE_POLICY), name="dispatch")
class DocumentationView(SpectacularSwaggerView):
    """The page on which the routes can be tried. It renders HTML, but its refusals are problem details as everywhere."""

    reads = PUBLIC
    permission_classes = (MayCall,)
    http_method_names = ("get", "head")
    template_name = "api/documentation.html"

    def handle_exception(self, exc: Exception) -> HttpResponse:  # type: ignore[override]  # DRF takes either
        """The problem as JSON, which no template renders."""
        return as_json(super().handle_exception(exc))
