"""The words of the pages of people who got a token by mail, in both languages."""

from marketplace.kernel.labels import Label

JOINING = {
    "join": Label("Accept an invitation", "招待の承諾"),
    "join_about": Label(
        "You were invited by mail to act for an organisation. Enter the token of that mail.",
        "組織の構成員として招待するメールを受け取った方は、メールに記載のトークンを入力してください。",
    ),
    "join_signed_in": Label(
        "You are signed in, and join with your login.", "サインイン中です。現在のログインで参加します。"
    ),
    "join_login": Label(
        "Have you a login already? Sign in first.", "登録済みの方は、先にサインインしてください。"
    ),
    "join_token": Label("Token", "トークン"),
    "join_name": Label("Your name", "氏名"),
    "join_password": Label("A new password", "新しいパスワード"),
    "join_send": Label("Join", "参加する"),
    "join_done": Label("You joined {party}.", "{party} に参加しました。"),
    "join_next": Label(
        "Sign in, and set up a second factor: many roles need it.",
        "サインインし、二要素認証を設定してください（多くの役割で必要です）。",
    ),
    "object": Label("Object to a new owner", "代表管理者の変更への異議"),
    "object_about": Label(
        "You were told by mail that a new owner of your organisation is to be invited. If that is wrong, say so here.",
        "組織の代表管理者の変更手続の通知を受け取り、内容に誤りがある場合は、ここで異議を申し立ててください。",
    ),
    "object_reason": Label("What is wrong", "異議の理由"),
    "object_send": Label("Object", "異議を申し立てる"),
    "object_done": Label(
        "The recovery {recovery} is stopped. The operator looks into it.",
        "手続 {recovery} を停止しました。運営者が確認します。",
    ),
}
