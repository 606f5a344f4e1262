"""Refuses addresses with a NUL character, which PostgreSQL cannot store and therefore nothing is named by."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from django.http import Http404, HttpRequest, HttpResponse

from marketplace.kernel.labels import Label

from .problems import render_problem

NUL = "\x00"
NOT_TEXT = Label("A parameter contains a NUL character.", "パラメータにNUL文字が含まれています。")


class RefuseNul:
    """Answers 404 for a NUL in the path, and 422 naming the parameter for one in the query."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Wrap the next middleware."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Refuse the request, or pass it on. Raises Http404."""
        if NUL in request.path_info:
            raise Http404
        names = sorted(
            name
            for name, values in request.GET.lists()
            if NUL in name or any(NUL in value for value in values)
        )
        if not names:
            return self.get_response(request)
        detail = NOT_TEXT.localized()
        errors = [
            {"field": name.replace(NUL, ""), "code": "null_character", "message": detail} for name in names
        ]
        return render_problem(
            status=HTTPStatus.UNPROCESSABLE_ENTITY, code="invalid_input", detail=detail, errors=errors
        )
