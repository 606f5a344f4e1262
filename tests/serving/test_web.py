"""A web process answers while many clients are slow or send much, each in its own way, and ends or refuses those."""

from __future__ import annotations

import http.client
import json
import socket
import time
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest

from tests import processes

PATH = "/api/v1/evidence/keys/"
HEAD_SECONDS, STALL_SECONDS = 3.0, 2.0
ANSWER_SECONDS_MAX = 5.0
LIMITS = {
    "REQUEST_HEAD_SECONDS_MAX": str(HEAD_SECONDS),
    "REQUEST_STALL_SECONDS_MAX": str(STALL_SECONDS),
    "REQUEST_BODY_BYTES_MAX": "3000000",
    "UPLOAD_BODY_BYTES_MAX": "5000000",
    "SPOOLED_BYTES_MAX": "6000000",
    "SENDING_STALL_SECONDS_MAX": str(STALL_SECONDS),
    "SERVING_THREADS": "2",
}
MANY = 50
UPLOAD_PATH = "/api/v1/listings/lst_1/versions/"
FORM = "multipart/form-data; boundary=b"
ROOM_WAIT_SECONDS_MAX = 10


@pytest.fixture(scope="module")
def base_url(module_database, tmp_path_factory):
    """The address of a web process with two threads and short limits, which outlasts all that these tests do to it."""
    with processes.web(tmp_path_factory.mktemp("web"), **LIMITS) as address:
        yield address


@pytest.fixture
def connect(base_url):
    """Opens a connection on which a text is sent; all are closed after the test."""
    with ExitStack() as opened:

        def begin(text: str = "", kernel_bytes: int | None = None) -> socket.socket:
            address = urlsplit(base_url)
            connection = opened.enter_context(socket.socket())
            if kernel_bytes:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, kernel_bytes)
            connection.settimeout(10)
            connection.connect((address.hostname, address.port))
            connection.sendall(text.encode())
            return connection

        yield begin


def read_answer(connection: socket.socket) -> tuple[int, bytes]:
    """Status and body of the next answer on the connection."""
    response = http.client.HTTPResponse(connection)
    response.begin()
    return response.status, response.read()


def answer(base_url: str) -> int:
    """The status of an ordinary request on a connection of its own, within ``ANSWER_SECONDS_MAX``."""
    web = http.client.HTTPConnection(urlsplit(base_url).netloc, timeout=ANSWER_SECONDS_MAX)
    web.request("GET", PATH)
    status = web.getresponse().status
    web.close()
    return status


def seconds_until_closed(connection: socket.socket) -> float:
    """How long the server keeps the connection open."""
    began = time.monotonic()
    try:
        while connection.recv(65536):
            pass
    except ConnectionResetError:
        pass
    return time.monotonic() - began


def test_half_sent_heads_and_idle_connections_hold_no_thread(base_url, connect):
    halves = [connect(f"GET {PATH} HTTP/1.1\r\nHost: localhost\r\nX-Half: ") for _ in range(MANY)]
    silent = [connect() for _ in range(MANY)]
    idle = []
    for _ in range(MANY):
        web = http.client.HTTPConnection(urlsplit(base_url).netloc, timeout=10)
        web.request("GET", PATH)
        web.getresponse().read()
        idle.append(web)
    assert [answer(base_url) for _ in range(10)] == [200] * 10
    assert max(seconds_until_closed(connection) for connection in halves) < HEAD_SECONDS + 3
    assert max(seconds_until_closed(connection) for connection in silent) < HEAD_SECONDS + 3
    assert answer(base_url) == 200
    for web in idle:
        web.close()


