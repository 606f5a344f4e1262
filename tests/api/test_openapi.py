"""The OpenAPI document is made once in a process, and not sent again to who has it."""

from __future__ import annotations

import json

from marketplace.api.openapi import openapi_document

PATH = "/api/v1/openapi.json"


def test_the_document_is_made_once_and_known_by_its_tag(client):
    answer = client.get(PATH)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/vnd.oai.openapi+json")
    assert json.loads(answer.content)["openapi"] == "3.1.0"
    assert client.get(PATH).content == answer.content
    assert openapi_document() is openapi_document()
    again = client.get(PATH, headers={"If-None-Match": answer["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
