"""What the API stands: reading by 16 clients at 1,000 and at 100,000 listings, and reading while the market works hard.

Closed loop first: catalogue, search, a listing and the caller's deliveries, in turn, until enough requests were answered;
no answer may be a fault of the server. Then an open loop at 40% of what the closed loop reached: once in quiet, once while
500 readers take a large file slowly, a spreadsheet is profiled, a bank statement of 10,000 lines is imported and the mail
server accepts connections and says nothing. The ratio of the two 95th percentiles is what the work beside it costs.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

from bench._many_listings import add_listings
from bench._running_market import Client, MarketForSale, running_market

DATABASE = "bench_load"
CLIENTS = 16
REQUESTS = 10_000
SIZES = (1_000, 100_000)
WORDS = ("genome", "satellite", "climate", "人口", "weather radar", "郵便番号", "ocean", "traffic", "image", "protein")


def paths(chosen: random.Random, listings: list[str]) -> list[tuple[str, str]]:
    """One request of each kind: its kind and path."""
    return [
        ("catalogue", "catalogue/"),
        ("search", f"catalogue/?text={quote(chosen.choice(WORDS))}"),
        ("detail", f"catalogue/{chosen.choice(listings)}/"),
        ("deliveries", "deliveries/"),
    ]
