"""Queries on relations between organisations."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from marketplace.kernel.actors import Actor
from marketplace.kernel.prepared import fetch_prepared

from .models import OrganisationRelation
from .relation_guards import STANDS
from .relation_kinds import RelationSource

_FACTS = """
    SELECT o.id,
           ARRAY(SELECT DISTINCT other.public_id
                   FROM participants_organisationrelation r
                   JOIN participants_organisation other
                     ON other.id IN (r.organisation_id, r.related_id) AND other.id <> o.id
                  WHERE r.ended_at IS NULL
                    AND (o.id = r.organisation_id OR o.id = r.related_id AND r.source = 'found')),
           EXISTS (SELECT FROM participants_organisation p
                    WHERE p.is_operator AND p.id <> o.id AND o.representative <> ''
                      AND regexp_replace(p.representative, '[\\s\u3000]', '', 'g')
                        = regexp_replace(o.representative, '[\\s\u3000]', '', 'g'))
      FROM participants_organisation o WHERE o.id = ANY(%s::bigint[])
"""
_RELATED = f"SELECT EXISTS {STANDS.format(one='%s::bigint', other='%s::bigint')}"


def visible_relations(actor: Actor) -> QuerySet[OrganisationRelation]:
    """Relations of the actor's organisation, on either side; all, for the operator."""
    rows = OrganisationRelation.objects.select_related("organisation", "related")
    if actor.may_see():
        return rows
    own = actor.require_organisation()
    return rows.filter(Q(organisation_id=own) | Q(related_id=own))


def relation_facts(organisation_ids: Collection[int]) -> dict[int, dict[str, Any]]:
    """What rules read of the relations of organisations, by database key.

    ``related_organisations``: the public identifiers of those to which it is related now, sorted: as it declared or the operator
    found. What another declares about it is no fact of it, or anybody could harm it by a word.
    ``shares_representative_with_operator``: whether both have the same representative on record, whatever the spaces in it.
    """
    return {
        key: {
            "related_organisations": sorted(related),
            "shares_representative_with_operator": bool(is_shared),
        }
        for key, related, is_shared in fetch_prepared(_FACTS, [list(organisation_ids)])
    }


def are_related(one: int, other: int) -> bool:
    """Whether a relation between two organisations (database keys) stands."""
    ((found,),) = fetch_prepared(_RELATED, [one, other, other, one])
    return bool(found)


def relations_among(organisations: Collection[str]) -> list[tuple[str, str, datetime, datetime | None, bool]]:
    """The relations between two of these organisations (public identifiers): who stated it and of whom, or both of whom the
    operator found it; from when to when; whether the operator found it.
    """
    rows = OrganisationRelation.objects.filter(
        organisation__public_id__in=organisations, related__public_id__in=organisations
    )
    stated = rows.values_list(
        "organisation__public_id", "related__public_id", "recorded_at", "ended_at", "source"
    )
    return [
        (one, other, since, until, source == RelationSource.FOUND)
        for one, other, since, until, source in stated
    ]


def standing_to_operator(organisation_id: int) -> QuerySet[OrganisationRelation]:
    """The relations of an organisation (database key) to the operator that stand, whoever stated them."""
    return OrganisationRelation.objects.filter(
        organisation_id=organisation_id, related__is_operator=True, ended_at=None
    )


def stated_by_others(organisation_id: int) -> QuerySet[OrganisationRelation]:
    """The relations of a participant (database key) that another stated: the operator, or who declared one to it."""
    return OrganisationRelation.objects.filter(
        Q(organisation_id=organisation_id, source=RelationSource.FOUND)
        | Q(related_id=organisation_id, related__is_operator=False)
    )


def is_relation_standing(relation: str) -> bool:
    """Whether a relation (public identifier) stands."""
    return OrganisationRelation.objects.filter(public_id=relation, ended_at=None).exists()
