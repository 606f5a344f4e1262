"""Mail to applicants, who are no members of anything yet. Each is a job; no mail stands in a table."""

from __future__ import annotations

from django.conf import settings

from marketplace.jobs.kinds import Work
from marketplace.jobs.letters import send_letter
from marketplace.kernel import clock
from marketplace.kernel.labels import Label

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
    "Your organisation is registered with {market}. An invitation to be its owner comes in a mail of its own. Accept it, then"
    " sign in, and apply for admission to the segments in which you want to sell or buy.",
    "{market} への登録が完了しました。代表管理者としての招待を別のメールでお送りします。招待を承諾してサインインすると、提供または"
    "利用を希望する分野への参加を申請できます。",
)
REFUSED_TITLE = Label(
    "{registration}: your application was refused", "{registration}: 登録申請の審査結果（不承認）"
)
REFUSED_TEXT = Label(
    "The application {registration} to register with {market} was refused:\n\n{reason}\n\nYou may apply again.",
    "{market} への登録申請 {registration} は、次の理由により承認されませんでした。\n\n{reason}\n\n改めて申請することができます。",
)


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
        _send(row, work, ACCEPTED_TITLE, ACCEPTED_TEXT)
    else:
        _send(row, work, REFUSED_TITLE, REFUSED_TEXT, reason=row.refusal_reason)


def _send(row: Registration, work: Work, title: Label, text: Label, **words: str) -> None:
    """Send one mail in the applicant's language; raises MailNotSent."""
    facts = {"registration": row.public_id, "market": settings.MARKET_IDENTIFIER, **words}
    send_letter(work, to=row.email, language=row.language, title=title, text=text, facts=facts)
