"""A participant's program that buys over HTTP and tries every request again under its key until it has an answer."""

from __future__ import annotations

import hashlib
import http.client
import json
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

ANSWER_SECONDS_MAX = 180.0
REQUEST_SECONDS_MAX = 20.0
MATCH_SECONDS_MAX = 10.0
POLL_SECONDS = 0.3
COLLECTIONS_MAX = 20
USE = "?purpose=commercial&region=JP"


class Refused(AssertionError):
    """The market refused a request, other than for overload."""

    def __init__(self, path: str, status: int, answer: bytes) -> None:
        """``answer``: the problem that it told."""
        super().__init__(f"{path}: {status} {answer[:300]!r}")
        self.status = status


class Client:
    """A participant, known by its bearer token."""

    def __init__(self, base_url: str, token: str) -> None:
        """``token``: the participant's bearer token."""
        self.base_url = base_url
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def get(self, path: str) -> Any:
        """The JSON of the answer to a GET."""
        return json.loads(self.fetch(path))

    def post(self, path: str, body: dict[str, Any], key: str) -> Any:
        """The JSON of the answer to a command, which is repeated under ``key``."""
        return json.loads(self.fetch(path, json.dumps(body).encode(), key))

    def fetch(self, path: str, content: bytes | None = None, key: str = "") -> bytes:
        """The bytes of the answer, awaited through every broken connection and every overload. Raises Refused."""
        deadline = time.monotonic() + ANSWER_SECONDS_MAX
        headers = {**self.headers, **({"Idempotency-Key": key} if key else {})}
        while True:
            request = urllib.request.Request(f"{self.base_url}/api/v1/{path}", content, headers)  # noqa: S310  # our own address
            try:
                with urllib.request.urlopen(request, timeout=REQUEST_SECONDS_MAX) as response:  # noqa: S310
                    answer: bytes = response.read()
                    return answer
            except urllib.error.HTTPError as error:
                told = error.read()
                if (
                    error.code < HTTPStatus.INTERNAL_SERVER_ERROR
                    and error.code != HTTPStatus.TOO_MANY_REQUESTS
                ):
                    raise Refused(path, error.code, told) from error
            except (OSError, http.client.HTTPException):
                # Nobody answers, or somebody was killed while answering.
                pass
            assert time.monotonic() < deadline, f"{path}: no answer within {ANSWER_SECONDS_MAX} s"
            time.sleep(POLL_SECONDS)


@dataclass(frozen=True)
class Trading:
    """Who buys what from whom."""

    buyer: Client
    seller: Client
    listing: str

    def buy(self, reference: str) -> None:
        """One purchase, from the request to the acceptance of the data. Each step may have been taken before."""
        asked = {"listing": self.listing, "reference": reference}
        negotiation = self.buyer.post("negotiations/", asked, f"{reference}-ask")["id"]
        signed = {"signed_hash": self.seller.get(f"negotiations/{negotiation}/contract/")["signed_hash"]}
        self.seller.post(f"negotiations/{negotiation}/sign/", signed, f"{reference}-seller")
        self.buyer.post(f"negotiations/{negotiation}/sign/", signed, f"{reference}-buyer")
        agreement = self.buyer.get(f"agreements/?reference={reference}")["results"][0]["id"]
        delivery = self._wait_for_access(agreement)
        self._collect(delivery, reference)
        self.buyer.post(f"deliveries/{delivery}/accept/", {}, f"{reference}-accept")

    def _wait_for_access(self, agreement: str) -> str:
        """Raises Refused if a restoration made the market forget the agreement."""
        deadline = time.monotonic() + ANSWER_SECONDS_MAX
        while not (found := self.buyer.get(f"deliveries/?agreement={agreement}")["results"]):
            assert time.monotonic() < deadline, f"{agreement}: no access within {ANSWER_SECONDS_MAX} s"
            self.buyer.get(f"agreements/{agreement}/")
            time.sleep(POLL_SECONDS)
        identifier: str = found[0]["id"]
        return identifier

    def _collect(self, delivery: str, reference: str) -> None:
        """Download what has no matching receipt and report its hash, again where a killed process forgot the sending."""
        for attempt in range(COLLECTIONS_MAX):
            unmatched = set(self.buyer.get(f"deliveries/{delivery}/")["unmatched"])
            for file in sorted(unmatched):
                content = self.buyer.fetch(f"deliveries/{delivery}/distributions/{file}/content/{USE}")
                received = {"distribution": file, "sha256": hashlib.sha256(content).hexdigest()}
                try:
                    self.buyer.post(
                        f"deliveries/{delivery}/receipts/", received, f"{reference}-{attempt}-{file}"
                    )
                except Refused as refusal:
                    if refusal.status != HTTPStatus.CONFLICT:
                        raise
            if self._is_matched(delivery):
                return
        raise AssertionError(f"{reference}: the receipts do not match after {COLLECTIONS_MAX} downloads")

    def _is_matched(self, delivery: str) -> bool:
        """Whether every receipt matches soon; a receipt waits for the record of the end of the sending."""
        deadline = time.monotonic() + MATCH_SECONDS_MAX
        while self.buyer.get(f"deliveries/{delivery}/")["unmatched"]:
            if time.monotonic() > deadline:
                return False
            time.sleep(POLL_SECONDS)
        return True
