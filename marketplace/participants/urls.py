"""Routes of participants."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from .authority_views import AuthorityLimitViewSet
from .disqualification_views import DisqualificationViewSet
from .fact_views import FactChangeViewSet
from .interest_views import StaffInterestViewSet
from .key_views import OrganisationKeyViewSet
from .login_views import LoginLockViewSet, SecondFactorResetViewSet
from .payout_views import PayoutAccountChangeViewSet
from .people_views import InvitationViewSet, JoiningViewSet, MemberChangeViewSet, MemberViewSet
from .program_views import ApplicationViewSet
from .qualification_views import QualificationKindViewSet, QualificationViewSet
from .recovery_views import OwnerRecoveryViewSet, RecoveryEvidenceViewSet
from .relation_views import OrganisationRelationViewSet
from .suspension_views import SuspensionViewSet
from .trustee_views import TrusteeAppointmentViewSet
from .views import AdmissionViewSet, CallerView, SegmentViewSet

router = SimpleRouter()
router.register("segments", SegmentViewSet, basename="segment")
router.register("admissions", AdmissionViewSet, basename="admission")
# Before the members: there is no member of that name.
router.register("members/invitations", InvitationViewSet, basename="invitation")
router.register("members", MemberViewSet, basename="member")
router.register("member-changes", MemberChangeViewSet, basename="member-change")
router.register("invitations", JoiningViewSet, basename="joining")
router.register("applications", ApplicationViewSet, basename="application")
router.register("authority-limits", AuthorityLimitViewSet, basename="authority-limit")
router.register("organisation-keys", OrganisationKeyViewSet, basename="organisation-key")
router.register("payout-account-changes", PayoutAccountChangeViewSet, basename="payout-account-change")
router.register("suspensions", SuspensionViewSet, basename="suspension")
router.register("trustee-appointments", TrusteeAppointmentViewSet, basename="trustee-appointment")
router.register("fact-changes", FactChangeViewSet, basename="fact-change")
router.register("staff-interests", StaffInterestViewSet, basename="staff-interest")
router.register("organisation-relations", OrganisationRelationViewSet, basename="organisation-relation")
router.register("disqualifications", DisqualificationViewSet, basename="disqualification")
router.register("qualification-kinds", QualificationKindViewSet, basename="kind-of-qualification")
router.register("qualifications", QualificationViewSet, basename="qualification")
router.register("login-locks", LoginLockViewSet, basename="login-lock")
router.register("second-factor-resets", SecondFactorResetViewSet, basename="second-factor-reset")
router.register("owner-recoveries", OwnerRecoveryViewSet, basename="owner-recovery")
router.register("recovery-evidence", RecoveryEvidenceViewSet, basename="recovery-evidence")

urlpatterns = [path("me/", CallerView.as_view(), name="caller"), *router.urls]
