"""Jobs of registration."""

from __future__ import annotations

from marketplace.jobs.kinds import JobKind, Work
from marketplace.jobs.states import Queue
from marketplace.kernel.labels import Label

from .comparing import compare
from .concluding import finish_screening
from .mail import send_code, send_outcome
from .models import Screening


def screen(work: Work) -> None:
    """Compare the application of a screening, and record what that came to."""
    row = Screening.objects.select_related("registration").get(public_id=work.subject).registration
    finish_screening(screening=work.subject, comparison=compare(row))


SEND_CODE = JobKind(
    name="registration.send_code",
    queue=Queue.MAIL,
    label=Label("send a code to an applicant", "申請者への確認コードの送信"),
    run=send_code,
    seconds_max=60,
    # A code that comes later is of no use: the applicant has asked for another.
    backoff_seconds=(10, 60, 300),
    is_abandoned_at_last=True,
)

SEND_OUTCOME = JobKind(
    name="registration.send_outcome",
    queue=Queue.MAIL,
    label=Label("tell an applicant the decision", "申請者への審査結果の通知"),
    run=send_outcome,
    seconds_max=60,
    backoff_seconds=(10, 60, 300, 900, 3_600, 4 * 3_600, 12 * 3_600, 24 * 3_600),
)

SCREEN = JobKind(
    name="registration.screen",
    queue=Queue.DEFAULT,
    label=Label("screen an application", "登録申請の照合"),
    run=screen,
    seconds_max=60,
    backoff_seconds=(10, 60, 600),
)
