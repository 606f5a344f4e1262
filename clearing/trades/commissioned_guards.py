"""The database guards of commissioned work: paid by the day of the law, whole, and not given back without a fault of its seller."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import F, Q

from contracts.commissions.law import PAYMENT_DAYS
from marketplace.kernel.calendars import SHIFT_DAYS_MAX
from marketplace.kernel.guards import sql_list

from .obligation_kinds import CORRECTION_KINDS


def paid_whole() -> models.CheckConstraint:
    """Of commissioned work the whole price is captured."""
    return models.CheckConstraint(
        condition=Q(commissioned=False)
        | Q(captured_price_minor=None)
        | Q(captured_price_minor=F("price_minor")),
        name="trade_commissioned_paid_whole",
    )


def paid_in_time_by_law() -> pgtrigger.Trigger:
    """The last day of payment lies within the days of the law, of which the day of receipt in Japan is the first."""
    return pgtrigger.Trigger(
        name="paid_in_time_by_law",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.UpdateOf("pay_by", "received_at"),
        condition=pgtrigger.Q(new__pay_by__isnull=False),
        func=f"""
IF NEW.pay_by > (NEW.received_at AT TIME ZONE 'Asia/Tokyo')::date + {PAYMENT_DAYS - 1}
    + (CASE WHEN NEW.holiday_shift THEN {SHIFT_DAYS_MAX} ELSE 0 END) THEN
    RAISE EXCEPTION '% is paid within {PAYMENT_DAYS} days, of which the day of receipt is the first', NEW.public_id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'paid_in_time_by_law';
END IF;
RETURN NEW;
""",
    )


def kept_for_received_work() -> pgtrigger.Trigger:
    """The price of commissioned work that was received goes back only once a fault of its seller is recorded."""
    return pgtrigger.Trigger(
        name="kept_for_received_work",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("state"),
        condition=pgtrigger.Q(new__commissioned=True, new__received_at__isnull=False, new__state="refunded"),
        func="""
IF NOT public.is_reducible(NEW.agreement::text) THEN
    RAISE EXCEPTION 'the price of commissioned work that was received goes back once a fault of its seller is recorded'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'kept_for_received_work';
END IF;
RETURN NEW;
""",
    )


def reduced_for_fault() -> pgtrigger.Trigger:
    """The seller of commissioned work owes its buyer something of the price only once its fault is recorded."""
    return pgtrigger.Trigger(
        name="reduced_for_fault",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        condition=pgtrigger.Q(new__reverses__isnull=True, new__deferred_from__isnull=True),
        func=f"""
IF NEW.kind IN ({sql_list(CORRECTION_KINDS)}) AND EXISTS (
    SELECT FROM public.clearing_trade t WHERE t.id = NEW.trade_id AND t.commissioned AND NEW.creditor_id = t.buyer_id
       AND NOT public.is_reducible(t.agreement::text)) THEN
    RAISE EXCEPTION 'the price of commissioned work is reduced once a fault of its seller is recorded'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'reduced_for_fault';
END IF;
RETURN NEW;
""",
    )
