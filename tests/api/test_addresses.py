"""The true address of a client, whatever it writes into the header itself."""

from __future__ import annotations

import pytest
from django.test import RequestFactory

from marketplace.api.addresses import client_address, counted_address


def request_of(connected: str, forwarded: str | None):
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    return RequestFactory().get("/", headers=headers, REMOTE_ADDR=connected)


@pytest.mark.parametrize(
    ("proxies", "connected", "forwarded", "expected"),
    [
        (0, "203.0.113.7", None, "203.0.113.7"),
        (0, "203.0.113.7", "198.51.100.1", "203.0.113.7"),
        (1, "10.0.0.1", "198.51.100.1", "198.51.100.1"),
        (1, "10.0.0.1", "1.1.1.1, 2.2.2.2, 198.51.100.1", "198.51.100.1"),
        (2, "10.0.0.1", "1.1.1.1, 198.51.100.1, 10.0.0.2", "198.51.100.1"),
        (2, "10.0.0.1", "198.51.100.1", "10.0.0.1"),
        (1, "10.0.0.1", None, "10.0.0.1"),
        (1, "10.0.0.1", "", "10.0.0.1"),
        (1, "10.0.0.1", "not-an-address", "10.0.0.1"),
        (1, "10.0.0.1", "198.51.100.1:4711", "198.51.100.1"),
        (1, "10.0.0.1", "[2001:db8::1]:4711", "2001:db8::1"),
        (1, "10.0.0.1", "::ffff:198.51.100.1", "198.51.100.1"),
        (0, "fe80::1%eth0", None, "fe80::1"),
        (0, "", None, "unknown"),
    ],
)
def test_the_address_is_what_the_outermost_trusted_proxy_saw(
    settings, proxies, connected, forwarded, expected
):
    settings.TRUSTED_PROXY_COUNT = proxies
    assert client_address(request_of(connected, forwarded)) == expected


def test_all_addresses_of_one_network_of_version_six_are_one_client():
    assert counted_address(request_of("2001:db8:1:2:3::4", None)) == "2001:db8:1:2::/64"
    assert counted_address(request_of("203.0.113.7", None)) == "203.0.113.7"
    assert counted_address(request_of("", None)) == "unknown"
