"""Only public addresses are sent to."""

import pytest

from marketplace.kernel.errors import FieldInvalid
from marketplace.webhooks.addresses import check_url, is_global


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",  # noqa: S104
        "10.0.0.1",
        "100.64.0.1",
        "127.0.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "224.0.0.1",
        "224.0.1.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::8.8.8.8",
        "::ffff:8.8.8.8",
        "::ffff:127.0.0.1",
        "64:ff9b::8.8.8.8",
        "64:ff9b::7f00:1",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::1",
        "3fff::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
        "ff0e::1",
        "not an address",
    ],
)
def test_an_address_that_is_not_global_is_refused(address):
    assert is_global(address) is False


@pytest.mark.parametrize("address", ["8.8.8.8", "203.104.128.1", "2606:4700:4700::1111", "2400:4050::1"])
def test_a_global_address_is_permitted(address):
    assert is_global(address) is True


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hooks.example.com",
        "http://hooks.example.com/",
        "ftp://hooks.example.com/",
        "https://",
        "https://user@hooks.example.com/",
        "https://user:secret@hooks.example.com/",
        "https://hooks.example.com/#part",
        "https://hooks.example.com:25/",
        "https://hooks.example.com:0/",
        "https://hooks.example.com:99999/",
        "https://127.0.0.1/",
        "https://127.0.0.1./",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://0x7F000001/",
        "https://017700000001/",
        "https://hooks.example.1/",
        "https://[::1]/",
        "https://[::ffff:169.254.169.254]/",
        "https://169.254.169.254/latest",
        "https://hooks.example.com/a b",
        "https://hooks.example.com\\@127.0.0.1/",
        "https://hooks.example.com/\r\nX-Injected: 1",
        "https://例え.jp/",
    ],
)
def test_a_url_that_the_market_does_not_send_to_is_refused(url):
    with pytest.raises(FieldInvalid) as refusal:
        check_url(url, local=False)
    assert refusal.value.name == "url"


@pytest.mark.parametrize(
    "url", ["https://hooks.example.com", "https://hooks.example.com:8443/a?b=c", "https://8.8.8.8/"]
)
def test_a_public_https_url_is_permitted(url):
    check_url(url, local=False)


def test_a_demonstration_may_send_to_its_own_machine():
    check_url("http://127.0.0.1:8123/hook", local=True)
    with pytest.raises(FieldInvalid):
        check_url("file:///etc/passwd", local=True)
