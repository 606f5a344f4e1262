"""The language of a page: from its address, else from the reader's browser."""

from __future__ import annotations

from typing import get_args

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation.trans_real import parse_accept_lang_header

from marketplace.documents.presentation import Language

LANGUAGES: tuple[Language, ...] = get_args(Language)
PARAMETER = "language"


def language_of(request: HttpRequest) -> Language:
    """The language of ``?language=``, else the first of ``Accept-Language`` that the market speaks, else its default.

    No cookie decides, so a shared cache may keep a page by its address and ``Accept-Language`` alone.
    """
    accepted = parse_accept_lang_header(request.headers.get("Accept-Language", "").lower())
    tags = (
        request.GET.get(PARAMETER, ""),
        *(tag for tag, quality in accepted if quality > 0),
        settings.LANGUAGE_CODE,
    )
    spoken = (language for tag in tags for language in LANGUAGES if tag.partition("-")[0] == language)
    return next(spoken, LANGUAGES[0])
