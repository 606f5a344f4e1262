"""What the API stands: reading by 16 clients at 1,000 and at 100,000 listings, and reading while the market works hard.

Closed loop first: catalogue, search, a listing and the caller's deliveries, in turn, until 10,000 requests were answered;
no answer may be a fault of the server. Then an open loop at 40% of what the closed loop reached, in quiet and while 500
readers take a file slowly, a spreadsheet of 70 MB is profiled, a bank statement of 10,000 lines is imported and the mail
server accepts connections and says nothing. The ratio of the two 95th percentiles is what the work beside it costs; the
purchases concluded meanwhile show that trading goes on.
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

from bench._hard_work import HangingMailServer, HardWork
from bench._many_listings import add_listings
from bench._running_market import MarketForSale, Trader, running_market

DATABASE = "bench_load"
CLIENTS = 16
REQUESTS = 10_000
SIZES = (1_000, 100_000)
OPEN_SECONDS = 40.0
OPEN_SHARE = 0.4
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
    kind = ("catalogue", "search", "detail", "deliveries")[number % 4]
    return kind, {
        "catalogue": "catalogue/",
        "search": f"catalogue/?text={quote(WORDS[number % len(WORDS)])}",
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
        **{
            f"{kind}_p95_ms": answers.p95_ms(kind) for kind in ("catalogue", "search", "detail", "deliveries")
        },
    }


def open_loop(market: MarketForSale, size: int, rate: float) -> Answers:
    """Requests that come at ``rate`` a second whether or not earlier ones were answered; timed from when they were due."""
    answers, numbers = Answers(), count()
    total, began = int(rate * OPEN_SECONDS), time.monotonic()

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

    run_threads(8 * CLIENTS, work)
    return answers


def run_threads(number: int, work: Any) -> None:
    """Run ``work`` with each number in a thread of its own, and wait for all."""
    threads = [threading.Thread(target=work, args=(each,)) for each in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def main() -> None:
    """Run both loops and write the figures as JSON to ``--output``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--requests", type=int, default=REQUESTS)
    arguments = parser.parse_args()
    with (
        HangingMailServer() as mail,
        running_market(DATABASE, buyers=8, settings=mail.settings()) as market,
    ):
        work = HardWork(market)
        work.prepare()
        result: dict[str, Any] = {"clients": CLIENTS, "closed": []}
        first = 1
        for size in SIZES:
            add_listings(DATABASE, market.listing, first=first, last=size)
            first = size + 1
            figures = closed_loop(market, size, arguments.requests)
            print(figures, flush=True)
            result["closed"].append(figures)
        rate = OPEN_SHARE * result["closed"][0]["per_second"]
        quiet = open_loop(market, SIZES[0], rate)
        with work.under_way():
            busy = open_loop(market, SIZES[0], rate)
        result |= {
            "open_per_second": round(rate, 1),
            "quiet_p95_ms": quiet.p95_ms(),
            "busy_p95_ms": busy.p95_ms(),
            "busy_ratio": round(busy.p95_ms() / quiet.p95_ms(), 2),
            "open_faults": [*quiet.faults, *busy.faults][:20],
            **work.figures(),
        }
        from marketplace.kernel.invariants import verify_all  # deferred: Django set up

        result["invariants_broken"] = [name for name, breaches in verify_all().items() if breaches]
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result))
    if result["invariants_broken"]:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
