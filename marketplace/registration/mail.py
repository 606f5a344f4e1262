"""Mail to applicants, who are no members of anything yet. Each is a job; no mail stands in a table."""

from __future__ import annotations

from django.conf import settings
from django.core.mail import EmailMessage
from django.urls import reverse

from marketplace.jobs.kinds import Work
from marketplace.kernel import clock
from marketplace.kernel.labels import Label
from marketplace.kernel.outside import require_no_transaction

from .bounds import CODE_VALID
from .codes import code_digest, new_code
from .models import Registration
from .states import RegistrationState

CODE_TITLE = Label("Code for your application {registration}", "申請 {registration} の確認コード")
CODE_TEXT = Label(
    "The code for the application {registration} to register with {market} is\n\n{code}\n\nIt is valid for one hour. If you"
    " did not apply, ignore this mail: without the code the application ends by itself.",
    "{market} への登録申請 {registration} の確認コードは次のとおりです。\n\n{code}\n\n有効期間は1時間です。お心当たりがない場合は、"
    "このメールを破棄してください。コードが入力されない申請は自動的に失効します。",
)
ACCEPTED_TITLE = Label(
    "{registration}: your organisation is registered", "{registration}: 登録が完了しました"
)
ACCEPTED_TEXT = Label(
    "Your organisation is registered with {market}, and you are its owner. Set a password for this mail address at\n\n"
    "{address}\n\nThen sign in, and apply for admission to the segments in which you want to sell or buy.",
    "{market} への登録が完了しました。あなたが代表管理者です。次のページで、このメールアドレスのパスワードを設定してください。\n\n"
    "{address}\n\nサインイン後、提供または利用を希望する分野への参加を申請できます。",
)
REFUSED_TITLE = Label(
    "{registration}: your application was refused", "{registration}: 登録申請の審査結果（不承認）"
)
REFUSED_TEXT = Label(
    "The application {registration} to register with {market} was refused:\n\n{reason}\n\nYou may apply again.",
    "{market} への登録申請 {registration} は、次の理由により承認されませんでした。\n\n{reason}\n\n改めて申請することができます。",
)


class MailNotSent(Exception):
    """The mail server did not take the mail. The message names the error, never the address."""


def send_code(work: Work) -> None:
    """Make a code, keep its digest, and send it to the applicant; nothing once a later one was asked for.

    The code exists in this process and in the mail alone. A second run makes another one, and the first is void. Raises
    MailNotSent.
    """
    waiting = Registration.objects.filter(
        public_id=work.arguments["registration"],
        codes_sent=work.arguments["number"],
        state=RegistrationState.DRAFT,
        email_proved_at=None,
    )
    row = waiting.first()
    if row is None:
        return
    code = new_code()
    waiting.update(
        code_digest=code_digest(row.public_id, code), code_expires_at=clock.real_now() + CODE_VALID
    )
    _send(row, work, CODE_TITLE, CODE_TEXT, code=code)


def send_outcome(work: Work) -> None:
    """Tell the applicant what was decided; raises MailNotSent."""
    row = Registration.objects.get(public_id=work.subject)
    if row.state == RegistrationState.ACCEPTED:
        address = f"{settings.BASE_URL}{reverse('account_reset_password')}"
        _send(row, work, ACCEPTED_TITLE, ACCEPTED_TEXT, address=address)
    else:
        _send(row, work, REFUSED_TITLE, REFUSED_TEXT, reason=row.refusal_reason)


def _send(row: Registration, work: Work, title: Label, text: Label, **words: str) -> None:
    """Send one mail in the applicant's language."""
    require_no_transaction("sending a mail")
    facts = {"registration": row.public_id, "market": settings.MARKET_IDENTIFIER, **words}
    mail = EmailMessage(
        subject=title.fill(facts).in_language(row.language),
        body=text.fill(facts).in_language(row.language),
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[row.email],
        headers={
            "Message-ID": f"<{work.job}@{settings.MARKET_IDENTIFIER}>",
            "Auto-Submitted": "auto-generated",
        },
    )
    try:
        mail.send()
    except (
        OSError,
        ValueError,
    ) as error:  # SMTP errors, and an address that Django refuses; both may name it
        raise MailNotSent(type(error).__name__) from None
