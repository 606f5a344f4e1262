"""Gauges and alarms of what guarantees secure."""

from __future__ import annotations

from datetime import timedelta

from marketplace.kernel import clock
from marketplace.kernel.alarms import Alarm
from marketplace.kernel.labels import Label
from marketplace.kernel.metrics import Gauge, Reading

from ..ground.parameters import guarantee_lead_days
from ..guarantees.models import Guarantee
from .exposures import guarantee_exposures, total_exposures
from .guaranteed_models import GuaranteedPart


def exposure_by_currency() -> Reading:
    """What guarantees secure and nobody has paid yet, by currency."""
    return {(total.currency,): total.used_minor for total in total_exposures(guarantee_exposures())}


def count_expiring() -> int:
    """Guarantees in use that expire within the lead days, and have not expired."""
    now = clock.now()
    until = now + timedelta(days=guarantee_lead_days())
    return Guarantee.objects.filter(used_minor__gt=0, expires_at__gt=now, expires_at__lte=until).count()


def count_expired() -> int:
    """Guarantees that have expired while they secure trades that are not paid."""
    return Guarantee.objects.filter(used_minor__gt=0, expires_at__lte=clock.now()).count()


def count_overdue() -> int:
    """Billed parts of trades that are not paid after their due day."""
    return GuaranteedPart.objects.filter(
        billed_at__isnull=False, paid_at=None, released_at=None, due_on__lt=clock.today()
    ).count()


Gauge(
    name="clearing_guaranteed_exposure_minor",
    description="What guarantees and limits secure and nobody has paid yet, in minor units, by currency.",
    read=exposure_by_currency,
    labels=("currency",),
)
EXPIRING = Gauge(
    name="clearing_expiring_guarantees",
    description="Guarantees in use that expire within the lead days of the rulebook.",
    read=count_expiring,
)
EXPIRED = Gauge(
    name="clearing_expired_guarantees",
    description="Guarantees that have expired while they secure trades that are not paid.",
    read=count_expired,
)
OVERDUE_BILLS = Gauge(
    name="clearing_overdue_bills",
    description="Guaranteed parts of trades that are not paid after their due day.",
    read=count_overdue,
)

Alarm(
    code="guarantee_expiring",
    gauge=EXPIRING,
    above=0,
    title=Label("A guarantee in use is about to expire", "使用中の保証の期限が近づいています"),
    action=Label(
        "Read guarantees/ and guarantee-exposures/: have the guarantee renewed, or what it secures paid, before it expires.",
        "guarantees/ と guarantee-exposures/ を確認し、失効前に保証を更新するか、担保されている代金の支払を受けてください。",
    ),
)
Alarm(
    code="guarantee_expired",
    gauge=EXPIRED,
    above=0,
    title=Label("A guarantee has expired while in use", "使用中の保証が失効しました"),
    action=Label(
        "Call on the issuer at once if it can still be done, or demand payment of the buyer; two people give up what nobody pays"
        " (trades/{id}/give-up-bill/).",
        "請求可能であれば直ちに保証人へ請求し、利用者へ支払を求めてください。支払われない場合は二人の承認で打ち切ります"
        "（trades/{id}/give-up-bill/）。",
    ),
)
Alarm(
    code="bill_overdue",
    gauge=OVERDUE_BILLS,
    above=0,
    title=Label(
        "A guaranteed trade is not paid after its due day",
        "保証付き取引の代金が期日を過ぎても支払われていません",
    ),
    action=Label(
        "Call on the issuer of the guarantee: it pays in under the buyer's reference, and the trade is cleared.",
        "保証人へ請求してください。利用者の振込依頼番号で入金されると、取引が清算されます。",
    ),
)
