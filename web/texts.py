"""All texts of the pages, in both languages, by the name that templates use."""

from __future__ import annotations

from marketplace.kernel.labels import Label

LANGUAGE_NAMES = {"ja": "日本語", "en": "English"}
"""The name of each language in that language, on pages of both languages."""

FAULT = Label(
    "A fault in the market; it is on record. Try again later.",
    "市場側で障害が発生し、記録されました。しばらくしてから再度お試しください。",
)
MALFORMED = Label(
    "The request cannot be read. Check its address, headers and body.",
    "リクエストを読み取れません。アドレス、ヘッダー、本文を確認してください。",
)
TOO_LARGE = Label(
    "The request is too large. Send less at once.",
    "リクエストが大きすぎます。分割するなどして小さくしてください。",
)
NOT_ALLOWED = Label("You are not allowed to do this.", "この操作は許可されていません。")
ROUTE_UNKNOWN = Label(
    "The API has no such address; /api/v1/openapi.json lists those there are.",
    "このアドレスのAPIはありません。一覧は /api/v1/openapi.json にあります。",
)

FRAME = {
    "site": Label("Sanpo", "Sanpo"),
    "site_kind": Label("A neutral data-exchange market", "中立のデータ取引市場"),
    "skip": Label("Skip to the content", "本文へ移動"),
    "languages": Label("Language", "言語"),
    "without_cookies": Label(
        "This page sets no cookies and loads nothing from other sites.",
        "このページはCookieを使用せず、外部サイトから何も読み込みません。",
    ),
}

NOT_FOUND = {
    "not_found": Label("Page not found", "ページが見つかりません"),
    "not_found_about": Label(
        "There is no page at this address. Check that it is spelt correctly.",
        "このアドレスのページはありません。アドレスに誤りがないかご確認ください。",
    ),
    "to_home": Label("Go to the front page", "トップページへ"),
}

HOME = {
    "creed": Label("Sanpō yoshi, 三方よし", "三方よし"),
    "creed_in_full": Label(
        "Good for the seller, good for the buyer, good for the world",
        "売り手よし、買い手よし、世間よし",
    ),
    "summary": Label(
        "Sanpo is a neutral market for data. Sellers list data with its rights of use and its measured quality;"
        " buyers find it, negotiate and contract. The operator admits participants under a published rulebook and"
        " clears the trades of a period together. It never buys or sells data itself.",
        "Sanpo は、中立のデータ取引市場です。提供者は利用条件と品質の測定結果を示してデータを出品し、"
        "利用者は探し、交渉し、契約します。運営者は、公表された規程に従って参加を承認し、"
        "一定期間の取引をまとめて清算します。運営者自身がデータを売買することはありません。",
    ),
    "to_catalogue": Label("See what is on sale", "公開中の出品を見る"),
    "to_check": Label("Check a clearing cycle", "清算を検証する"),
    "to_register": Label("Register your organisation", "組織の登録を申請する"),
}

FIGURES = {
    "figures": Label("The market now", "市場の現況"),
    "listings_on_sale": Label("Listings on sale", "公開中の出品"),
    "cycles_settled": Label("Cycles settled", "決済完了の清算サイクル"),
    "trades_cleared": Label("Trades settled", "決済完了の取引"),
    "rulebook_in_force": Label("Rulebook in force", "施行中の規程"),
    "rulebook_number": Label("No. {number}", "第{number}版"),
    "rulebook_since": Label("since {day}", "{day}施行"),
    "rulebook_none": Label("None yet", "なし"),
}

