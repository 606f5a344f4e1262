"""Publish clauses and templates of contracts; choose special clauses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import QuerySet

from marketplace.approvals.services import require_two_people
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor, Role
from marketplace.kernel.canonical import digest_of
from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission
from marketplace.kernel.refusals import record_refusals
from marketplace.participants import queries as participants

from ..clauses import CODE, check_clause_text, check_title
from ..locks import TEMPLATE_VERSION_LOCK
from ..states import ContractType
from .composition import demands_of, number_clauses, require_together
from .demands import check_demands
from .models import Clause, Template
from .parameters import check_parameters, check_values
from .queries import entry_of, newest_clauses
from .special import FIELD, SPECIAL_MAX
from .standard import standard_clauses, standard_templates

APPROVED_WITHIN: Final = timedelta(hours=72)
SEGMENTS_MAX = 50
OTHERS_MAX = 20


@record_refusals()
def publish_clause(
    *,
    actor: Actor,
    code: str,
    heading: Mapping[str, str],
    text: Mapping[str, str],
    parameters: Sequence[Mapping[str, Any]] = (),
    requires: Sequence[str] = (),
    excludes: Sequence[str] = (),
    demands: Sequence[Mapping[str, Any]] = (),
    survives: bool = False,
) -> Clause:
    """Publish a clause, or its next version, when two people of the operator gave the command. An unchanged one gets no new version.

    Templates and contracts keep the version that they were made with. The other articles that the text names are required too.
    Raises SecondPersonNeeded, FieldInvalid, PermissionNeeded, ProofNeeded, Forbidden.
    """
    actor.require(Permission.RULEBOOK_WRITE)
    _check_code(code)
    declared = check_parameters("parameters", parameters)
    headed, said, articles = check_clause_text(heading, text, [each["name"] for each in declared])
    required = sorted(({*_codes("requires", requires)} | articles) - {code})
    excluded = sorted({*_codes("excludes", excludes)})
    for other in sorted({*required, code} & {*excluded}):
        raise FieldInvalid(
            "excludes", Label(f"{other} cannot be excluded here", f"{other} はここでは除外できません")
        )
    document = {
        "code": code,
        "heading": headed,
        "text": said,
        "parameters": declared,
        "requires": required,
        "excludes": excluded,
        "demands": check_demands("demands", demands),
        "survives": survives,
    }
    digest = digest_of(document)
    # Two publications at once would take the same number.
    TEMPLATE_VERSION_LOCK.acquire()
    latest = Clause.objects.filter(code=code).order_by("-version").first()
    if latest is not None and latest.digest == digest:
        return latest
    clause = Clause.objects.create(
        **document,
        version=latest.version + 1 if latest else 1,
        digest=digest,
        first_person=_first_person(actor, "contracts.publish_clause", code, document),
        published_by=actor.identifier,
        published_at=clock.now(),
    )
    _record(clause, actor, "contracts.clause_published")
    return clause


@record_refusals()
def publish_template(
    *,
    actor: Actor,
    code: str,
    title: Mapping[str, str],
    clauses: Sequence[Mapping[str, Any]],
    contract_type: str = ContractType.PROVISION,
    segments: Sequence[str] = (),
    retired: bool = False,
) -> Template:
    """Publish a contract template, or its next version, when two people of the operator gave the command. An unchanged one gets no new
    version; open negotiations keep the version they began with.

    ``clauses``: in the order of the articles ``{"clause": code, "version": the newest if omitted, "values": of its parameters}`` each.
    ``segments`` (codes): where offers may name it; everywhere if empty. With ``retired`` no offer may name it any more.
    Raises SecondPersonNeeded, FieldInvalid, Missing (segment), PermissionNeeded, ProofNeeded, Forbidden.
    """
    actor.require(Permission.RULEBOOK_WRITE)
    _check_code(code)
    if contract_type not in ContractType.values:
        known = ", ".join(ContractType.values)
        raise FieldInvalid("contract_type", Label(f"specify one of {known}", f"{known} から選んでください"))
    if len(segments) > SEGMENTS_MAX:
        raise FieldInvalid(
            "segments", Label(f"specify at most {SEGMENTS_MAX}", f"{SEGMENTS_MAX}個以内にしてください")
        )
    # A clause that is published meanwhile is in this version, or not, but as a whole.
    TEMPLATE_VERSION_LOCK.acquire()
    entries = number_clauses(choose_clauses("clauses", clauses))
    require_together("clauses", entries)
    document = {
        "code": code,
        "contract_type": str(contract_type),
        "title": check_title(title),
        "clauses": entries,
        "segments": sorted({participants.get_segment(segment).code for segment in segments}),
        "retired": retired,
    }
    digest = digest_of(document)
    latest = Template.objects.filter(code=code).order_by("-version").first()
    if latest is not None and latest.digest == digest:
        return latest
    template = Template.objects.create(
        **document,
        clause_codes=[entry["clause"] for entry in entries],
        demands=demands_of(entries),
        version=latest.version + 1 if latest else 1,
        digest=digest,
        first_person=_first_person(
            actor, "contracts.publish_template", code, {"code": code, "digest": digest}
        ),
        published_by=actor.identifier,
        published_at=clock.now(),
    )
    _record(template, actor, "contracts.template_published")
    return template


@transaction.atomic
def publish_standard_library() -> list[Template]:
    """Publish the clauses and templates that come with the market, so far as they are new or changed; safe to repeat.

    A code of which the operator published a version itself is left to it.
    """
    for clause in standard_clauses():
        if not _is_operators(Clause.objects.filter(code=clause["code"])):
            publish_clause(actor=SYSTEM, **clause)
    return [
        publish_template(actor=SYSTEM, **template)
        for template in standard_templates()
        if not _is_operators(Template.objects.filter(code=template["code"]))
    ]


def choose_clauses(field: str, stated: Any) -> list[dict[str, Any]]:
    """The entries of clauses of the library, each stated as ``{"clause", "version", "values"}``, of which the last two may be omitted.

    Raises FieldInvalid, which names ``<field>.<number>``.
    """
    newest = newest_clauses([each.get("clause") for each in stated if isinstance(each, Mapping)])
    return [_chosen(f"{field}.{number}", each, newest) for number, each in enumerate(stated, start=1)]


def with_special_clauses(changes: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """Changed terms of a proposal whose special clauses are entries: those of the library are looked up, free text stays as it is.

    Raises FieldInvalid, which names ``terms.special_clauses.<number>``.
    """
    if not changes or "special_clauses" not in changes:
        return changes
    stated = changes["special_clauses"]
    if not isinstance(stated, list) or len(stated) > SPECIAL_MAX:
        raise FieldInvalid(
            FIELD,
            Label(f"specify at most {SPECIAL_MAX} clauses", f"{SPECIAL_MAX}個以内の特約を指定してください"),
        )
    newest = newest_clauses([each.get("clause") for each in stated if isinstance(each, Mapping)])
    entries = [
        _chosen(f"{FIELD}.{number}", each, newest) if isinstance(each, Mapping) and "clause" in each else each
        for number, each in enumerate(stated, start=1)
    ]
    return {**changes, "special_clauses": entries}


def _chosen(field: str, stated: Any, newest: Mapping[str, Clause]) -> dict[str, Any]:
    if not isinstance(stated, Mapping) or not {"clause"} <= set(stated) <= {"clause", "version", "values"}:
        raise FieldInvalid(
            field,
            Label(
                "specify clause, and if needed version and values",
                "clause と、必要に応じて version、values を指定してください",
            ),
        )
    clause: Clause | None = newest.get(str(stated["clause"]))
    version = stated.get("version")
    if clause is not None and version is not None:
        clause = Clause.objects.filter(code=clause.code, version=version).first()
    if clause is None:
        raise FieldInvalid(
            f"{field}.clause",
            Label(
                "no such clause is published: see contract-clauses/",
                "公開された条項ではありません（contract-clauses/ を参照）",
            ),
        )
    values = check_values(f"{field}.values", clause.parameters, stated.get("values", {}))
    return {**entry_of(clause), "values": values}


def _check_code(code: str) -> None:
    if not CODE.fullmatch(code):
        raise FieldInvalid(
            "code",
            Label(
                "use lower-case letters, digits and - _ . (at most 60)",
                "60字以内の英小文字、数字、- _ . で指定してください",
            ),
        )


def _codes(field: str, stated: Sequence[str]) -> list[str]:
    if len(stated) > OTHERS_MAX or not all(isinstance(code, str) and CODE.fullmatch(code) for code in stated):
        raise FieldInvalid(
            field,
            Label(
                f"specify at most {OTHERS_MAX} codes of clauses",
                f"条項のコードを{OTHERS_MAX}個以内で指定してください",
            ),
        )
    return list(stated)


def _first_person(actor: Actor, command: str, code: str, payload: Mapping[str, Any]) -> str:
    """Who gave the command first. Raises SecondPersonNeeded; what comes with the market asks nobody."""
    if actor.role is Role.SYSTEM:
        return ""
    return require_two_people(
        actor=actor,
        permission=Permission.RULEBOOK_WRITE,
        organisation=actor.organisation or "",
        command=command,
        subject=code,
        payload=payload,
        expires_in=APPROVED_WITHIN,
    ).first_person


def _record(row: Clause | Template, actor: Actor, kind: str) -> None:
    payload = {
        "code": row.code,
        "version": row.version,
        "digest": row.digest,
        "first_person": row.first_person,
    }
    record(kind=kind, subject=row.public_id, actor=actor, payload=payload)


def _is_operators(versions: QuerySet[Any]) -> bool:
    """Whether the operator published a version among them itself."""
    return versions.exclude(published_by=SYSTEM.identifier).exists()
