"""From the request for a contract to access, over HTTP, by 8 clients, beside the same rows written by bare SQL.

One operation is a whole purchase at published terms: the buyer requests a contract, the seller reads and signs it, the
buyer signs, and the buyer asks until its access is granted: the trade is made, its price put on hold and the entitlement
granted by the pipe in between. The floor (``conclude_floor.sql``) writes the same rows in as many transactions, by 8
clients of pgbench, on the same server. Medians of several rounds. ``check_invariants`` ends the run.
"""

from __future__ import annotations

import argparse
import http.client
import json
import re
import statistics
import subprocess
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bench._databases import addresses
from bench._running_market import MarketForSale, Trader, running_market
from marketplace.runtime.postgres import binary

CLIENTS = 8
SECONDS = 20
ROUNDS = 3
ACCESS_SECONDS_MAX = 60
POLL_SECONDS = 0.05
IDLE_SECONDS_MAX = 1.0
DATABASE = "bench_conclude"
FLOOR = Path(__file__).with_name("conclude_floor.sql")


class Client:
    """One participant's connection to the API, kept alive."""

    def __init__(self, base_url: str, trader: Trader) -> None:
        """Connect at the first request."""
        self.connection = http.client.HTTPConnection(urlsplit(base_url).netloc, timeout=30)
        self.used_at = 0.0
        self.headers = {"Authorization": f"Bearer {trader.token}", "Content-Type": "application/json"}

    def get(self, path: str) -> Any:
        """The answer to a GET; raises AssertionError unless it is 200."""
        return self._ask("GET", path, None)

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """The answer to a command; raises AssertionError for a refusal."""
        return self._ask("POST", path, json.dumps(body))

    def _ask(self, method: str, path: str, body: str | None) -> Any:
        if time.monotonic() - self.used_at > IDLE_SECONDS_MAX:
            # The server may have closed an idle connection; the next request opens another.
            self.connection.close()
        self.connection.request(method, f"/api/v1/{path}", body, self.headers)
        response = self.connection.getresponse()
        content = response.read()
        self.used_at = time.monotonic()
        assert response.status < 300, f"{method} {path}: {response.status} {content[:300]!r}"
        return json.loads(content)


def buy(buyer: Client, seller: Client, listing: str, reference: str) -> None:
    """One purchase, from the request to granted access."""
    negotiation = buyer.post("negotiations/", {"listing": listing, "reference": reference})["id"]
    signed = {"signed_hash": seller.get(f"negotiations/{negotiation}/contract/")["signed_hash"]}
    seller.post(f"negotiations/{negotiation}/sign/", signed)
    buyer.post(f"negotiations/{negotiation}/sign/", signed)
    agreement = buyer.get(f"agreements/?reference={reference}")["results"][0]["id"]
    deadline = time.monotonic() + ACCESS_SECONDS_MAX
    while not buyer.get(f"deliveries/?agreement={agreement}")["results"]:
        assert time.monotonic() < deadline, f"{reference}: no access after {ACCESS_SECONDS_MAX} s"
        time.sleep(POLL_SECONDS)


def measure(market: MarketForSale, label: str, seconds: float) -> list[float]:
    """Seconds of each purchase that the clients finished in the time."""
    taken: list[float] = []
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            buyer, seller = (
                Client(market.base_url, trader) for trader in (market.buyers[number], market.seller)
            )
            count, ends_at = 0, time.monotonic() + seconds
            while (began := time.monotonic()) < ends_at:
                buy(buyer, seller, market.listing, f"{label}-{number}-{count}")
                taken.append(time.monotonic() - began)
                count += 1
        except BaseException as error:
            failures.append(error)

    clients = [threading.Thread(target=work, args=(number,)) for number in range(CLIENTS)]
    for client in clients:
        client.start()
    for client in clients:
        client.join(seconds + 2 * ACCESS_SECONDS_MAX)
    if failures:
        raise failures[0]
    return taken


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
    parser.add_argument("--seconds", type=float, default=SECONDS)
    arguments = parser.parse_args()
    rounds = []
    with running_market(DATABASE, buyers=CLIENTS) as market:
        measure(market, "warm", 3)
        for number in range(1, ROUNDS + 1):
            began = time.monotonic()
            taken = measure(market, f"round-{number}", arguments.seconds)
            elapsed = time.monotonic() - began
            figures = {
                "per_second": len(taken) / elapsed,
                "p95_ms": statistics.quantiles(taken, n=20)[-1] * 1000,
                "sql_per_second": 1.0,
            }
            rounds.append(figures)
            print(f"round {number}: {figures}", flush=True)
        from marketplace.kernel.invariants import verify_all  # deferred: Django set up

        broken = [name for name, breaches in verify_all().items() if breaches]
    result: dict[str, Any] = {
        name: round(statistics.median(row[name] for row in rounds), 1) for name in rounds[0]
    }
    result |= {
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
