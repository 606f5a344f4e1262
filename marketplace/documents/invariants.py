"""Invariants of rendered documents."""

from marketplace.kernel.invariants import Invariant, by_query, declare_readable

Invariant(
    name="documents.rendered_as_hashed",
    promise=7,
    statement="A rendered document has the bytes of its hash, and there is one per kind, subject and language.",
    guards=(
        "documents_rendereddocument.rendered_document_once",
        "documents_rendereddocument.rendered_document_hash",
        "documents_rendereddocument.append_only",
    ),
    test="tests/documents/test_guards.py::test_a_rendered_document_has_the_bytes_of_its_hash",
    check=by_query(
        "SELECT kind, subject, language FROM documents_rendereddocument"
        " WHERE encode(sha256(content), 'hex') <> sha256"
    ),
)

declare_readable("documents")
