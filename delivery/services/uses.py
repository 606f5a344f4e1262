"""Judge each access by the signed rights: the purpose and place that are stated, who asks, and which use it is."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection

from contracts.plan.queries import rights_of_use
from delivery.errors import UseNotPermitted
from delivery.models import DeclaredRecipient, EntitledDistribution, Entitlement
from listings.questions import ASKED_PURPOSES
from listings.rights import JUDGED_AT_ACCESS, DisclosureScope, StatedUse, not_met
from listings.rights.territories import country_codes
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label

_ONE_OF = Label("specify one of {known}", "{known} から選んでください")
_COUNTRY = Label("specify a two-letter ISO 3166-1 code", "ISO 3166-1の2文字コードで指定してください")


@dataclass(frozen=True, slots=True)
class Statement:
    """What a buyer states of an access: its ``purpose`` (a code) and the ``region`` (ISO 3166-1) where it processes; "" is unstated."""

    purpose: str = ""
    region: str = ""

    def __post_init__(self) -> None:
        """Raise FieldInvalid for what is no purpose or no country."""
        if self.purpose and self.purpose not in ASKED_PURPOSES:
            raise FieldInvalid("purpose", _ONE_OF.fill({"known": ", ".join(ASKED_PURPOSES)}))
        if self.region and self.region not in country_codes():
            raise FieldInvalid("region", _COUNTRY)


UNSTATED = Statement()


def require_permitted(
    covered: EntitledDistribution,
    entitlement: Entitlement,
    *,
    actor: Actor,
    statement: Statement,
    length_bytes: int = 1,
) -> int | None:
    """Check that the signed rights permit this use of a file, of so many bytes; returns which use it is, where the rights count them.

    What the signed plan leaves to a promise is not judged. Under the delivery's lock exactly one caller gets the last use. Raises
    UseNotPermitted.
    """
    rights, enforced = rights_of_use(entitlement.agreement)
    judged = JUDGED_AT_ACCESS & enforced
    if not judged:
        return None
    number = use_number(covered.pk, length_bytes) if "use_count_max" in judged else None
    scope = _scope_of(actor, entitlement) if "disclosure_scope" in judged else DisclosureScope.COMPANY.value
    use = StatedUse(statement.purpose, statement.region, scope, number or 1)
    limits = {
        name: words
        for name, words in not_met(rights, use, zone=clock.market_zone()).items()
        if name in judged
    }
    if limits:
        raise UseNotPermitted(
            entitlement=entitlement.public_id,
            rights=list(limits),
            limits={name: words.as_dict() for name, words in limits.items()},
            reason=Label(
                "; ".join(map(str, limits.values())), "、".join(words.ja for words in limits.values())
            ),
            purpose=statement.purpose,
            region=statement.region,
            scope=scope,
            use_number=use.number,
        )
    return number


def use_number(distribution_id: int, length_bytes: int) -> int:
    """Which use of a file (database key) so many more bytes of it belong to, from 1, with what is being sent now."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT public.use_number(%s, %s)", [distribution_id, length_bytes])
        return int(cursor.fetchone()[0])


def _scope_of(actor: Actor, entitlement: Entitlement) -> str:
    """The narrowest scope of disclosure that the actor is in: as its owner declared, else the buyer itself."""
    rows = DeclaredRecipient.objects.filter(
        entitlement=entitlement, recipient=actor.identifier, withdrawn_at=None
    )
    declared: str | None = rows.values_list("scope", flat=True).first()
    return declared or DisclosureScope.COMPANY.value
