"""From agreement to access, over HTTP, by 8 clients, beside the same rows written by bare SQL.

One operation begins with a contract that the seller has signed: the buyer signs it, which concludes the agreement, and
asks every fifth of a second until its access is granted. In between the pipe makes the trade, puts its price on hold and
grants the entitlement; what else belongs to a purchase (notices, mail, feed, evidence) runs beside it on the same machine.
Contracts are requested and signed by the sellers before each round, which is measured too (``prepared_per_second``). The
floor (``conclude_floor.sql``) writes the same rows, by 8 clients of pgbench, on the same server. Medians of several rounds.
``cpu_ms`` is what each process took of the cores for one purchase, ``queries`` what each request asks of the database.
``check_invariants`` ends the run.
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import statistics
import subprocess
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bench._cpu import cpu_seconds, servers
from bench._databases import addresses
from bench._running_market import Client, MarketForSale, running_market
from marketplace.runtime.postgres import binary

CLIENTS = 8
EACH = 20
ROUNDS = 3
FLOOR_SECONDS = 5.0
ACCESS_SECONDS_MAX = 60
POLL_SECONDS = 0.2
DATABASE = "bench_conclude"
FLOOR = Path(__file__).with_name("conclude_floor.sql")


@dataclass(frozen=True)
class Contract:
    """A contract that the seller has signed: what the buyer needs to sign it and to find its agreement."""

    negotiation: str
    reference: str
    signed_hash: str


def prepare(buyer: Client, seller: Client, listing: str, reference: str) -> Contract:
    """Request a contract at published terms and have the seller read and sign it."""
    negotiation = buyer.post("negotiations/", {"listing": listing, "reference": reference})["id"]
    signed_hash = seller.get(f"negotiations/{negotiation}/contract/")["signed_hash"]
    seller.post(f"negotiations/{negotiation}/sign/", {"signed_hash": signed_hash})
    return Contract(negotiation, reference, signed_hash)


def conclude(buyer: Client, contract: Contract) -> None:
    """Sign as the buyer, then ask until access is granted."""
    buyer.post(f"negotiations/{contract.negotiation}/sign/", {"signed_hash": contract.signed_hash})
    agreement = buyer.get(f"agreements/?reference={contract.reference}")["results"][0]["id"]
    deadline = time.monotonic() + ACCESS_SECONDS_MAX
    while not buyer.get(f"deliveries/?agreement={agreement}")["results"]:
        assert time.monotonic() < deadline, f"{contract.reference}: no access after {ACCESS_SECONDS_MAX} s"
        time.sleep(POLL_SECONDS)


def by_clients(work: Callable[[int], None]) -> float:
    """Run ``work`` with the number of each client at the same time; returns the seconds until the last one ended."""
    failures: list[BaseException] = []

    def run(number: int) -> None:
        try:
            work(number)
        except BaseException as error:
            failures.append(error)

    began = time.monotonic()
    threads = [threading.Thread(target=run, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return time.monotonic() - began


def measure(market: MarketForSale, label: str, each: int) -> dict[str, Any]:
    """The figures of one round: every client concludes ``each`` contracts that were prepared before."""
    contracts: dict[int, list[Contract]] = {}
    taken: list[float] = []

    def prepare_all(number: int) -> None:
        buyer, seller = (Client(market.base_url, trader) for trader in (market.buyers[number], market.seller))
        contracts[number] = [
            prepare(buyer, seller, market.listing, f"{label}-{number}-{count}") for count in range(each)
        ]

    def conclude_all(number: int) -> None:
        for contract in contracts[number]:
            # A connection for each purchase, so that no process of the API has all clients for a whole round.
            buyer = Client(market.base_url, market.buyers[number])
            began = time.monotonic()
            with closing(buyer.connection):
                conclude(buyer, contract)
            taken.append(time.monotonic() - began)

    prepared = by_clients(prepare_all)
    wait_until_quiet()
    before = cpu_taken(market)
    concluded = by_clients(conclude_all)
    after = cpu_taken(market)
    return {
        "per_second": CLIENTS * each / concluded,
        "p95_ms": statistics.quantiles(taken, n=20)[-1] * 1000,
        "prepared_per_second": CLIENTS * each / prepared,
        "cpu_ms": {name: round((after[name] - before[name]) / (CLIENTS * each) * 1000, 1) for name in before},
    }


def cpu_taken(market: MarketForSale) -> dict[str, float]:
    """Seconds of CPU so far: of each process of the market, of PostgreSQL where it is the embedded one, of the clients."""
    own = resource.getrusage(resource.RUSAGE_SELF)
    return {**cpu_seconds({**market.processes, **servers()}), "clients": own.ru_utime + own.ru_stime}


def count_queries(market: MarketForSale) -> dict[str, int]:
    """Statements of one purchase's requests, counted by answering them in this process."""
    from django.db import connection  # deferred: Django set up
    from django.test import Client as Requests  # deferred: Django set up
    from django.test.utils import CaptureQueriesContext  # deferred: Django set up

    buyer = market.buyers[0]
    contract = prepare(
        Client(market.base_url, buyer), Client(market.base_url, market.seller), market.listing, "counted"
    )
    requests = Requests(headers={"Authorization": f"Bearer {buyer.token}"}, SERVER_NAME="127.0.0.1")

    def ask(path: str, body: Mapping[str, str] | None = None) -> tuple[int, Any]:
        with CaptureQueriesContext(connection) as captured:
            answer = (
                requests.get(f"/api/v1/{path}")
                if body is None
                else requests.post(
                    f"/api/v1/{path}",
                    body,
                    content_type="application/json",
                    headers={"Idempotency-Key": uuid.uuid4().hex},
                )
            )
        assert answer.status_code < 300, answer.content[:300]
        return len(captured), answer.json()

    signing, _ = ask(f"negotiations/{contract.negotiation}/sign/", {"signed_hash": contract.signed_hash})
    finding, agreements = ask(f"agreements/?reference={contract.reference}")
    asking, _ = ask(f"deliveries/?agreement={agreements['results'][0]['id']}")
    return {"sign": signing, "agreements": finding, "deliveries": asking}


