"""Queries on participants."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Count, Exists, Min, OuterRef, Q, QuerySet

from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.errors import Missing, OrganisationSuspended
from marketplace.kernel.permissions import Permission
from marketplace.kernel.prepared import fetch_prepared

from .acting import acts_now, holders
from .errors import NotAdmitted
from .models import Admission, Application, Membership, Organisation, Reinstatement, Segment
from .organisation_facts import Size
from .states import HELD_ADMISSIONS, AdmissionState, OrganisationKind, OrganisationState

_IDENTIFIERS = """
    SELECT id, public_id, corporate_number FROM participants_organisation WHERE id = ANY(%s::bigint[])
"""

_STANDINGS = """
    SELECT o.id, o.public_id, o.is_operator, o.operator_affiliate, o.state,
           ARRAY(SELECT a.capacity FROM participants_admission a JOIN participants_segment s ON s.id = a.segment_id
                  WHERE a.organisation_id = o.id AND s.code = %s AND a.state = %s
                    AND (a.expires_on IS NULL OR a.expires_on >= %s))
      FROM participants_organisation o WHERE o.id = ANY(%s::bigint[])
"""

_RECIPIENTS = """
    SELECT m.organisation_id, u.id, u.email, u.language
      FROM participants_membership m JOIN participants_user u ON u.id = m.user_id
     WHERE m.organisation_id = ANY(%s::bigint[]) AND m.ended_at IS NULL AND u.is_active AND {reads} ORDER BY m.id
"""


@dataclass(frozen=True, slots=True)
class OrganisationView:
    """An organisation for other applications. ``name`` is ``{"ja", "en"}``; ``id`` the database key."""

    id: int
    public_id: str
    name: dict[str, str]
    kind: str
    corporate_number: str | None
    invoice_registration_number: str | None
    country: str
    address: str
    representative: str
    is_operator: bool
    affiliate: bool
    state: str

    @property
    def is_active(self) -> bool:
        """Whether it may make new agreements."""
        return self.state == OrganisationState.ACTIVE


@dataclass(frozen=True, slots=True)
class Standing:
    """How an organisation stands in a segment; ``capacities`` are those of its admissions, ``seller`` and ``buyer``."""

    public_id: str
    is_operator: bool
    affiliate: bool
    state: str
    capacities: frozenset[str]

    @property
    def is_active(self) -> bool:
        """Whether it may make new agreements."""
        return self.state == OrganisationState.ACTIVE

    @property
    def admitted_as(self) -> frozenset[str]:
        """The capacities in which it may trade now: none while it is suspended."""
        return self.capacities if self.is_active else frozenset()

    def require(self, segment: str, capacity: str) -> None:
        """Raise OrganisationSuspended, or NotAdmitted with the segment that this is about, unless it may trade."""
        self.require_active()
        if capacity not in self.capacities:
            raise NotAdmitted(segment=segment, capacity=capacity)

    def require_active(self) -> None:
        """Raise OrganisationSuspended if it is."""
        if not self.is_active:
            raise OrganisationSuspended(organisation=self.public_id)


@dataclass(frozen=True, slots=True)
class Recipient:
    """A person who receives an organisation's mail, in ``language`` (``ja`` or ``en``)."""

    user_id: int
    address: str
    language: str


@dataclass(frozen=True, slots=True)
class SegmentView:
    """A market segment. ``name`` is ``{"ja", "en"}``."""

    id: int
    code: str
    name: dict[str, str]


class _Viewed(NamedTuple):
    """The columns that a view is made of."""

    id: int
    public_id: str
    name_ja: str
    name_en: str
    kind: str
    corporate_number: str | None
    invoice_registration_number: str | None
    country: str
    address: str
    representative: str
    is_operator: bool
    operator_affiliate: bool
    state: str


_BY_PUBLIC_ID = f"""
    SELECT {", ".join(_Viewed._fields)} FROM participants_organisation WHERE public_id = ANY(%s::text[])
"""  # noqa: S608  our own words


