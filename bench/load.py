"""What the API stands: reading by 16 clients at 1,000 and at 100,000 listings, and reading while the market works hard.

Closed loop first: catalogue, search, a listing and the caller's deliveries, in turn, until 10,000 requests were answered;
no answer may be a fault of the server. Then an open loop at 40% of what the closed loop reached at that size, in quiet and
while 500 readers take a file slowly, a spreadsheet of 70 MB is profiled, a bank statement of 10,000 lines is imported, the
mail server accepts connections and says nothing, and purchases are concluded, each up to access. The ratio of the two 95th
percentiles is what the work beside the reading costs.

``--part`` and ``--listings`` run parts apart; each adds its figures to those that ``--output`` has.
"""

from __future__ import annotations

import argparse
import http.client
import json
import statistics
import threading
import time
from collections import defaultdict
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from bench._hard_work import READERS, SPREADSHEET_BYTES, STATEMENT_LINES, HangingMailServer, HardWork
from bench._many_listings import add_listings, is_of_copy
from bench._running_market import Client, MarketForSale, Trader, running_market
from bench.conclude import conclude, prepare, wait_until_quiet

DATABASE = "bench_load"
CLIENTS = 16
REQUESTS = 10_000
SIZES = (1_000, 100_000)
OPEN_SECONDS = 40.0
OPEN_SHARE = 0.4
OPEN_CLIENTS = 8 * CLIENTS
DELIVERIES_EACH = 3
WORDS = (
    "genome",
    "satellite",
    "climate",
    "人口",
    "weather radar",
    "郵便番号",
    "ocean",
    "traffic",
    "image",
    "protein",
)
TIMEOUT_SECONDS = 30
KINDS = ("catalogue", "search", "detail", "deliveries")


class Answers:
    """Seconds of the answers by kind, and those that were faults of the server."""

    def __init__(self) -> None:
        """Begin empty."""
        self.seconds: dict[str, list[float]] = defaultdict(list)
        self.faults: list[str] = []

    def p95_ms(self, kind: str | None = None) -> float:
        """The 95th percentile of a kind, or of all."""
        taken = self.seconds[kind] if kind else [one for many in self.seconds.values() for one in many]
        return round(statistics.quantiles(taken, n=20)[-1] * 1000, 1)


def request_of(number: int, size: int) -> tuple[str, str]:
    """The kind and path of the request with this number."""
    kind = KINDS[number % len(KINDS)]
    return kind, {
        "catalogue": "catalogue/",
        "search": f"catalogue/?text={quote(WORDS[number // len(KINDS) % len(WORDS)])}",
        "detail": f"catalogue/lst_{1 + number * 7919 % size:026d}/",
        "deliveries": "deliveries/",
    }[kind]


