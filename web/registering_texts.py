"""The texts of the pages on which an organisation applies for registration, by the name that templates use."""

from __future__ import annotations

from marketplace.kernel.labels import Label

APPLYING = {
    "register": Label("Apply for registration", "組織の登録申請"),
    "register_about": Label(
        "State your organisation and who acts for it. A code is sent to your e-mail address; then add your documents and"
        " submit the application. The market compares it with public registries and sanctions lists, and two people of the"
        " operator decide. The same is open to programs, over the API.",
        "組織と担当者の情報を入力してください。メールで届く確認コードを入力し、書類を添付して提出すると、"
        "公表情報・制裁対象者名簿と照合したうえで、運営者の担当者2名が審査します。同じ手続きはAPIでも行えます。",
    ),
    "register_state": Label("Your organisation", "組織の情報"),
    "register_send": Label("Begin the application", "申請を開始する"),
    "register_resume": Label("Go on with an application", "作成中の申請を再開する"),
    "register_resume_send": Label("Open the application", "申請を開く"),
    "register_wrong": Label("Please correct", "次の点を修正してください"),
    "register_unknown": Label(
        "There is no application with this number and key.", "この申請番号とキーに該当する申請はありません。"
    ),
}

FIELDS = {
    "name_ja": Label("Name in Japanese", "名称（日本語）"),
    "name_en": Label("Name in English", "名称（英語）"),
    "kind": Label("Kind of organisation", "組織の種別"),
    "corporate_number": Label("Corporate number, 13 digits", "法人番号（13桁）"),
    "lei": Label("LEI, for organisations abroad", "LEI（国外の法人）"),
    "invoice_registration_number": Label(
        "Registration number for invoices, if any", "適格請求書発行事業者の登録番号（ある場合）"
    ),
    "country": Label("Country, two letters (JP)", "国（英字2字、日本はJP）"),
    "address": Label("Registered address", "本店・主たる事務所の所在地"),
    "representative_title": Label("Title of the representative", "代表者の役職"),
    "representative_name": Label("Name of the representative", "代表者の氏名"),
    "applicant_name": Label(
        "Your name: you become the first owner", "申請者の氏名（最初の代表管理者になります）"
    ),
    "email": Label("Your e-mail address", "申請者のメールアドレス"),
}

FILE = {
    "file": Label("Application for registration", "登録申請"),
    "file_keep": Label(
        "Keep the number and the key. The key is shown here alone, and whoever has it acts for you.",
        "申請番号とキーを控えてください。キーは再表示されません。キーを知る人は申請者として操作できます。",
    ),
    "file_number": Label("Number", "申請番号"),
    "file_key": Label("Key", "キー"),
    "file_state": Label("State", "状態"),
    "file_refused": Label("Reason of the refusal", "不承認の理由"),
    "file_prove": Label("1. Prove your e-mail address", "1. メールアドレスの確認"),
    "file_proved": Label("Your e-mail address is proved.", "メールアドレスは確認済みです。"),
    "file_code": Label("Code of 8 digits from the mail", "メールに記載の8桁の確認コード"),
    "file_prove_send": Label("Prove the address", "確認する"),
    "file_again": Label("Send another code", "確認コードを再送する"),
    "file_documents": Label("2. Add documents", "2. 書類の添付"),
    "file_documents_about": Label(
        "PDF, JPEG or PNG, at most 5 MiB each and ten in all. The identity of the representative is needed.",
        "PDF・JPEG・PNG、1点5 MiBまで、計10点まで。代表者の本人確認書類は必須です。",
    ),
    "file_kind": Label("What it shows", "書類の種類"),
    "file_upload": Label("File", "ファイル"),
    "file_upload_send": Label("Add the document", "書類を添付する"),
    "file_owners": Label("3. State the beneficial owners", "3. 実質的支配者の申告"),
    "file_owners_about": Label(
        "All natural persons who own a quarter or more, or control the organisation by other means; if there is nobody,"
        " its representative. They replace those stated before.",
        "4分の1以上を所有する、またはその他の方法で支配するすべての自然人。該当者がいない場合は代表者。"
        "以前に申告した内容は置き換えられます。",
    ),
    "file_owner": Label("Person {number}", "{number}人目"),
    "owner_name": Label("Name", "氏名"),
    "owner_country": Label("Country, two letters", "国（英字2字）"),
    "owner_born_on": Label("Date of birth", "生年月日"),
    "owner_basis": Label("Because of", "該当する理由"),
    "owner_percent": Label("Part owned, whole per cent", "所有割合（%、整数）"),
    "file_owners_send": Label("State these people", "申告する"),
    "file_submit": Label("4. Submit", "4. 提出"),
    "file_submit_about": Label("Afterwards nothing can be changed.", "提出後は変更できません。"),
    "file_submit_send": Label("Submit the application", "申請を提出する"),
}

REGISTERING: dict[str, Label] = APPLYING | {f"field_{name}": label for name, label in FIELDS.items()} | FILE
