"""Routes of neutrality bundles and counterfactuals."""

from rest_framework.routers import SimpleRouter

from .views import CounterfactualViewSet, NeutralityBundleViewSet

router = SimpleRouter()
router.register("neutrality-bundles", NeutralityBundleViewSet, basename="neutrality-bundle")
router.register("counterfactuals", CounterfactualViewSet, basename="counterfactual")

urlpatterns = router.urls