def ask(market: MarketForSale, trader: Trader, path: str) -> int:
    """The status of a GET on a connection of its own, as most callers make them; 599 if there was no answer."""
    connection = http.client.HTTPConnection(urlsplit(market.base_url).netloc, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", f"/api/v1/{path}", headers={"Authorization": f"Bearer {trader.token}"})
        response = connection.getresponse()
        response.read()
    except (OSError, http.client.HTTPException):
        return 599
    finally:
        connection.close()
    return response.status


def closed_loop(market: MarketForSale, size: int, requests: int) -> dict[str, Any]:
    """The figures of 16 clients that ask one request after the other."""
    answers, numbers = Answers(), count()

    def work(client: int) -> None:
        trader = market.buyers[client % len(market.buyers)]
        while (number := next(numbers)) < requests:
            kind, path = request_of(number, size)
            began = time.monotonic()
            status = ask(market, trader, path)
            answers.seconds[kind].append(time.monotonic() - began)
            if status >= 500:
                answers.faults.append(f"{status} {path}")

    began = time.monotonic()
    run_threads(CLIENTS, work)
    elapsed = time.monotonic() - began
    return {
        "listings": size,
        "requests": requests,
        "per_second": round(requests / elapsed, 1),
        "faults": answers.faults[:20],
        "fault_count": len(answers.faults),
        "p95_ms": answers.p95_ms(),
        **{f"{kind}_p95_ms": answers.p95_ms(kind) for kind in KINDS},
    }


def open_loop(market: MarketForSale, size: int, rate: float, seconds: float) -> Answers:
    """Requests that come at ``rate`` a second whether or not earlier ones were answered; timed from when they were due."""
    answers, numbers = Answers(), count()
    total, began = int(rate * seconds), time.monotonic()

    def work(client: int) -> None:
        trader = market.buyers[client % len(market.buyers)]
        while (number := next(numbers)) < total:
            due = began + number / rate
            time.sleep(max(0.0, due - time.monotonic()))
            kind, path = request_of(number, size)
            status = ask(market, trader, path)
            answers.seconds[kind].append(time.monotonic() - due)
            if status >= 500:
                answers.faults.append(f"{status} {path}")

    run_threads(OPEN_CLIENTS, work)
    return answers


def measure_beside_work(
    market: MarketForSale, work: HardWork, size: int, rate: float, seconds: float
) -> dict[str, Any]:
    """The figures of the open loop in quiet and beside ``work``."""
    work.prepare()
    wait_until_quiet()
    quiet = open_loop(market, size, rate, seconds)
    with work.under_way(seconds):
        busy = open_loop(market, size, rate, seconds)
        print(f"p95 {quiet.p95_ms()} ms in quiet, {busy.p95_ms()} ms beside the work", flush=True)
    return {
        "listings": size,
        "per_second": round(rate, 1),
        "seconds": seconds,
        "requests": sum(map(len, busy.seconds.values())),
        "quiet_p95_ms": quiet.p95_ms(),
        "busy_p95_ms": busy.p95_ms(),
        "ratio": round(busy.p95_ms() / quiet.p95_ms(), 2),
        **{
            f"{kind}_{name}_p95_ms": answers.p95_ms(kind)
            for kind in KINDS
            for name, answers in (("quiet", quiet), ("busy", busy))
        },
        "faults": [*quiet.faults, *busy.faults][:20],
        "fault_count": len(quiet.faults) + len(busy.faults),
        **work.figures(),
    }


def give_deliveries(market: MarketForSale) -> None:
    """Have every buyer conclude a few purchases, so that it has deliveries to list."""
    seller = Client(market.base_url, market.seller)
    for trader in market.buyers:
        buyer = Client(market.base_url, trader)
        for number in range(DELIVERIES_EACH):
            conclude(buyer, prepare(buyer, seller, market.listing, f"load-{trader.code}-{number}"))


def run_threads(number: int, work: Any) -> None:
    """Run ``work`` with each number in a thread of its own, and wait for all."""
    threads = [threading.Thread(target=work, args=(each,)) for each in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def parse_arguments() -> argparse.Namespace:
    """What to run; without arguments, all of it at full size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--part", choices=("closed", "open"), help="one of the two loops")
    parser.add_argument("--listings", type=int, action="append", help="may be given several times, rising")
    parser.add_argument("--requests", type=int, default=REQUESTS)
    parser.add_argument("--open-seconds", type=float, default=OPEN_SECONDS)
    parser.add_argument("--readers", type=int, default=READERS)
    parser.add_argument("--lines", type=int, default=STATEMENT_LINES)
    parser.add_argument("--spreadsheet-bytes", type=int, default=SPREADSHEET_BYTES)
    return parser.parse_args()


def run(arguments: argparse.Namespace, result: dict[str, Any]) -> None:
    """Run the wanted parts on one market, and put their figures into ``result``: by part, then by number of listings.

    The open loop is run at the largest size. It asks at a share of the closed loop's rate at that size, which is taken
    from ``result``, or measured now.
    """
    sizes = arguments.listings or list(SIZES)
    with (
        HangingMailServer() as mail,
        running_market(DATABASE, buyers=8, settings=mail.settings()) as market,
    ):
        give_deliveries(market)
        wait_until_quiet()
        closed: dict[str, Any] = result.setdefault("closed", {})
        first = 1
        for size in sizes:
            add_listings(DATABASE, market.listing, first=first, last=size)
            first = size + 1
            if arguments.part != "open" or (size == sizes[-1] and str(size) not in closed):
                closed[str(size)] = closed_loop(market, size, arguments.requests)
                print(closed[str(size)], flush=True)
        if arguments.part != "closed":
            size = sizes[-1]
            work = HardWork(market, mail, arguments.readers, arguments.lines, arguments.spreadsheet_bytes)
            rate = OPEN_SHARE * closed[str(size)]["per_second"]
            figures = measure_beside_work(market, work, size, rate, arguments.open_seconds)
            result.setdefault("open", {})[str(size)] = figures
            print(figures, flush=True)
        wait_until_quiet()
        from marketplace.kernel.invariants import verify_all  # deferred: Django set up

        result["invariants_broken"] = [
            name
            for name, breaches in verify_all().items()
            if any(not is_of_copy(breach) for breach in breaches)
        ]


def main() -> None:
    """Run the wanted parts and write their figures as JSON to ``--output``; fail if anything did."""
    arguments = parse_arguments()
    output: Path = arguments.output
    result: dict[str, Any] = {"clients": CLIENTS}
    if output.exists():
        result |= json.loads(output.read_text("utf-8"))
    run(arguments, result)
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result))
    failed = [
        found
        for part in ("closed", "open")
        for found in result.get(part, {}).values()
        if found["fault_count"] or found.get("failures")
    ]
    if result["invariants_broken"] or failed:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
