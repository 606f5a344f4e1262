"""Routes of registration."""

from rest_framework.routers import SimpleRouter

from .views import RegistrationViewSet, SupportingDocumentViewSet

router = SimpleRouter()
router.register("registrations", RegistrationViewSet, basename="registration")
router.register("supporting-documents", SupportingDocumentViewSet, basename="supporting-document")

urlpatterns = router.urls
