"""The API of documents: the certificates that verify the operator's seals."""

from __future__ import annotations

from marketplace.api.permissions import PUBLIC
from marketplace.api.views import MarketReadViewSet

from .models import DocumentCertificate
from .serializers import DocumentCertificateSerializer


class DocumentCertificateViewSet(MarketReadViewSet[DocumentCertificate]):
    """Certificates with which the operator has sealed documents (PAdES), past ones too; public."""

    reads = PUBLIC
    serializer_class = DocumentCertificateSerializer
    queryset = DocumentCertificate.objects.all()