AUDIENCES = {
    "audiences": Label("Who it is for", "だれのための市場か"),
    "sellers": Label("Sellers", "提供者"),
    "sellers_about": Label(
        "Businesses, public bodies, information banks and individuals list their data and set its price and rights"
        " of use. The price is secured before anybody gets access, and each clearing cycle brings one payment.",
        "事業者、公的機関、情報銀行、個人がデータを出品し、価格と利用条件を定めます。"
        "代金は利用が始まる前に確保され、清算サイクルごとに一度にまとめて支払われます。",
    ),
    "buyers": Label("Buyers", "利用者"),
    "buyers_about": Label(
        "Search in Japanese or English, and read rights of use and measured quality before the price. The price is"
        " paid to the seller only after the delivery is accepted or the inspection period has ended.",
        "日本語でも英語でも検索でき、価格の前に利用条件と品質の測定結果を確認できます。"
        "代金は、検収されるか検査期間が満了するまで、提供者に払い出されません。",
    ),
    "operator": Label("The operator", "運営者"),
    "operator_about": Label(
        "Admits participants, halts trading and clears trades by published rules, and records the reasons of every"
        " decision. Neither the operator nor its affiliates can sell or buy here.",
        "公表された規則に従って参加の承認、取引の停止、清算を行い、すべての判定の理由を記録します。"
        "運営者とその関係会社は、提供者にも利用者にもなれません。",
    ),
    "public": Label("Auditors and the public", "監査人・一般の方"),
    "public_about": Label(
        "Rules, figures, hashes and signed checkpoints are open to everybody. They show whether all participants are"
        " treated by the same rules, and whether what was cleared has stayed unchanged.",
        "規則、数値、ハッシュ、署名付きチェックポイントを公開しています。すべての参加者が同じ規則で扱われているか、"
        "清算の結果が後から変更されていないかを確認できます。",
    ),
}

RECORDS = {
    "records": Label("Public records", "公開情報"),
    "records_about": Label(
        "You need neither an account nor a token. Records marked JSON are answers of the market's API.",
        "登録もトークンも不要です。「JSON」の表示があるものは、市場のAPIの応答です。",
    ),
    "catalogue": Label("Catalogue", "カタログ"),
    "catalogue_about": Label(
        "Listings on sale with rights of use, price and seller", "公開中の出品と、その利用条件、価格、提供者"
    ),
    "catalogue_graph": Label("Catalogue for harvesting", "収集用カタログ"),
    "catalogue_graph_about": Label(
        "The catalogue as DCAT-AP 3 with rights (ODRL) and quality (DQV)",
        "DCAT-AP 3形式のカタログ。利用条件（ODRL）と品質（DQV）を含みます",
    ),
    "profile": Label("ODRL profile", "ODRLプロファイル"),
    "profile_about": Label(
        "The words of rights of use that ODRL lacks, for people and as JSON-LD",
        "ODRLにない利用条件の用語。閲覧用とJSON-LD",
    ),
    "profile_reading": Label(
        "Policies of this market are ODRL 2.2. They use these words beside those of ODRL, under the address below.",
        "この市場のポリシーはODRL 2.2に従い、ODRLの語彙に加え、次のアドレスの下の用語を使用します。",
    ),
    "quality_method": Label("Quality method", "品質の測定方法"),
    "quality_method_about": Label(
        "Every measure with its formula, and how personal data is looked for",
        "測定項目とその計算式、個人データの検出方法",
    ),
    "contract_templates": Label("Contract templates", "契約書ひな形"),
    "contract_templates_about": Label(
        "The standard terms that offers are made on", "出品が用いる標準契約条項"
    ),
    "rulebook": Label("Rulebook in force", "施行中の規程"),
    "rulebook_about": Label(
        "Rules on admission, publication, halts, fees and tax", "参加、出品、停止、手数料、税に関する規則"
    ),
    "rulebooks": Label("All rulebooks", "規程の全版"),
    "rulebooks_about": Label(
        "Every version with its hash and the day it took effect", "各版のハッシュと施行日"
    ),
    "neutrality": Label("Neutrality report", "中立性報告"),
    "neutrality_about": Label(
        "Decisions by outcome, how many came out the same when replayed, and what fees depend on",
        "判定結果の内訳、再判定との一致件数、手数料の算定に用いる項目",
    ),
    "trading_neutrality": Label("Trading neutrality", "取引の中立性"),
    "trading_neutrality_about": Label(
        "Trades of the operator's group (always none), concentration of sellers, fees by segment",
        "運営者グループの取引件数（常に0件）、提供者の集中度、分野別の手数料",
    ),
    "halts": Label("Trading halts", "売買停止"),
    "halts_about": Label("Every halt with its reason", "すべての売買停止とその理由"),
    "cycles": Label("Clearing cycles", "清算サイクル"),
    "cycles_about": Label(
        "The figures of each cycle and the hashes that commit to them",
        "各サイクルの数値と、それを固定するハッシュ",
    ),
    "api": Label("API documents", "API仕様"),
    "api_about": Label("Every route of the market with its input and answers", "すべてのAPIの入力と応答"),
    "openapi": Label("OpenAPI description", "OpenAPI定義"),
    "openapi_about": Label("The same for programs, in OpenAPI 3.1", "同じ内容のOpenAPI 3.1形式の定義"),
}

