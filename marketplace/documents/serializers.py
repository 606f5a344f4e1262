"""Certificates of sealed documents in the API."""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from rest_framework import serializers

from marketplace.api.serializers import RowSerializer

from .models import DocumentCertificate


class DocumentCertificateSerializer(RowSerializer[DocumentCertificate]):
    """A certificate with which the operator has sealed documents (PAdES), and those that issued it.

    ``fingerprint`` is SHA-256 of the certificate. ``pem`` begins with it and ends with the root, on which trust rests.
    """

    id = serializers.CharField(source="public_id")
    pem = serializers.SerializerMethodField()

    class Meta:
        model = DocumentCertificate
        fields = ("id", "fingerprint", "subject", "not_before", "not_after", "since", "pem")

    def get_pem(self, row: DocumentCertificate) -> str:
        """The certificate and its issuers as PEM."""
        return pem_of(row)


def pem_of(row: DocumentCertificate) -> str:
    """A certificate and its issuers as PEM, the root last."""
    certificate = x509.load_der_x509_certificate(bytes(row.certificate))
    return certificate.public_bytes(Encoding.PEM).decode() + row.issuers
