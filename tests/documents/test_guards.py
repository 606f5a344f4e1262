"""The database refuses wrong rendered documents, whoever writes them."""

from __future__ import annotations

import hashlib

import pytest
from django.db import connection

from marketplace.documents.models import RenderedDocument
from tests.roles import assert_refused

pytestmark = pytest.mark.django_db

HASH = hashlib.sha256(b"%PDF-").hexdigest()


def refused(match: str, statement: str, *values: str) -> None:
    before = list(RenderedDocument.objects.order_by("id").values())
    with connection.cursor() as cursor:
        assert_refused(lambda: cursor.execute(statement, values), because=match)
    assert list(RenderedDocument.objects.order_by("id").values()) == before


INSERT = (
    "INSERT INTO documents_rendereddocument (kind, subject, language, content, sha256)"
    " VALUES ('clearing.invoice', 'inv_1', %s, '%%PDF-', %s)"
)


def test_a_rendered_document_has_the_bytes_of_its_hash():
    refused("rendered_document_hash", INSERT, "ja", "0" * 64)
    with connection.cursor() as cursor:
        cursor.execute(INSERT, ["ja", HASH])
    refused("append-only", "UPDATE documents_rendereddocument SET language = 'en'")
    refused("append-only", "DELETE FROM documents_rendereddocument")


def test_of_one_kind_subject_and_language_there_is_one_document():
    with connection.cursor() as cursor:
        cursor.execute(INSERT, ["ja", HASH])
    refused("rendered_document_once", INSERT, "ja", HASH)
    refused("rendered_document_language", INSERT, "fr", HASH)
