"""What a plan says of its charges, in both languages. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from marketplace.kernel.labels import Label
from marketplace.kernel.money import Money as Amount

from .model import Charge, Money

CHARGE = Label(
    "Charge {charge}: {price}, without tax, falls due {due} and is paid in within {days} bank business days of it.",
    "課金{charge}：{price}（税抜）。{due}に履行期が到来し、その日から{days}銀行営業日以内に入金する。",
)
FIRST = Label(
    "The periods that are charged begin on {day}; access begins as soon as the first charge is secured.",
    "課金の対象となる期間は{day}に始まる。アクセスは初回の課金の代金が確保された時に始まる。",
)
RELEASED = {
    "acceptance": Label(
        "The price of a charge goes to the Provider once the delivery is accepted.",
        "課金の代金は、検収の後に提供者に支払われる。",
    ),
    "period_end": Label(
        "Each charge pays for a period of {months} months, and its price goes to the Provider at the end of the period, once the delivery is accepted.",
        "課金はそれぞれ{months}か月の期間に対するものであり、その代金は検収を経て期間の満了後に提供者に支払われる。",
    ),
}
METERED = Label(
    "A charge is the most of its period: each time the bytes of a file were sent as a whole costs {price}, without tax; what is not used goes back"
    " at its end. Use that was counted is paid also where not every file was received. Data that is delivered again after a dispute is not counted once more.",
    "課金は期間ごとの上限である。ファイルの全バイトが送信されるごとに{price}（税抜）とし、使用されなかった部分は期間の満了後に返金される。"
    "数えられた利用の代金は、全部のファイルが受領されていない場合も支払われる。異議による再提供の分は数えない。",
)
TIER = Label(
    "From use {use} of a period on, a use costs {price}, without tax.",
    "期間の{use}回目以後の利用は、1回につき{price}（税抜）とする。",
)
FREE = Label(
    "The first {uses} uses of each period cost nothing; they count towards the numbers of uses.",
    "各期間の最初の{uses}回の利用は無料とする（回数には数える）。",
)
TRIAL_DAYS = Label(
    "Uses within {days} days from the day of the conclusion, which is counted, are a trial: they cost nothing and are not counted.",
    "契約成立の日から起算して{days}日以内の利用は試用とし、無料で、回数に数えない。",
)
TRIAL_USES = Label(
    "The first {uses} uses of the agreement are a trial: they cost nothing and are not counted.",
    "契約の最初の{uses}回の利用は試用とし、無料で、回数に数えない。",
)
SHARE = Label(
    "Of the price of each charge, without tax, {percent}% go to {organisation} through clearing, rounded by largest remainder.",
    "各課金の代金（税抜）の{percent}%は、清算を通じて {organisation} に分配される（端数は最大剰余法による）。",
)
ADJUSTMENTS = {
    "index": Label(
        "At the beginning of each period its price is {price} × the index {index} / {base}, rounded down, by the latest value as of that day"
        " that the Operator has entered with its source, at least {floor}% and at most {cap}% of the price; without a value the price stands. What"
        " a value that is entered later changes is settled once, with the next charge, or for the last period when it ends.",
        "各期間の開始時に、その代金は {price} × 指数 {index} ÷ {base}（端数切捨て）とする。指数は、その日までの値のうち運営者が出典とともに登録した最新のものとし、"
        "代金の{floor}%を下限、{cap}%を上限とする。値がないときは代金を変更しない。"
        "その後に登録された値による差額は、次の課金とともに（最後の期間についてはその満了時に）一度精算する。",
    ),
    "quality": Label(
        "If at the beginning of a period the measured currentness of the Data is below {least}%, the price of the period falls by {reduction}%,"
        " the reduction rounded down.",
        "期間の開始時に測定されたデータの最新性が{least}%を下回るときは、その期間の代金を{reduction}%減額する（減額の端数は切捨て）。",
    ),
    "volume": Label(
        "If more than {uses} uses of a period were counted, what the period was charged falls by {reduction}%, the reduction rounded down.",
        "期間の利用回数が{uses}回を超えるときは、その期間の課金額を{reduction}%減額する（減額の端数は切捨て）。",
    ),
}
ADJUSTED = Label(
    "Each adjustment is made once, by a record that the Market signs, and settled with the charge through clearing. Days that come back after an early end"
    " are of the price as adjusted by then.",
    "調整はそれぞれ一度、本市場が署名する記録により行われ、清算を通じて課金とともに決済される。中途終了により日割りで返金される額は、その時までに調整された代金について計算する。",
)
AT_CONCLUSION = Label("on the day of the conclusion", "契約成立の日")
ON_DAY = Label("on {day}", "{day}")
MONTHS_AFTER = Label(
    "{months} months after the day of the conclusion, or at the end of that month if it has no such day,",
    "契約成立の日の{months}か月後の応当日（ないときはその月の末日）",
)


def money_lines(money: Money) -> Iterator[Label]:
    """Every charge with its day, what use costs, who shares, what adjusts a price, and when the seller is paid."""
    for charge in money.charges:
        yield _charge(money, charge)
    if money.first_period_from:
        yield FIRST.fill({"day": money.first_period_from})
    if money.unit_price_minor is not None:
        unit = Amount(money.unit_price_minor, money.currency)
        yield METERED.fill({"price": Label(unit.format("en"), unit.format("ja"))})
        yield from _metering(money)
    for share in money.shares or ():
        percent = f"{share['share_bp'] / 100:.2f}"
        yield SHARE.fill({"percent": percent, "organisation": share["organisation"]})
    yield from _adjustments(money)
    yield RELEASED[money.released].fill({"months": money.period_months})


def _metering(money: Money) -> Iterator[Label]:
    metering = money.metering or {}
    for tier in metering.get("tiers", ()):
        price = Amount(tier["unit_price_minor"], money.currency)
        yield TIER.fill(
            {"use": f"{tier['from_use']:,}", "price": Label(price.format("en"), price.format("ja"))}
        )
    for name, sentence, place in (
        ("free_uses", FREE, "uses"),
        ("trial_days", TRIAL_DAYS, "days"),
        ("trial_uses", TRIAL_USES, "uses"),
    ):
        if metering.get(name):
            yield sentence.fill({place: f"{metering[name]:,}"})


def _adjustments(money: Money) -> Iterator[Label]:
    price = Amount(money.price_minor, money.currency)
    said = {"price": Label(price.format("en"), price.format("ja"))}
    for clause in money.adjustments or ():
        percents = {name: f"{clause[name] / 100:.2f}" for name in clause if name.endswith("_bp")}
        yield ADJUSTMENTS[clause["kind"]].fill(
            {
                **said,
                "index": clause.get("index", ""),
                "base": f"{clause.get('base_milli', 0) / 1000:,.3f}",
                "floor": percents.get("floor_bp", ""),
                "cap": percents.get("cap_bp", ""),
                "least": percents.get("at_least_bp", ""),
                "reduction": percents.get("reduction_bp", ""),
                "uses": f"{clause.get('beyond_uses', 0):,}",
            }
        )
    if money.adjustments:
        yield ADJUSTED


def _charge(money: Money, charge: Charge) -> Label:
    amount = Amount(charge.price_minor, money.currency)
    if charge.due_on:
        due = ON_DAY.fill({"day": charge.due_on})
    else:
        due = MONTHS_AFTER.fill({"months": charge.months}) if charge.months else AT_CONCLUSION
    return CHARGE.fill(
        {
            "charge": charge.charge,
            "price": Label(amount.format("en"), amount.format("ja")),
            "due": due,
            "days": money.funding_days,
        }
    )
