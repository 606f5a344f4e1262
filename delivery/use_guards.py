"""Database guards of what is enforced at each access: the count of uses, what was stated, and who was declared."""

from __future__ import annotations

from pathlib import Path

import pgtrigger

from marketplace.kernel.guards import sql_body
from marketplace.kernel.permissions import Permission
from marketplace.participants.acting import acts_now, holders

_SQL = Path(__file__).parent / "sql"

CREATE = sql_body(_SQL / "use_number.sql") + sql_body(_SQL / "onward_transfer_barred.sql")
DROP = """
DROP FUNCTION public.onward_transfer_barred(bigint, text[], text);
DROP FUNCTION public.use_number(bigint, bigint);
"""


def unlawful_use(download: str, said: str) -> str:
    """Whether a download (a row in SQL) is outside what the plan of a signed object (JSON in SQL) enforces at an access.

    Which use it is, is not counted anew here: others may have begun since. ``access_open`` lets one begin at a time.
    """
    enforced, rights = f"{said} #> '{{plan,rights,enforced}}'", f"{said} #> '{{terms,rights}}'"
    return f"""(
    ({enforced} ? 'purposes' AND NOT coalesce({rights} -> 'purposes' ? {download}.purpose, false))
    OR ({enforced} ? 'regions' AND NOT coalesce({rights} -> 'regions' ? {download}.region, false))
    OR ({enforced} ? 'use_count_max'
        AND NOT coalesce({download}.use_number <= ({rights} ->> 'use_count_max')::bigint, false))
    OR ({enforced} ? 'disclosure_scope' AND {rights} ->> 'disclosure_scope' IN ('person_in_charge', 'department')
        AND NOT EXISTS (
            SELECT FROM public.delivery_declaredrecipient c
             WHERE c.entitlement_id = {download}.entitlement_id AND c.recipient = {download}.requested_by
               AND c.scope IN ('person_in_charge', {rights} ->> 'disclosure_scope')
               AND c.declared_at <= {download}.started_at
               AND (c.withdrawn_at IS NULL OR c.withdrawn_at >= {download}.started_at))))"""


def used_as_signed() -> pgtrigger.Trigger:
    """A download is of a use that the signed rights permit: its purpose, place and person, and no more uses than were signed."""
    return pgtrigger.Trigger(
        name="used_as_signed",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("said", "jsonb")],
        func=sql_body(_SQL / "used_as_signed.sql", UNLAWFUL=unlawful_use("NEW", "said")),
    )


DECLARATIONS_MAX = 200
"""So many declarations has a delivery at most, those withdrawn included: each list of deliveries shows them."""


def declared_by_owner() -> pgtrigger.Trigger:
    """A recipient is a member or program of the buyer, and an owner of the buyer declares and withdraws it, within bounds."""
    owner = acts_now("acting", holds=holders(Permission.MEMBERS_WRITE), organisation="o.id = of_buyer")
    return pgtrigger.Trigger(
        name="declared_by_owner",
        when=pgtrigger.After,
        operation=pgtrigger.Insert | pgtrigger.UpdateOf("withdrawn_at", "withdrawn_by"),
        declare=[("of_buyer", "bigint"), ("acting", "text")],
        func=sql_body(_SQL / "declared_by_owner.sql", OWNER=owner, DECLARATIONS_MAX=DECLARATIONS_MAX),
    )
