"""Count downloads that were refused because access is closed, and let the surveillance see who asks again and again."""

from __future__ import annotations

from django.db import connection, transaction

from delivery.models import Entitlement, RefusedDownloads
from delivery.states import REFUSALS_COUNTED_MAX
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.aside import Loop
from marketplace.oversight.reviews.detectors import REFUSED_A_DAY, SeenRefusals
from marketplace.oversight.reviews.services import see_refusals

NOTICED_A_SWEEP = 200
NOTICING = Loop("delivery.notice_refused_downloads")
_COUNT = """
    INSERT INTO delivery_refuseddownloads AS r
        (entitlement_id, buyer, listing, day, refusals, code, first_at, last_at)
    VALUES (%(entitlement)s, %(buyer)s, %(listing)s, %(day)s, 1, %(code)s, %(now)s, %(now)s)
    ON CONFLICT (buyer, listing, day) DO UPDATE
       SET refusals = r.refusals + 1, code = EXCLUDED.code, last_at = EXCLUDED.last_at
     WHERE r.refusals < %(counted_max)s
"""


def count_refusal(entitlement: Entitlement, code: str) -> None:
    """Count one more download that was refused with an error ``code``. Do not call it in a transaction that the refusal ends."""
    with connection.cursor() as cursor:
        cursor.execute(
            _COUNT,
            {
                "entitlement": entitlement.pk,
                "buyer": entitlement.buyer_identifier,
                "listing": entitlement.listing,
                "day": clock.today(),
                "code": code,
                "now": clock.now(),
                "counted_max": REFUSALS_COUNTED_MAX,
            },
        )


def notice_refused_downloads(limit: int = NOTICED_A_SWEEP) -> int:
    """Tell the surveillance of each buyer that was refused ``REFUSED_A_DAY`` downloads of a listing in a day; returns how many."""
    rows = RefusedDownloads.objects.filter(noticed_at=None, refusals__gte=REFUSED_A_DAY).order_by("pk")
    due = rows.exclude(entitlement__public_id__in=NOTICING.standing_aside())
    keys = due.values_list("pk", "entitlement__public_id")[:limit]
    return NOTICING.each(keys, lambda row: _notice(row[0]), subject=lambda row: row[1])


@transaction.atomic
def _notice(key: int) -> bool:
    rows = RefusedDownloads.objects.select_for_update(skip_locked=True, of=("self",))
    row = rows.select_related("entitlement").filter(pk=key, noticed_at=None).first()
    if row is None:
        return False
    see_refusals(
        actor=SYSTEM,
        seen=SeenRefusals(
            entitlement=row.entitlement.public_id,
            listing=row.listing,
            buyer=row.buyer,
            seller=row.entitlement.seller_identifier,
            day=row.day,
            refusals=row.refusals,
            code=row.code,
        ),
    )
    row.noticed_at = clock.now()
    row.save(update_fields=["noticed_at"])
    return True
