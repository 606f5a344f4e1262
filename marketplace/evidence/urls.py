"""Routes of evidence."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from .views import CheckpointViewSet, EvidenceRecordViewSet, PublicKeysView
from .witness_views import CosignatureViewSet

router = SimpleRouter()
router.register("evidence/records", EvidenceRecordViewSet, basename="evidence-record")
router.register("evidence/checkpoints", CheckpointViewSet, basename="evidence-checkpoint")
router.register("evidence/cosignatures", CosignatureViewSet, basename="cosignature")

urlpatterns = [path("evidence/keys/", PublicKeysView.as_view(), name="evidence-keys"), *router.urls]
