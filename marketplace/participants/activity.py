"""What is a participant's among organisations, people and programs."""

from __future__ import annotations

from marketplace.api.activity import ActivityRecords, no_activity

ActivityRecords(
    "organisation",
    "marketplace.participants.views.OrganisationViewSet",
    ("participants_organisation",),
    keys=("pk",),
)
ActivityRecords(
    "admissions",
    "marketplace.participants.views.AdmissionViewSet",
    ("participants_admission", "participants_admissioncondition"),
    keys=("organisation_id",),
)
ActivityRecords(
    "authority-limits",
    "marketplace.participants.authority_views.AuthorityLimitViewSet",
    ("participants_authoritylimit",),
    keys=("organisation_id",),
)
ActivityRecords(
    "fact-changes",
    "marketplace.participants.fact_views.FactChangeViewSet",
    ("participants_factchange",),
    keys=("organisation_id",),
)
ActivityRecords(
    "invitations",
    "marketplace.participants.people_views.InvitationViewSet",
    ("participants_invitation",),
    keys=("organisation_id",),
)
ActivityRecords(
    "members",
    "marketplace.participants.people_views.MemberViewSet",
    ("participants_membership", "participants_rolegrant"),
    keys=("organisation_id",),
)
ActivityRecords(
    "member-changes",
    "marketplace.participants.people_views.MemberChangeViewSet",
    ("participants_memberchange",),
    keys=("membership__organisation_id",),
)
ActivityRecords(
    "second-factor-resets",
    "marketplace.participants.login_views.SecondFactorResetViewSet",
    ("participants_secondfactorreset",),
    keys=("membership__organisation_id",),
)
ActivityRecords(
    "organisation-keys",
    "marketplace.participants.key_views.OrganisationKeyViewSet",
    ("participants_organisationkey",),
    keys=("organisation_id",),
)
ActivityRecords(
    "payout-account-changes",
    "marketplace.participants.payout_views.PayoutAccountChangeViewSet",
    ("participants_payoutaccountchange",),
    keys=("organisation_id",),
)
ActivityRecords(
    "applications",
    "marketplace.participants.program_views.ApplicationViewSet",
    ("participants_application",),
    keys=("organisation_id",),
)
ActivityRecords(
    "suspensions",
    "marketplace.participants.suspension_views.SuspensionViewSet",
    ("participants_suspension", "participants_reinstatement"),
    keys=("organisation_id",),
)
ActivityRecords(
    "trustee-appointments",
    "marketplace.participants.trustee_views.TrusteeAppointmentViewSet",
    ("participants_trusteeappointment",),
    keys=("suspension__organisation_id",),
)

ActivityRecords(
    "organisation-relations",
    "marketplace.participants.relation_views.OrganisationRelationViewSet",
    ("participants_organisationrelation",),
    keys=("organisation_id", "related_id"),
)

ActivityRecords(
    "qualifications",
    "marketplace.participants.qualification_views.QualificationViewSet",
    ("participants_qualification",),
    keys=("organisation_id",),
)

ActivityRecords(
    "disqualifications",
    "marketplace.participants.disqualification_views.DisqualificationViewSet",
    ("participants_disqualification",),
    keys=("organisation_id",),
)

no_activity(
    "participants_commitment",
    "it counts what the limits of authority cover; the acts themselves are in the records",
)
no_activity(
    "participants_ownerrecovery",
    "a procedure of whoever lost access, which admission reads; what came of it is told in notices",
)
no_activity(
    "participants_staffinterest",
    "what people of the operator declared of themselves; who has an interest decides nothing about the participant",
)
