"""The market's ODRL profile at its own address: JSON-LD for programs, a page for people."""

from __future__ import annotations

import json

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from listings.rights import PROFILE_TERMS, PROFILE_TITLE, profile_address, profile_document

from .languages import language_of
from .pages import page

JSON_LD = "application/ld+json"
CACHED_SECONDS = 3600


@require_safe
@cache_control(public=True, max_age=CACHED_SECONDS)
def profile(request: HttpRequest) -> HttpResponse:
    """The profile as the media type that the request prefers: JSON-LD, or the page."""
    if request.get_preferred_type(["text/html", JSON_LD, "application/json"]) in (
        JSON_LD,
        "application/json",
    ):
        response = _document()
    else:
        language = language_of(request)
        terms = [
            {
                "name": term.name,
                "label": term.label.in_language(language),
                "meaning": term.meaning.in_language(language),
            }
            for term in PROFILE_TERMS
        ]
        response = page(
            request,
            "web/profile.html",
            language=language,
            title=PROFILE_TITLE.in_language(language),
            address=profile_address(),
            terms=terms,
        )
    patch_vary_headers(response, ["Accept"])
    response["Link"] = f'<{profile_address()}.jsonld>; rel="alternate"; type="{JSON_LD}"'
    return response


@require_safe
@cache_control(public=True, max_age=CACHED_SECONDS)
def profile_graph(_request: HttpRequest) -> HttpResponse:
    """The profile as JSON-LD, whatever the request prefers."""
    return _document()


def _document() -> HttpResponse:
    return HttpResponse(json.dumps(profile_document(), ensure_ascii=False), content_type=JSON_LD)
