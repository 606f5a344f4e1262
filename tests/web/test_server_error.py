"""A fault of the market: problem details within the API, plain words elsewhere, and nothing of the fault itself."""

from __future__ import annotations

import json

from django.test import RequestFactory

from web.texts import FAULT
from web.views import server_error


def test_a_fault_within_the_api_is_answered_by_problem_details():
    answer = server_error(RequestFactory().get("/api/v1/cycles/"))
    body = json.loads(answer.content)
    assert (answer.status_code, answer["Content-Type"]) == (500, "application/problem+json")
    assert (body["status"], body["code"], body["detail"]) == (500, "internal_error", FAULT.localized())


def test_a_fault_elsewhere_is_answered_in_plain_words():
    answer = server_error(RequestFactory().get("/"))
    assert (answer.status_code, answer["Content-Type"]) == (500, "text/plain; charset=utf-8")
    assert answer.content.decode() == FAULT.localized()
