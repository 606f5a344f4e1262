"""Hard work beside the readers: slow downloads, a large spreadsheet, a long bank statement, a mail server that hangs."""

from __future__ import annotations

import http.client
import json
import selectors
import socket
import threading
import time
import uuid
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from io import BytesIO
from random import Random
from typing import Any
from urllib.parse import urlsplit

from bench._running_market import Client, MarketForSale, Trader
from bench.conclude import Contract, conclude, prepare

READERS = 500
READ_BYTES = 4_096
READ_PAUSE_SECONDS = 1.0
STATEMENT_LINES = 10_000
SPREADSHEET_BYTES = 70_000_000
# More than sockets buffer, and more than a slow reader takes while the benchmark runs.
DOWNLOAD_BYTES = 4_000_000
PURCHASES = 20
TIMEOUT_SECONDS = 30
WAIT_SECONDS_MAX = 600.0
POLL_SECONDS = 0.5
DIGITS = bytes.maketrans(b"abcdef", b"123456")
SPREADSHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class HangingMailServer:
    """A server that accepts connections and never says anything."""

    def __enter__(self) -> HangingMailServer:
        """Begin to listen."""
        self.held: list[socket.socket] = []
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop, and let go of whoever waits."""
        self.listener.close()
        for connection in self.held:
            connection.close()

    def settings(self) -> dict[str, str]:
        """The environment of a market that sends its mail here."""
        return {"EMAIL_URL": f"smtp://127.0.0.1:{self.listener.getsockname()[1]}"}

    def _accept(self) -> None:
        while True:
            try:
                self.held.append(self.listener.accept()[0])
            except OSError:
                return


class HardWork:
    """What the market does beside answering readers; ``figures`` says how it went."""

    def __init__(
        self, market: MarketForSale, mail: HangingMailServer, readers: int, lines: int, spreadsheet_bytes: int
    ) -> None:
        """Nothing has begun yet."""
        self.market, self.mail = market, mail
        self.readers, self.lines, self.spreadsheet_bytes = readers, lines, spreadsheet_bytes
        self.result: dict[str, Any] = {}
        self.failures: list[str] = []
        self.readers_ready = threading.Event()
        self.over = threading.Event()

    def prepare(self) -> None:
        """Make what the work needs: contracts to conclude, a delivery to download, the files."""
        buyer, seller = (
            Client(self.market.base_url, each) for each in (self.market.buyers[0], self.market.seller)
        )
        self.contracts: list[Contract] = [
            prepare(buyer, seller, self.market.listing, f"load-{number}") for number in range(PURCHASES)
        ]
        listing = self._list_large_file(seller)
        conclude(buyer, prepare(buyer, seller, listing, "load-download"))
        agreement = buyer.get("agreements/?reference=load-download")["results"][0]["id"]
        delivery = buyer.get(f"deliveries/?agreement={agreement}")["results"][0]
        file = delivery["distributions"][0]["id"]
        self.content_path = (
            f"/api/v1/deliveries/{delivery['id']}/distributions/{file}/content/?purpose=commercial&region=JP"
        )
        self.statement = self._statement()
        self.spreadsheet = spreadsheet(self.spreadsheet_bytes)
        self.described = seller.get(f"listings/{self.market.listing}/")

    @contextmanager
    def under_way(self, seconds: float) -> Iterator[None]:
        """Do all of it in threads of its own while the body runs, ``seconds`` long; wait for its ends afterwards."""
        reading = threading.Thread(target=self._note_failure, args=(self._read_slowly,))
        reading.start()
        assert self.readers_ready.wait(WAIT_SECONDS_MAX), "the slow readers do not read"
        works = [self._import_statement, self._submit_spreadsheet, partial(self._purchase, seconds)]
        threads = [threading.Thread(target=self._note_failure, args=(work,)) for work in works]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.result["purchases_during"] = self.result.get("purchases", 0)
            self.over.set()
            for thread in (reading, *threads):
                thread.join(WAIT_SECONDS_MAX)

    def figures(self) -> dict[str, Any]:
        """How each kind of work went; ``failures`` says what did not end as it should."""
        expected = {
            "slow_readers": self.readers,
            "slow_reader_statuses": {"200": self.readers},
            "statement_state": "imported",
            "statement_added": self.lines,
            "spreadsheet_state": "done",
            "purchases": PURCHASES,
        }
        unlike = [
            f"{name}: {self.result.get(name)} instead of {value}"
            for name, value in expected.items()
            if self.result.get(name) != value
        ]
        if not self.mail.held:
            unlike.append("no mail was sent to the hanging server")
        return {**self.result, "mails_hanging": len(self.mail.held), "failures": [*self.failures, *unlike]}

    def _note_failure(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:  # the benchmark reports what failed beside what it measured
            self.failures.append(f"{type(error).__name__}: {error}"[:300])

    def _list_large_file(self, seller: Client) -> str:
        """Put a file on sale that is large enough to be read slowly; returns its listing."""
        described = seller.get(f"listings/{self.market.listing}/")
        offered = {
            name: described[name]
            for name in ("segment", "title", "description", "keywords", "source", "personal_data_class")
        }
        listing: str = seller.post("listings/", {"reference": "load-download", **offered})["id"]
        rows = (
            f"{number},{number * 7919 % 100_000},{number % 97}\n" for number in range(DOWNLOAD_BYTES // 14)
        )
        content = "".join(["number,value,remainder\n", *rows]).encode()
        version = upload(
            self.market,
            self.market.seller,
            f"listings/{listing}/versions/",
            {"offer": json.dumps(offer_of())},
            ("files", "large.csv", "text/csv", content),
        )
        seller.post(f"listing-versions/{version['id']}/submit/", {})
        deadline = time.monotonic() + WAIT_SECONDS_MAX
        while (state := seller.get(f"listings/{listing}/")["state"]) != "on_sale":
            assert time.monotonic() < deadline, f"{listing} is {state} after {WAIT_SECONDS_MAX} s"
            time.sleep(POLL_SECONDS)
        return listing

    def _statement(self) -> bytes:
        """A statement of STATEMENT_LINES receipts, together below the limit that asks for a second person."""
        from clearing.bank.queries import pay_in_reference  # deferred: Django set up
        from fixtures.day.bank import Movement, statement  # deferred: Django set up
        from marketplace.kernel import clock  # deferred: Django set up

        references = [pay_in_reference(organisation=trader.organisation) for trader in self.market.buyers]
        movements = [
            Movement(f"LOAD-{number}", "credit", 50, "BUYER", references[number % len(references)])
            for number in range(self.lines)
        ]
        return statement(clock.today(), movements).content

    def _import_statement(self) -> None:
        began = time.monotonic()
        answer = upload(
            self.market,
            self.market.operator,
            "bank-statements/",
            {},
            ("file", "load.csv", "text/csv", self.statement),
        )
        operator = Client(self.market.base_url, self.market.operator)
        while answer["state"] == "received" and time.monotonic() - began < WAIT_SECONDS_MAX:
            time.sleep(POLL_SECONDS)
            answer = operator.get(f"statement-imports/{answer['id']}/")
        self.result["statement_state"] = answer["state"]
        self.result["statement_seconds"] = round(time.monotonic() - began, 1)
        (recorded,) = operator.get(f"bank-statements/?sha256={answer['sha256']}")["results"]
        self.result["statement_added"] = recorded["added"]

    def _submit_spreadsheet(self) -> None:
        """Upload a version of 70 MB to the seller's listing, submit it, and wait until it is measured."""
        began = time.monotonic()
        seller = Client(self.market.base_url, self.market.seller)
        version = upload(
            self.market,
            self.market.seller,
            f"listings/{self.market.listing}/versions/",
            {"offer": json.dumps(offer_of())},
            ("files", "large.xlsx", SPREADSHEET_TYPE, self.spreadsheet),
        )
        self.result["spreadsheet_upload_seconds"] = round(time.monotonic() - began, 1)
        seller.post(f"listing-versions/{version['id']}/submit/", {})
        operator = Client(self.market.base_url, self.market.operator)
        state = None
        while state not in ("done", "parked", "abandoned") and time.monotonic() - began < WAIT_SECONDS_MAX:
            time.sleep(POLL_SECONDS)
            jobs = operator.get(f"jobs/?subject={version['id']}&kind=quality.measure_version")["results"]
            state = jobs[0]["state"] if jobs else None
        self.result["spreadsheet_state"] = state
        self.result["spreadsheet_attempts"] = jobs[0]["attempts"] if jobs else 0
        self.result["spreadsheet_seconds"] = round(time.monotonic() - began, 1)

    def _purchase(self, seconds: float) -> None:
        """Conclude purchases, each up to its access, evenly over ``seconds``."""
        buyer, taken = Client(self.market.base_url, self.market.buyers[0]), []
        began = time.monotonic()
        for number, contract in enumerate(self.contracts):
            time.sleep(max(0.0, began + number * seconds / len(self.contracts) - time.monotonic()))
            signed = time.monotonic()
            conclude(buyer, contract)
            taken.append(time.monotonic() - signed)
            self.result["purchases"] = len(taken)
            self.result["purchase_seconds_max"] = round(max(taken), 2)

    def _read_slowly(self) -> None:
        """Hold many downloads open, each reading a little once a second, until the work is over."""
        selector = selectors.DefaultSelector()
        address, path = self._download_address()
        statuses: dict[str, int] = {}
        for number in range(self.readers):
            connection = socket.socket()
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, READ_BYTES)
            connection.settimeout(TIMEOUT_SECONDS)
            connection.connect(address)
            connection.sendall(
                f"GET {path} HTTP/1.1\r\nHost: {address[0]}:{address[1]}\r\nConnection: close\r\n\r\n".encode()
            )
            selector.register(connection, selectors.EVENT_READ, number)
        while not self.over.is_set():
            for key, _ in selector.select(0):
                connection = key.fileobj  # type: ignore[assignment]
                piece = connection.recv(READ_BYTES)
                if piece.startswith(b"HTTP/1.1 "):
                    status = piece[9:12].decode()
                    statuses[status] = statuses.get(status, 0) + 1
                if not piece:
                    selector.unregister(connection)
                    connection.close()
            if sum(statuses.values()) == self.readers:
                self.readers_ready.set()
            time.sleep(READ_PAUSE_SECONDS)
        self.result["slow_readers"] = len(selector.get_map())
        self.result["slow_reader_statuses"] = statuses
        for key in list(selector.get_map().values()):
            key.fileobj.close()  # type: ignore[union-attr]

    def _download_address(self) -> tuple[tuple[str, int], str]:
        """Where the content is sent from: the address to which the API redirects, with its grant."""
        trader = self.market.buyers[0]
        connection = http.client.HTTPConnection(
            urlsplit(self.market.base_url).netloc, timeout=TIMEOUT_SECONDS
        )
        connection.request("GET", self.content_path, headers={"Authorization": f"Bearer {trader.token}"})
        location = urlsplit(connection.getresponse().headers["Location"])
        connection.close()
        return (str(location.hostname), int(location.port or 80)), f"{location.path}?{location.query}"