CYCLES = {
    "latest": Label("Latest settled cycles", "直近の決済完了サイクル"),
    "latest_about": Label(
        "Netting turns what participants owe each other into one payment in or out for each of them. Bank"
        " payments differ from the value after netting: purchases were paid beforehand from held money.",
        "差引計算により、参加者間の支払を参加者ごとに一度の受払いにまとめます。"
        "購入代金は事前に確保した資金から支払われるため、銀行振込の金額は差引計算後の金額とは異なります。",
    ),
    "latest_none": Label("No cycle is settled yet.", "決済が完了した清算サイクルはまだありません。"),
    "trades": Label("Trades", "取引件数"),
    "gross": Label("Gross value", "金額（差引計算前）"),
    "net": Label("Net value", "金額（差引計算後）"),
    "payments_before": Label("Payments before netting", "支払件数（差引計算前）"),
    "payments_after": Label("Payments after netting", "支払件数（差引計算後）"),
    "input_hash": Label("Input hash", "入力ハッシュ"),
    "output_hash": Label("Output hash", "出力ハッシュ"),
    "merkle_root": Label("Merkle root", "マークルルート"),
}

CHECKING = {
    "check": Label("How to check a cycle", "清算の検証方法"),
    "keep_hashes": Label("Keep the hashes", "ハッシュを保存する"),
    "keep_hashes_about": Label(
        "A cycle's hashes are public from netting on and never change. Save the cycle, and compare it later.",
        "サイクルのハッシュは差引計算の時点から公開され、変わることはありません。保存しておき、後で照合してください。",
    ),
    "keep_checkpoints": Label("Keep the checkpoints", "チェックポイントを保存する"),
    "keep_checkpoints_about": Label(
        "The market signs its evidence log every hour. A saved checkpoint shows an auditor whether the log was"
        " changed afterwards.",
        "市場は証跡ログに1時間ごとに署名します。保存したチェックポイントがあれば、"
        "ログが後から変更されていないかを監査の際に確認できます。",
    ),
    "recompute": Label("Recompute a position", "差引額を再計算する"),
    "recompute_about": Label(
        "Every participant can download a signed position statement of its own trades with proofs. The verification"
        " program recomputes the position from it and compares its hashes with the public ones. An auditor who"
        " is given the statement can do the same. The program needs only Python; it also checks the signature if the"
        " package cryptography is installed.",
        "参加者は、自分の取引と証明を記載した署名付き清算明細を取得できます。検証プログラムは、清算明細から差引額を"
        "計算し直し、ハッシュを公開値と照合します。清算明細を受け取った監査人も同じように検証できます。"
        "必要なのはPythonだけです。パッケージcryptographyがあれば、署名も検証します。",
    ),
    "recompute_files": Label(
        "statement.json: the position statement; jwks.json: the public keys; cycle.json: the cycle that you saved",
        "statement.json: 清算明細、jwks.json: 公開鍵、cycle.json: 保存したサイクル",
    ),
    "exit_status": Label(
        "Exit status: 0 all agrees, 1 something differs, 2 the statement cannot be read",
        "終了コード: 0 すべて一致、1 相違あり、2 清算明細の読取不能",
    ),
    "checkpoints": Label("Signed checkpoints", "署名付きチェックポイント"),
    "keys": Label("Public keys", "公開鍵"),
    "program": Label("Verification program", "検証プログラム"),
}

TEXTS: dict[str, Label] = FRAME | NOT_FOUND | HOME | FIGURES | AUDIENCES | RECORDS | CYCLES | CHECKING
