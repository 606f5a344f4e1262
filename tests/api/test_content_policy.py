"""What answers may load and run: nothing but styles and images of the market, and on one page the scripts that it names."""

from __future__ import annotations

import re

import pytest
from django.test import RequestFactory
from rest_framework.response import Response

from marketplace.api.renderers import HtmlRenderer

STRICT = {
    "base-uri 'none'",
    "default-src 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "object-src 'none'",
    "script-src 'none'",
}


def directives(response) -> set[str]:
    return set(response["Content-Security-Policy"].split("; "))


PAGES = (
    "/",
    "/no-such-page/",
    "/robots.txt",
    "/accounts/login/",
    "/accounts/signup/",
    "/static/web/mark.svg",
)
ROUTES = ("/api/v1/segments/", "/api/v1/me/", "/api/v1/no-such-route/", "/api/v1/openapi.json")


@pytest.mark.parametrize("path", PAGES + ROUTES)
def test_every_answer_has_the_strict_policy(client, db, path):
    assert directives(client.get(path)) == STRICT


def test_the_page_of_the_api_runs_the_scripts_that_its_nonce_names_and_no_other(client, db):
    answer = client.get("/api/docs/")
    assert answer.status_code == 200
    (nonce,) = {
        found for each in directives(answer) for found in re.findall(r"^script-src 'nonce-(\S+)'$", each)
    }
    assert directives(answer) - STRICT == {f"script-src 'nonce-{nonce}'", "img-src 'self' data:"}
    page = answer.content.decode()
    assert re.findall(r"<script( nonce=\"([^\"]*)\")?", page) == [(f' nonce="{nonce}"', nonce)] * 3
    assert re.findall(r"<style|\sstyle=|\son\w+=", page) == []
    assert nonce not in client.get("/api/docs/")["Content-Security-Policy"]


def test_a_document_is_shown_with_its_styles_and_can_do_nothing():
    response = Response(b"<style></style>")
    context = {"response": response, "request": RequestFactory().get("/")}
    assert HtmlRenderer().render(b"<style></style>", "text/html", context) == b"<style></style>"
    assert directives(response) == {
        "base-uri 'none'",
        "default-src 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "sandbox",
        "style-src 'unsafe-inline'",
    }