def offer_of() -> dict[str, Any]:
    """The terms under which the demo market offers its listings."""
    from fixtures.day.listing import FUNDING_DAYS, INSPECTION_DAYS, RIGHTS  # deferred: Django set up

    return {
        "price_minor": 10_000, "currency": "JPY", "tax_category": "standard", "rights": RIGHTS,
        "template": "data-provision", "funding_days": FUNDING_DAYS, "inspection_days": INSPECTION_DAYS, "negotiable": True,
    }  # fmt: skip


def upload(
    market: MarketForSale,
    trader: Trader,
    path: str,
    fields: dict[str, str],
    file: tuple[str, str, str, bytes],
) -> Any:
    """Post one file (its field, name, media type and content) as a form; returns the answer's JSON."""
    boundary, (field, file_name, media_type, content) = uuid.uuid4().hex, file
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="{field}"; filename="{file_name}"\r\n'
        f"Content-Type: {media_type}\r\n\r\n"
    ).encode()
    body = b"".join([*parts, head, content, f"\r\n--{boundary}--\r\n".encode()])
    connection = http.client.HTTPConnection(urlsplit(market.base_url).netloc, timeout=300)
    headers = {
        "Authorization": f"Bearer {trader.token}",
        "Content-Type": f"multipart/form-data; boundary={boundary}",
        "Idempotency-Key": uuid.uuid4().hex,
    }
    connection.request("POST", f"/api/v1/{path}", body, headers)
    response = connection.getresponse()
    content_back = response.read()
    connection.close()
    assert response.status < 300, f"{path}: {response.status} {content_back[:300]!r}"
    return json.loads(content_back)