def _view(row: Any) -> OrganisationView:
    """The view of a row, or of its columns in ``_Viewed``."""
    return OrganisationView(
        id=row.id,
        public_id=row.public_id,
        name={"ja": row.name_ja, "en": row.name_en},
        kind=row.kind,
        corporate_number=row.corporate_number,
        invoice_registration_number=row.invoice_registration_number,
        country=row.country,
        address=row.address,
        representative=row.representative,
        is_operator=row.is_operator,
        affiliate=row.operator_affiliate,
        state=row.state,
    )


def get_organisation(public_id: str) -> OrganisationView:
    """The organisation of a public identifier; raises Missing."""
    row = Organisation.objects.filter(public_id=public_id).first()
    if row is None:
        raise Missing(kind="organisation", identifier=public_id)
    return _view(row)


def organisations_by_id(ids: Iterable[int]) -> dict[int, OrganisationView]:
    """Organisations by database key, in one query; unknown keys are left out."""
    rows = Organisation.objects.filter(pk__in=set(ids)).values_list(*_Viewed._fields)
    return {row.id: _view(row) for row in map(_Viewed._make, rows)}


def identifiers_of(ids: Iterable[int]) -> list[tuple[int, str, str | None]]:
    """Database key, public identifier and corporate number of many organisations, in one query."""
    return fetch_prepared(_IDENTIFIERS, [list(ids)])


def organisations_by_public_id(public_ids: Iterable[str]) -> dict[str, OrganisationView]:
    """Organisations by public identifier, in one query; unknown identifiers are left out."""
    wanted = list(set(public_ids))
    rows = fetch_prepared(_BY_PUBLIC_ID, [wanted]) if wanted else ()
    return {row.public_id: _view(row) for row in map(_Viewed._make, rows)}


def get_organisations(public_ids: Sequence[str]) -> list[OrganisationView]:
    """The organisations of public identifiers, in their order, in one query; raises Missing for one that is unknown."""
    found = organisations_by_public_id(public_ids)
    for public_id in public_ids:
        if public_id not in found:
            raise Missing(kind="organisation", identifier=public_id)
    return [found[public_id] for public_id in public_ids]


def sizes_of(ids: Iterable[int]) -> dict[int, Size]:
    """The sizes that organisations state, by database key."""
    rows = Organisation.objects.filter(pk__in=set(ids)).values_list(
        "pk", "kind", "capital_yen", "employees", "officers"
    )
    return {
        key: Size(kind == OrganisationKind.INDIVIDUAL, *(int(one) if one else None for one in stated))
        for key, kind, *stated in rows
    }


def find_organisation(corporate_number: str) -> OrganisationView | None:
    """The organisation of a corporate number, if it is registered."""
    row = Organisation.objects.filter(corporate_number=corporate_number).first()
    return _view(row) if row else None


def operator_organisation() -> OrganisationView:
    """The market's operator; raises Missing before it is registered."""
    row = Organisation.objects.filter(is_operator=True).first()
    if row is None:
        raise Missing(kind="organisation", identifier="operator")
    return _view(row)


def operator_key() -> int:
    """The database key of the market's operator; raises Missing before it is registered."""
    rows = fetch_prepared("SELECT id FROM participants_organisation WHERE is_operator")
    if not rows:
        raise Missing(kind="organisation", identifier="operator")
    return int(rows[0][0])


def market_opening() -> datetime | None:
    """When the market began: its first organisation was registered then; None before."""
    opened: datetime | None = Organisation.objects.aggregate(first=Min("registered_at"))["first"]
    return opened


def participant_keys() -> list[int]:
    """The database keys of every organisation but the operator, in order."""
    return list(Organisation.objects.filter(is_operator=False).order_by("pk").values_list("pk", flat=True))


def standing_admissions(limit: int) -> Iterator[str]:
    """The public identifiers of at most ``limit`` admissions that were given and still stand, the oldest first."""
    rows = Admission.objects.filter(state=AdmissionState.ADMITTED).order_by("pk")
    return rows.values_list("public_id", flat=True)[:limit].iterator(chunk_size=1_000)


