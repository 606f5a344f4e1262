"""A key stands for every file of an upload, not for the last one."""

from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from marketplace.api.idempotency import _digest_of


def digest(*contents: bytes) -> str:
    files = [SimpleUploadedFile("data.csv", content) for content in contents]
    raw = APIRequestFactory().post("/api/v1/listings/", {"files": files, "note": "x"}, format="multipart")
    request = Request(raw, parsers=[MultiPartParser()])
    found = _digest_of(request)
    assert [upload.read() for upload in request.data.getlist("files")] == list(contents)
    return found


def test_the_same_files_make_the_same_request():
    assert digest(b"a", b"b") == digest(b"a", b"b")


def test_another_first_file_makes_another_request():
    assert digest(b"a", b"b") != digest(b"c", b"b")
    assert digest(b"a", b"b") != digest(b"b", b"a")
    assert digest(b"a") != digest(b"a", b"a")
