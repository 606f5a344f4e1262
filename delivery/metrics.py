"""Gauges and alarms of delivery."""

from __future__ import annotations

from marketplace.kernel.alarms import Alarm
from marketplace.kernel.labels import Label
from marketplace.kernel.metrics import Gauge, by_number

from .queries import unreported_count

Gauge(
    name="delivery_running_downloads",
    description="Downloads that are being sent.",
    read=by_number("SELECT count(*) FROM delivery_download WHERE state = 'sending'"),
)
UNREPORTED_DELIVERIES = Gauge(
    name="delivery_unreported_deliveries",
    description="Deliveries whose receipt nobody reported within collection_days or before access expired.",
    read=unreported_count,
)
SUSPENDED_DELIVERIES = Gauge(
    name="delivery_suspended_deliveries",
    description="Deliveries to which the operator has suspended access.",
    read=by_number("SELECT count(*) FROM delivery_entitlement WHERE state = 'suspended'"),
)

Alarm(
    code="deliveries_unreported",
    gauge=UNREPORTED_DELIVERIES,
    above=0,
    title=Label("Deliveries are not reported as received", "受領報告のない提供があります"),
    action=Label(
        "Their money stays on hold until the buyer reports each file or opens a dispute: ask the buyer (deliveries/ names the"
        " reason in waiting).",
        "利用者が全ファイルの受領を報告するか異議を申し立てるまで代金は確保されたままです。deliveries/ の waiting を確認し、"
        "利用者に連絡してください。",
    ),
)
Alarm(
    code="deliveries_suspended",
    gauge=SUSPENDED_DELIVERIES,
    above=0,
    title=Label("Access to deliveries is suspended", "運営者が停止している提供があります"),
    action=Label(
        "Resume access once the reason for the suspension is gone (deliveries/{id}/resume/); meanwhile the money stays on hold.",
        "停止の理由が解消したら再開してください（deliveries/{id}/resume/）。その間、代金は確保されたままです。",
    ),
)
