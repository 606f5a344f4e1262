"""The evidence of sealed documents and of the certificates that sealed them."""

from __future__ import annotations

from marketplace.evidence.row_records import RecordedRows

RecordedRows(
    table="documents_documentcertificate",
    kinds=("documents.certificate_added",),
    row="r.public_id, r.fingerprint, r.subject",
    record="e.subject, e.payload -> 'fingerprint', e.payload -> 'subject'",
)
RecordedRows(
    table="documents_sealeddocument",
    kinds=("documents.sealed",),
    row="r.subject, r.public_id, r.kind, r.language, r.sha256, r.level",
    record="e.subject, e.payload -> 'document', e.payload -> 'kind', e.payload -> 'language', e.payload -> 'sha256',"
    " e.payload -> 'level'",
)