def is_standing(admission: str) -> bool:
    """Whether an admission (public identifier) was given and has not ended, by whatever ends it."""
    return Admission.objects.filter(public_id=admission, state=AdmissionState.ADMITTED).exists()


def admissions_of(organisation: str) -> list[str]:
    """The public identifiers of the standing admissions of an organisation (public identifier), the oldest first."""
    rows = Admission.objects.filter(organisation__public_id=organisation, state=AdmissionState.ADMITTED)
    return list(rows.order_by("pk").values_list("public_id", flat=True))


def sellers_by_segment(*, before: datetime | None = None) -> dict[str, int]:
    """How many organisations are admitted as sellers to each open segment (code): now, or at the end of what was ``before``.

    Of an admission that was withdrawn, or lapsed, since then it is not known when: it is not counted.
    """
    stands, opened = Q(state=AdmissionState.ADMITTED), Q()
    if before is not None:
        renewed_since = Admission.objects.filter(renews=OuterRef("pk"), decided_at__gte=before)
        stood = stands | Q(Exists(renewed_since), state=AdmissionState.RENEWED)
        stood |= Q(state=AdmissionState.EXPIRED, expires_on__gte=clock.business_date(before))
        stands, opened = stood & Q(decided_at__lt=before), Q(opened_at__lt=before)
    admitted = Admission.objects.filter(stands, capacity="seller")
    counted = dict(
        admitted.values_list("segment__code").annotate(count=Count("organisation_id", distinct=True))
    )
    return {
        code: counted.get(code, 0) for code in Segment.objects.filter(opened).values_list("code", flat=True)
    }


def segments() -> list[SegmentView]:
    """Every segment, sorted by code."""
    return [
        SegmentView(row.pk, row.code, {"ja": row.name_ja, "en": row.name_en})
        for row in Segment.objects.order_by("code")
    ]


def get_segment(code: str) -> SegmentView:
    """The segment of a code; raises Missing."""
    row = Segment.objects.filter(code=code).first()
    if row is None:
        raise Missing(kind="segment", identifier=code)
    return SegmentView(row.pk, row.code, {"ja": row.name_ja, "en": row.name_en})


def is_admitted(organisation_id: int, segment: str, capacity: str) -> bool:
    """Whether the organisation is active, and admitted to the segment (code) as ``seller`` or ``buyer``."""
    standing = standings_in(segment, [organisation_id]).get(organisation_id)
    return standing is not None and capacity in standing.admitted_as


def standings_in(segment: str, organisation_ids: Collection[int]) -> dict[int, Standing]:
    """How these organisations stand in the segment (code), by database key, in one query; unknown keys are left out."""
    rows = fetch_prepared(
        _STANDINGS, [segment, AdmissionState.ADMITTED.value, clock.today(), list(organisation_ids)]
    )
    return {
        key: Standing(public_id, is_operator, affiliate, state, frozenset(capacities))
        for key, public_id, is_operator, affiliate, state, capacities in rows
    }


def require_admitted(organisation_id: int, segment: str, capacity: str) -> None:
    """Raise NotAdmitted, or OrganisationSuspended, unless ``is_admitted``."""
    standing = standings_in(segment, [organisation_id]).get(organisation_id)
    if standing is None:
        raise NotAdmitted(segment=segment, capacity=capacity)
    standing.require(segment, capacity)


def suspended_organisations() -> QuerySet[Organisation, int]:
    """The database keys of suspended organisations, for a condition of another query."""
    return Organisation.objects.filter(state=OrganisationState.SUSPENDED).values_list("pk", flat=True)


