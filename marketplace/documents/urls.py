"""Routes of documents."""

from rest_framework.routers import SimpleRouter

from .views import DocumentCertificateViewSet

router = SimpleRouter()
router.register("document-certificates", DocumentCertificateViewSet, basename="document-certificate")

urlpatterns = router.urls
