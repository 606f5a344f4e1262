"""Letters to people about their logins, who may be unable to read the notices of an organisation. Each is a job."""

from __future__ import annotations

from django.conf import settings

from marketplace.jobs.kinds import JobKind, Work
from marketplace.jobs.letters import send_letter
from marketplace.jobs.services import enqueue
from marketplace.jobs.states import Queue
from marketplace.kernel.labels import Label

from .models import User

LETTERS: dict[str, tuple[Label, Label]] = {
    "locked": (
        Label("Your login at {market} was locked ({cause})", "{market} のログインを停止しました（{cause}）"),
        Label(
            "The operator of {market} locked your login because it suspects that somebody else uses it. Your sessions have"
            " ended, and programs for which you answer have stopped. Ask the operator about {cause}.",
            "第三者による利用の疑いがあるため、{market} の運営者があなたのログインを停止しました。セッションは終了し、責任者となって"
            "いるプログラムも停止しています。運営者に {cause} についてお問い合わせください。",
        ),
    ),
    "released": (
        Label(
            "Your login at {market} is good again ({cause})",
            "{market} のログイン停止を解除しました（{cause}）",
        ),
        Label(
            "Two people of the operator released the lock {cause}. Set a new password before you go on.",
            "運営者の二人の担当者が停止 {cause} を解除しました。ご利用の前に新しいパスワードを設定してください。",
        ),
    ),
    "reset_asked": (
        Label(
            "Your second factor at {market} will be taken away ({cause})",
            "{market} の二要素認証が解除されます（{cause}）",
        ),
        Label(
            "An owner of your organisation says that you lost your second factor. It is taken away in 24 hours at the"
            " earliest. If you did not ask for that, sign in and stop {cause} (second-factor-resets/{cause}/stop/), or tell"
            " another owner or the operator at once.",
            "所属組織の代表管理者から、二要素認証の紛失の申出がありました。早ければ24時間後に解除されます。心当たりのない場合は、サイン"
            "インして {cause} を中止する（second-factor-resets/{cause}/stop/）か、直ちに他の代表管理者または運営者に連絡してください。",
        ),
    ),
    "reset_done": (
        Label("Your second factor at {market} was taken away", "{market} の二要素認証を解除しました"),
        Label(
            "Your sessions have ended ({cause}). Sign in, and set up a second factor anew.",
            "セッションは終了しました（{cause}）。サインインして二要素認証を再設定してください。",
        ),
    ),
    "reset_stopped": (
        Label("Your second factor at {market} stays", "{market} の二要素認証は維持されます"),
        Label("The reset {cause} was stopped.", "再設定 {cause} は中止されました。"),
    ),
}


def send_person_letter(work: Work) -> None:
    """Write to the person whom the job names, in its language; raises MailNotSent."""
    user = User.objects.get(public_id=work.arguments["person"])
    title, text = LETTERS[work.arguments["letter"]]
    facts = {"market": settings.MARKET_IDENTIFIER, "cause": work.arguments["cause"]}
    send_letter(work, to=user.email, language=user.language, title=title, text=text, facts=facts)


SEND_PERSON_LETTER = JobKind(
    name="participants.send_person_letter",
    queue=Queue.MAIL,
    label=Label("write to a person about its login", "ログインに関する本人への通知"),
    run=send_person_letter,
    seconds_max=60,
    backoff_seconds=(10, 60, 300, 900, 3_600, 4 * 3_600, 12 * 3_600, 24 * 3_600),
)


def write_to(user: User, letter: str, cause: str) -> None:
    """Have the person written to, in the current transaction."""
    arguments = {"person": user.public_id, "letter": letter, "cause": cause}
    enqueue(kind=SEND_PERSON_LETTER, subject=f"{cause}:{letter}", arguments=arguments)
