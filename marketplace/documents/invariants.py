"""Invariants of rendered documents."""

from itertools import islice

from marketplace.kernel.invariants import BREACHES_SHOWN_MAX, Invariant, by_query, declare_readable

from .sealing import faulty_seals

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

Invariant(
    name="documents.sealed_verifies",
    promise=6,
    statement="A sealed document has the bytes of its hash, there is one per kind, subject and language, and the operator's seal on it verifies.",
    guards=(
        "documents_sealeddocument.sealed_document_once",
        "documents_sealeddocument.sealed_document_hash",
        "documents_sealeddocument.sealed_while_valid",
        "documents_sealeddocument.append_only",
        "documents_documentcertificate.document_certificate_hash",
        "documents_documentcertificate.append_only",
    ),
    test="tests/documents/test_seal_guards.py::test_a_sealed_document_has_the_bytes_of_its_hash",
    check=lambda: list(islice(faulty_seals(), BREACHES_SHOWN_MAX)),
)

declare_readable("documents")
