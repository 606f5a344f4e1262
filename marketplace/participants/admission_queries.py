"""The facts about applications for the rules, one by one and many at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce
from stdnum.jp import cn

from marketplace.kernel import clock
from marketplace.kernel.errors import Missing

from .disqualification_queries import disqualification_facts
from .models import Admission
from .payout_queries import payout_account_now, payout_accounts_on
from .qualification_queries import qualifications_in_force
from .relation_queries import relation_facts
from .states import AdmissionState, OrganisationState


def admission_facts(admission: str) -> dict[str, Any]:
    """The facts about an application for the rules: booleans, codes and identifiers, no personal data.

    Keys: organisation, kind, country, segment, capacity (strings); active, is_operator, operator_affiliate,
    disqualified, officer_disqualified, corporate_number_valid, invoice_registered, payout_account_stated, representative_stated,
    antisocial_forces_excluded, security_contact_stated, barred_by_privacy_law, shares_representative_with_operator
    (booleans); qualifications, related_organisations, disqualification_grounds (lists of strings); refused_before (integer: applications for the
    same purpose that were refused). Raises Missing.
    """
    row = Admission.objects.select_related("organisation", "segment").filter(public_id=admission).first()
    if row is None:
        raise Missing(kind="admission", identifier=admission)
    return _admission_facts(
        row,
        relations=relation_facts([row.organisation_id])[row.organisation_id]
        | disqualification_facts([row.organisation_id])[row.organisation_id],
        qualifications=qualifications_in_force([row.organisation_id])[row.organisation_id],
        payout_account_stated=payout_account_now(row.organisation_id) is not None,
        refused_before=Admission.objects.filter(
            organisation_id=row.organisation_id,
            segment_id=row.segment_id,
            capacity=row.capacity,
            state=AdmissionState.REFUSED,
            pk__lt=row.pk,
        ).count(),
    )


def facts_of_admissions(admissions: Collection[str]) -> dict[str, dict[str, Any]]:
    """The facts about many applications at once, by public identifier, as ``admission_facts``; unknown ones are left out."""
    earlier = Admission.objects.filter(
        organisation=OuterRef("organisation"),
        segment=OuterRef("segment"),
        capacity=OuterRef("capacity"),
        state=AdmissionState.REFUSED,
        pk__lt=OuterRef("pk"),
    )
    counted = earlier.order_by().values("organisation").annotate(count=Count("pk")).values("count")
    rows = list(
        Admission.objects.select_related("organisation", "segment")
        .filter(public_id__in=list(admissions))
        .annotate(refused_before=Coalesce(Subquery(counted), 0))
    )
    organisations = {row.organisation_id for row in rows}
    accounts, relations = payout_accounts_on(clock.today(), organisations), relation_facts(organisations)
    qualifications = qualifications_in_force(organisations)
    disqualifications = disqualification_facts(organisations)
    return {
        row.public_id: _admission_facts(
            row,
            relations=relations[row.organisation_id] | disqualifications[row.organisation_id],
            qualifications=qualifications[row.organisation_id],
            payout_account_stated=row.organisation_id in accounts,
            refused_before=row.refused_before,
        )
        for row in rows
    }


def _admission_facts(
    row: Admission,
    *,
    relations: Mapping[str, Any],
    qualifications: list[str],
    payout_account_stated: bool,
    refused_before: int,
) -> dict[str, Any]:
    organisation, declared = row.organisation, row.declarations
    return {
        "organisation": organisation.public_id,
        "kind": organisation.kind,
        "country": organisation.country,
        "segment": row.segment.code,
        "capacity": row.capacity,
        "active": organisation.state == OrganisationState.ACTIVE,
        "is_operator": organisation.is_operator,
        "operator_affiliate": organisation.operator_affiliate,
        **relations,
        "corporate_number_valid": cn.is_valid(organisation.corporate_number or ""),
        "invoice_registered": organisation.invoice_registration_number is not None,
        "payout_account_stated": payout_account_stated,
        "representative_stated": bool(organisation.representative),
        "antisocial_forces_excluded": declared["antisocial_forces_excluded"],
        "security_contact_stated": bool(declared["security_contact"].strip()),
        "barred_by_privacy_law": declared.get("barred_by_privacy_law", False),
        "qualifications": qualifications,
        "refused_before": refused_before,
    }
