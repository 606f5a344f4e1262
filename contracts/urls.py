"""Routes of contracts."""

from rest_framework.routers import SimpleRouter

from .adjusting.views import IndexValueViewSet
from .attachments.views import AttachmentViewSet
from .commissions.talk_views import PriceTalkViewSet
from .commissions.views import SellerFaultViewSet
from .deletion.views import DeletionDutyViewSet
from .disclosures.views import DisclosureViewSet
from .disputing.views import DisputeFileViewSet, DisputeViewSet
from .ending.views import EndingViewSet
from .library.views import ClauseViewSet, TemplateViewSet
from .mandates.views import MandateViewSet
from .notes.views import PrivateNoteViewSet
from .pools.views import PoolVersionViewSet, PoolViewSet
from .views import (
    AdjustmentViewSet,
    AgreementViewSet,
    NegotiationViewSet,
)

router = SimpleRouter()
router.register("contract-clauses", ClauseViewSet, basename="contract-clause")
router.register("contract-templates", TemplateViewSet, basename="contract-template")
router.register("negotiations", NegotiationViewSet, basename="negotiation")
router.register("message-disclosures", DisclosureViewSet, basename="message-disclosure")
router.register("negotiation-attachments", AttachmentViewSet, basename="negotiation-attachment")
router.register("negotiation-notes", PrivateNoteViewSet, basename="negotiation-note")
router.register("mandates", MandateViewSet, basename="mandate")
router.register("agreements", AgreementViewSet, basename="agreement")
router.register("endings", EndingViewSet, basename="ending")
router.register("deletion-duties", DeletionDutyViewSet, basename="deletion-duty")
router.register("pools", PoolViewSet, basename="pool")
router.register("pool-versions", PoolVersionViewSet, basename="pool-version")
router.register("price-talks", PriceTalkViewSet, basename="price-talk")
router.register("seller-faults", SellerFaultViewSet, basename="seller-fault")
router.register("disputes", DisputeViewSet, basename="dispute")
router.register("index-values", IndexValueViewSet, basename="index-value")
router.register("dispute-files", DisputeFileViewSet, basename="dispute-file")
router.register("adjustments", AdjustmentViewSet, basename="adjustment")

urlpatterns = router.urls