def counts() -> dict[str, int]:
    """Numbers of organisations ``registered`` (without the operator), ``admitted`` (to at least one segment),
    ``refused`` (by all segments they applied to) and currently ``suspended``."""
    participants = Organisation.objects.filter(is_operator=False)
    own = Admission.objects.filter(organisation=OuterRef("pk"))
    refused = own.filter(state=AdmissionState.REFUSED)
    others = own.filter(state__in=HELD_ADMISSIONS)
    return {
        "registered": participants.count(),
        "admitted": participants.filter(Exists(own.filter(state=AdmissionState.ADMITTED))).count(),
        "refused": participants.filter(Exists(refused), ~Exists(others)).count(),
        "suspended": participants.filter(state=OrganisationState.SUSPENDED).count(),
    }


def decided_admissions() -> tuple[int, int]:
    """The number of applications that the rules have decided, and the number of all applications."""
    total = Admission.objects.count()
    return total - Admission.objects.filter(state=AdmissionState.APPLIED).count(), total


def held_by_affiliates() -> int:
    """The number of admissions of the operator or an affiliate, for the neutrality report; always 0."""
    partial = Q(organisation__is_operator=True) | Q(organisation__operator_affiliate=True)
    return Admission.objects.filter(partial, state__in=HELD_ADMISSIONS).count()


def recipients(
    organisation_ids: Collection[int], needs: Permission | None = None
) -> dict[int, list[Recipient]]:
    """Who receives the mail of each organisation (database key): its active members, in the order they joined.

    ``needs``: those alone who hold the permission there now, without a proof.
    """
    here = "o.id = m.organisation_id"
    reads = (
        acts_now("u.public_id", holds=holders(needs), organisation=here, proved=False) if needs else "true"
    )
    found: dict[int, list[Recipient]] = {key: [] for key in organisation_ids}
    with connection.cursor() as cursor:
        cursor.execute(_RECIPIENTS.format(reads=reads), [list(organisation_ids)])
        for organisation_id, *person in cursor.fetchall():
            found[organisation_id].append(Recipient(*person))
    return found


def visible_organisations() -> QuerySet[Organisation]:
    """Every organisation: every participant may see who takes part in the market."""
    return Organisation.objects.all()


def own_organisations(actor: Actor) -> QuerySet[Organisation]:
    """The actor's own organisation; all, for the operator."""
    rows = Organisation.objects.all()
    return rows if actor.may_see() else rows.filter(pk=actor.require_organisation())


def visible_admissions(actor: Actor) -> QuerySet[Admission]:
    """Admissions of the actor's organisation; all, for the operator."""
    rows = Admission.objects.select_related("organisation", "segment", "renews").prefetch_related(
        "conditions__kind"
    )
    return rows if actor.may_see() else rows.filter(organisation_id=actor.require_organisation())


def lock_organisation(organisation_id: int) -> None:
    """Lock the organisation's row until the transaction ends, so that what it may have so many of is counted once."""
    Organisation.objects.select_for_update(no_key=True).filter(pk=organisation_id).values_list("pk").first()


def reinstatements_of(organisation_id: int) -> int:
    """How often an organisation was reinstated."""
    return Reinstatement.objects.filter(organisation_id=organisation_id).count()


def acts_for_operator(person: str, permission: Permission) -> bool:
    """Whether a natural person of the operator holds a permission now; a proof of a second factor is not asked for."""
    return _acts(person, permission)


def acts_for(person: str, permission: Permission, organisation_id: int) -> bool:
    """Whether a natural person of an organisation (database key) holds a permission now, without a proof."""
    return _acts(person, permission, organisation=f"o.id = {int(organisation_id)}")


def belongs_to(identifier: str, organisation_id: int) -> bool:
    """Whether a person is a member of an organisation (database key) now, or a program is of it and not revoked."""
    people = Membership.objects.filter(
        user__public_id=identifier, organisation=organisation_id, ended_at=None
    )
    programs = Application.objects.filter(public_id=identifier, organisation=organisation_id, revoked_at=None)
    return people.exists() or programs.exists()


def _acts(person: str, permission: Permission, **of: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {acts_now('%s', holds=holders(permission), proved=False, **of)}", [person])
        (holds,) = cursor.fetchone()
    return bool(holds)