def test_a_head_that_comes_byte_by_byte_is_ended(connect):
    connection = connect(f"GET {PATH} HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
    began = time.monotonic()
    with pytest.raises(OSError):  # noqa: PT011  reset or broken pipe
        while time.monotonic() - began < HEAD_SECONDS + 5:
            connection.sendall(b"x")
            time.sleep(0.2)
    assert time.monotonic() - began < HEAD_SECONDS + 3


def test_a_request_in_two_parts_is_answered(connect):
    connection = connect(f"GET {PATH} HT")
    time.sleep(HEAD_SECONDS / 3)
    connection.sendall(b"TP/1.1\r\nHost: localhost\r\n\r\n")
    assert read_answer(connection)[0] == 200
    time.sleep(HEAD_SECONDS / 3)
    connection.sendall(f"GET {PATH} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    assert read_answer(connection)[0] == 200


def test_slow_bodies_hold_no_thread_and_are_refused(base_url, connect):
    head = "POST /api/v1/negotiations/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{"
    connections = [connect(head) for _ in range(MANY)]
    assert [answer(base_url) for _ in range(10)] == [200] * 10
    for connection in connections:
        status, body = read_answer(connection)
        assert (status, json.loads(body)["code"]) == (408, "request_too_slow")
        assert seconds_until_closed(connection) < STALL_SECONDS + 3


@pytest.mark.parametrize("accepted", ["ja", "en;q=0.2, ja"])
def test_a_body_that_is_too_large_is_refused_before_it_is_read(connect, accepted):
    head = f"POST /api/v1/negotiations/ HTTP/1.1\r\nHost: localhost\r\nAccept-Language: {accepted}\r\n"
    connection = connect(head + "Content-Length: 3000001\r\n\r\n")
    status, body = read_answer(connection)
    problem = json.loads(body)
    assert (status, problem["code"], problem["status"]) == (413, "request_too_large", 413)
    assert problem["title"] == "リクエストが大きすぎます"
    assert "3000000 バイト" in problem["detail"]
    assert problem["request_id"].startswith("req_")


def test_a_body_without_a_length_is_counted(base_url, connect):
    head = "POST /api/v1/negotiations/ HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    connection = connect(head)
    with pytest.raises(OSError):  # noqa: PT011  reset or broken pipe
        for _ in range(400):
            connection.sendall(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
    assert answer(base_url) == 200


def head_of(path: str, content_type: str, length: str) -> str:
    """The head of a POST; ``length`` is the header that says how long its body is."""
    return f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {content_type}\r\n{length}\r\n\r\n"


@pytest.mark.parametrize(
    ("path", "content_type", "size", "answered"),
    [
        (UPLOAD_PATH, FORM, 4_000_000, (401, "not_authenticated")),
        (UPLOAD_PATH, FORM, 5_000_001, (413, "request_too_large")),
        (UPLOAD_PATH, "application/json", 3_000_001, (413, "request_too_large")),
        ("/api/v1/bank-statements/", FORM, 5_500_000, (401, "not_authenticated")),
        ("/api/v1/negotiations/", FORM, 3_000_001, (413, "request_too_large")),
        (f"{UPLOAD_PATH}more/", FORM, 3_000_001, (413, "request_too_large")),
    ],
)
def test_only_forms_of_upload_routes_may_be_large(connect, path, content_type, size, answered):
    connection = connect(head_of(path, content_type, f"Content-Length: {size}"))
    if answered[0] == 401:
        connection.sendall(b"x" * size)
    status, body = read_answer(connection)
    assert (status, json.loads(body)["code"]) == answered


def wait_for_refusal(connect, head: str) -> http.client.HTTPResponse:
    """The first answer to a head that is sent again and again; it waits for its body while there is room."""
    deadline = time.monotonic() + ROOM_WAIT_SECONDS_MAX
    while True:
        connection = connect(head)
        connection.settimeout(0.3)
        response = http.client.HTTPResponse(connection)
        try:
            response.begin()
        except TimeoutError:
            assert time.monotonic() < deadline
            connection.close()
        else:
            return response


def test_a_process_keeps_no_more_of_all_uploads_than_it_has_room_for(connect):
    kept = 4_500_000
    large = head_of(UPLOAD_PATH, FORM, "Content-Length: 2000000")
    holder = connect(head_of(UPLOAD_PATH, FORM, "Content-Length: 4900000"))
    holder.sendall(b"x" * kept)
    # What is announced does not fit beside what is kept.
    refused = wait_for_refusal(connect, large)
    assert (refused.status, refused.headers["Retry-After"]) == (503, "10")
    problem = json.loads(refused.read())
    assert (problem["code"], problem["status"]) == ("receiving_limit_reached", 503)
    # What comes without a length is refused when there is no more room.
    unannounced = connect(head_of(UPLOAD_PATH, FORM, "Transfer-Encoding: chunked"))
    unannounced.sendall(b"%x\r\n%b\r\n" % (2_000_000, b"x" * 2_000_000))
    status, body = read_answer(unannounced)
    assert (status, json.loads(body)["code"]) == (503, "receiving_limit_reached")
    # Small requests pass.
    small = connect(head_of("/api/v1/negotiations/", "application/json", "Content-Length: 60000"))
    small.sendall(b" " * 60_000)
    assert read_answer(small)[0] == 401
    # An upload that ends, answered or broken off, makes room.
    holder.sendall(b"x" * 400_000)
    assert read_answer(holder)[0] == 401
    other = connect(head_of(UPLOAD_PATH, FORM, "Content-Length: 4900000"))
    other.sendall(b"x" * kept)
    assert wait_for_refusal(connect, large).status == 503
    other.close()
    deadline = time.monotonic() + ROOM_WAIT_SECONDS_MAX
    while True:
        again = connect(large)
        again.sendall(b"x" * 2_000_000)
        if (status := read_answer(again)[0]) != 503:
            break
        assert time.monotonic() < deadline
    assert status == 401


def test_readers_that_take_nothing_are_ended_and_hold_no_thread(base_url, connect):
    # So many pages are more than what the kernel keeps.
    request = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
    connections = [connect(request * 200, kernel_bytes=4096) for _ in range(4)]
    assert [answer(base_url) for _ in range(5)] == [200] * 5
    time.sleep(STALL_SECONDS + 6)
    for connection in connections:
        assert seconds_until_closed(connection) < 1
    assert answer(base_url) == 200


def test_a_page_is_served_and_a_connection_is_used_again(base_url):
    web = http.client.HTTPConnection(urlsplit(base_url).netloc, timeout=20)
    web.request("GET", "/")
    page = web.getresponse()
    assert (page.status, page.headers.get_content_type()) == (200, "text/html")
    page.read()
    web.request("HEAD", PATH)
    head = web.getresponse()
    assert (head.status, head.read()) == (200, b"")
    web.request("GET", PATH)
    assert web.getresponse().status == 200
    web.close()