def wait_until_quiet() -> None:
    """Wait until every event so far is handled, so that a round begins with an empty pipe."""
    from marketplace.events.queries import all_handled  # deferred: Django set up

    deadline = time.monotonic() + ACCESS_SECONDS_MAX
    while not all_handled() and time.monotonic() < deadline:
        time.sleep(0.1)


def measure_floor(seconds: float) -> float:
    """Purchases a second by bare SQL: pgbench with as many clients runs the script's transactions."""
    address = urlsplit(addresses()[1])
    environment = {"PGPASSWORD": address.password or ""}
    options = ["-h", str(address.hostname), "-p", str(address.port or 5432), "-U", str(address.username)]
    database = address.path.lstrip("/")
    script = FLOOR.read_text("utf-8")
    tables, _, purchase = script.partition("-- START OF ONE PURCHASE\n")
    subprocess.run(
        [str(binary("psql")), *options, "-q", "-v", "ON_ERROR_STOP=1", "-d", database],
        input=tables, env=environment, text=True, check=True, capture_output=True,
    )  # fmt: skip
    done = subprocess.run(
        [str(binary("pgbench")), *options, "-n", "-c", str(CLIENTS), "-j", "2", "-T", str(int(seconds)), "-f", "/dev/stdin",
         database],
        input=purchase, env=environment, text=True, check=True, capture_output=True,
    )  # fmt: skip
    found = re.search(r"tps = ([0-9.]+)", done.stdout)
    assert found is not None, done.stdout[-500:]
    return float(found.group(1))


def main() -> None:
    """Run the rounds and write the figures as JSON to ``--output``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--each", type=int, default=EACH, help="contracts of one client in a round")
    arguments = parser.parse_args()
    rounds = []
    with running_market(DATABASE, buyers=CLIENTS) as market:
        measure(market, "warm", 3)
        for number in range(1, ROUNDS + 1):
            figures = measure(market, f"round-{number}", arguments.each)
            figures["sql_per_second"] = measure_floor(FLOOR_SECONDS)
            rounds.append(figures)
            print(f"round {number}: {figures}", flush=True)
        queries = count_queries(market)
        wait_until_quiet()
        from marketplace.kernel.invariants import verify_all  # deferred: Django set up

        broken = [name for name, breaches in verify_all().items() if breaches]
    result: dict[str, Any] = {
        name: round(statistics.median(row[name] for row in rounds), 1)
        for name in rounds[0]
        if name != "cpu_ms"
    }
    result |= {
        "cpu_ms": {
            name: statistics.median(row["cpu_ms"][name] for row in rounds) for name in rounds[0]["cpu_ms"]
        },
        "queries": queries,
        "ratio": round(result["per_second"] / result["sql_per_second"], 4),
        "clients": CLIENTS,
        "rounds": rounds,
        "invariants_broken": broken,
    }
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps({name: value for name, value in result.items() if name != "rounds"}))
    if broken:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
