"""Mail to people whom the market knows by an address alone. Each is a job; no mail stands in a table."""

from __future__ import annotations

from typing import cast

from django.conf import settings
from django.urls import reverse

from marketplace.jobs.kinds import Work
from marketplace.jobs.letters import send_letter
from marketplace.kernel import clock
from marketplace.kernel.labels import Label

from .models import Invitation, RecoveryContact
from .states import InvitationState, MemberRole, OwnerRecoveryState
from .tokens_of_invitations import invitation_token_digest, new_invitation_token

INVITATION_TITLE = Label(
    "Invitation {invitation} to {party} at {market}", "{party} への招待 {invitation}（{market}）"
)
INVITATION_TEXT = Label(
    "You are invited to act for {party} at {market}, as: {roles}.\n\nAccept at\n\n{address}\n\nwith this token, which"
    " nobody else has:\n\n{token}\n\nIf you have a login with this mail address, sign in and accept there. The invitation"
    " ends at {until}. If you do not know {party}, ignore this mail: nobody acts in your name.",
    "{market} で {party} の構成員（{roles}）として招待されています。\n\n次のページで、トークンを入力して承諾してください。\n\n"
    "{address}\n\nトークン（他の方には送付していません）:\n\n{token}\n\nこのメールアドレスで登録済みの場合は、サインイン"
    "して承諾してください。招待の期限は {until} です。お心当たりがない場合は、このメールを破棄してください。",
)
CONTACT_TITLE = Label(
    "Somebody is to become the owner of {party} at {market} ({recovery})",
    "{market} における {party} の代表管理者が変更されようとしています（{recovery}）",
)
CONTACT_TEXT = Label(
    "The operator of {market} was told that the owners of {party} are lost, and two of its people accepted the evidence. At"
    " {until} a new owner is invited and the present owners lose that role, unless somebody objects.\n\nIf this is wrong,"
    " object before that, at {address}, or with this token by invitations/object/:\n\n{token}\n\nOne objection stops it.",
    "{market} の運営者に {party} の代表管理者と連絡が取れない旨の申請があり、二人の担当者が証拠書類を確認しました。異議がなければ"
    " {until} に新しい代表管理者が招待され、現在の代表管理者はその役割を失います。\n\n誤りがある場合は、期限までに {address}"
    " で、または invitations/object/ に次のトークンを送信して異議を申し立ててください。\n\n{token}\n\n一件の異議で手続は停止します。",
)


def tell_contact(work: Work) -> None:
    """Make a token to object with, keep its digest, and tell a known contact of a recovery; nothing after its waiting time.

    Raises MailNotSent.
    """
    waiting = RecoveryContact.objects.filter(
        pk=work.arguments["contact"], recovery__state=OwnerRecoveryState.WAITING
    )
    row = waiting.select_related("recovery__organisation").first()
    if row is None or row.recovery.ends_at is None:
        return
    token, organisation = new_invitation_token(), row.recovery.organisation
    RecoveryContact.objects.filter(pk=row.pk).update(token_digest=invitation_token_digest(token))
    until = row.recovery.ends_at.astimezone(clock.market_zone())
    send_letter(
        work,
        to=row.address,
        language=row.language,
        title=CONTACT_TITLE,
        text=CONTACT_TEXT,
        facts={
            "recovery": row.recovery.public_id,
            "party": organisation.name_ja if row.language == "ja" else organisation.name_en,
            "market": settings.MARKET_IDENTIFIER,
            "address": f"{settings.BASE_URL}{reverse('object')}",
            "token": token,
            "until": f"{until:%Y-%m-%d %H:%M} ({settings.MARKET_TIME_ZONE})",
        },
    )


def send_invitation(work: Work) -> None:
    """Make a token, keep its digest, and send it to the invited person; nothing once a later mail was asked for.

    The token exists in this process and in the mail alone. A second run makes another one, and the first is void. Raises
    MailNotSent.
    """
    waiting = Invitation.objects.filter(
        public_id=work.arguments["invitation"], mails=work.arguments["number"], state=InvitationState.OPEN
    )
    row = waiting.select_related("organisation").first()
    if row is None:
        return
    token = new_invitation_token()
    waiting.update(token_digest=invitation_token_digest(token))
    until = row.expires_at.astimezone(clock.market_zone())
    send_letter(
        work,
        to=row.email,
        language=row.language,
        title=INVITATION_TITLE,
        text=INVITATION_TEXT,
        facts={
            "invitation": row.public_id,
            "party": row.organisation.name_ja if row.language == "ja" else row.organisation.name_en,
            "roles": _roles(row.roles, row.language),
            "market": settings.MARKET_IDENTIFIER,
            "address": f"{settings.BASE_URL}{reverse('join')}",
            "token": token,
            "until": f"{until:%Y-%m-%d %H:%M} ({settings.MARKET_TIME_ZONE})",
        },
    )


def _roles(roles: list[str], language: str) -> str:
    """The roles in words."""
    labels = [cast(Label, MemberRole(role).label) for role in roles]
    return ("、" if language == "ja" else ", ").join(label.in_language(language) for label in labels)