def spreadsheet(size_bytes: int) -> bytes:
    """A workbook of about ``size_bytes``, one sheet of numbers that do not compress well."""
    chosen, target = Random(42), BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("[Content_Types].xml", CONTENT_TYPES)
        archive.writestr("_rels/.rels", RELATIONS.format(kind="officeDocument", target="xl/workbook.xml"))
        archive.writestr(
            "xl/_rels/workbook.xml.rels", RELATIONS.format(kind="worksheet", target="worksheets/sheet1.xml")
        )
        archive.writestr("xl/workbook.xml", WORKBOOK)
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            sheet.write(SHEET_BEGIN)
            sheet.write(
                b"<row>"
                + b"".join(b'<c t="inlineStr"><is><t>c%d</t></is></c>' % n for n in range(12))
                + b"</row>"
            )
            while target.tell() < size_bytes:
                digits = chosen.randbytes(9_000).hex().encode().translate(DIGITS)
                cells = b"".join(b"<c><v>%b</v></c>" % digits[at : at + 12] for at in range(1, 17_281, 12))
                rows = cells.split(b"<c>")[1:]
                sheet.write(
                    b"".join(
                        b"<row><c>" + b"<c>".join(rows[at : at + 12]) + b"</row>"
                        for at in range(0, 1_440, 12)
                    )
                )
            sheet.write(b"</sheetData></worksheet>")
    return target.getvalue()


MAIN = "http://schemas.openxmlformats.org"
CONTENT_TYPES = (
    f'<?xml version="1.0"?><Types xmlns="{MAIN}/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Override PartName="/xl/workbook.xml"'
    ' ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
    '<Override PartName="/xl/worksheets/sheet1.xml"'
    ' ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>'
)
RELATIONS = (
    f'<?xml version="1.0"?><Relationships xmlns="{MAIN}/package/2006/relationships"><Relationship Id="rId1"'
    f' Type="{MAIN}/officeDocument/2006/relationships/{{kind}}" Target="{{target}}"/></Relationships>'
)
WORKBOOK = (
    f'<?xml version="1.0"?><workbook xmlns="{MAIN}/spreadsheetml/2006/main"'
    f' xmlns:r="{MAIN}/officeDocument/2006/relationships"><sheets><sheet name="s" sheetId="1" r:id="rId1"/></sheets></workbook>'
)
SHEET_BEGIN = f'<?xml version="1.0"?><worksheet xmlns="{MAIN}/spreadsheetml/2006/main"><sheetData>'.encode()
