"""Publish contract templates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.canonical import digest_of
from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission

from ..clauses import CODE, check_clauses, check_title
from ..locks import TEMPLATE_VERSION_LOCK
from ..models import Template
from ..states import ContractType


@transaction.atomic
def publish_template(
    *,
    actor: Actor,
    code: str,
    title: Mapping[str, str],
    clauses: Sequence[Mapping[str, Any]],
    contract_type: str = ContractType.PROVISION,
) -> Template:
    """Publish a contract template, or its next version (operator). An unchanged template gets no new version.

    ``clauses``: see ``contracts.clauses``. Open negotiations keep the version they began with.
    Raises FieldInvalid, Forbidden.
    """
    actor.require(Permission.RULEBOOK_WRITE)
    if not CODE.fullmatch(code):
        raise FieldInvalid(
            "code",
            Label(
                "use lower-case letters, digits and - _ . (at most 60)",
                "60字以内の英小文字、数字、- _ . で指定してください",
            ),
        )
    if contract_type not in ContractType.values:
        known = ", ".join(ContractType.values)
        raise FieldInvalid("contract_type", Label(f"specify one of {known}", f"{known} から選んでください"))
    document = {
        "code": code,
        "contract_type": str(contract_type),
        "title": check_title(title),
        "clauses": check_clauses(clauses),
    }
    digest = digest_of(document)
    # Two publications at once would take the same number.
    TEMPLATE_VERSION_LOCK.acquire()
    latest = Template.objects.filter(code=code).order_by("-version").first()
    if latest is not None and latest.digest == digest:
        return latest
    template = Template.objects.create(
        **document,
        version=latest.version + 1 if latest else 1,
        digest=digest,
        published_by=actor.identifier,
        published_at=clock.now(),
    )
    record(
        kind="contracts.template_published",
        subject=template.public_id,
        actor=actor,
        payload={"code": code, "version": template.version, "digest": digest},
    )
    return template
