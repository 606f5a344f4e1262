"""Real servers are judged before use, in one line that names the variable and never the password."""

import pytest

from marketplace.runtime.addresses import (
    check_database,
    check_redis,
    check_server_version,
    place_of,
    user_of,
)
from marketplace.runtime.errors import RuntimeRefusal
from marketplace.runtime.ports import free_port
from marketplace.runtime.servers import RealServers


def refusal_of_database(url: str) -> str:
    with pytest.raises(RuntimeRefusal) as refusal:
        check_database("DATABASE_URL", url)
    return str(refusal.value)


def refusal_of_redis(url: str) -> str:
    with pytest.raises(RuntimeRefusal) as refusal:
        check_redis("REDIS_URL", url)
    return str(refusal.value)


@pytest.mark.parametrize(
    "url", ["nonsense", "mysql://user:secret@host/name", "postgresql://", "postgresql://h:x/n"]
)
def test_check_database_refuses_what_is_no_database_url(url: str) -> None:
    assert refusal_of_database(url) == (
        "DATABASE_URL is not a URL of the form postgresql://user:password@host/name: correct it or unset it"
    )


def test_check_database_refuses_an_unreachable_server_in_one_line_without_its_password() -> None:
    port = free_port()
    said = refusal_of_database(f"postgresql://someone:secret@127.0.0.1:{port}/sanpo")
    assert said.startswith(f"DATABASE_URL: no connection to PostgreSQL at 127.0.0.1:{port}/sanpo (")
    assert said.endswith("start that server or correct DATABASE_URL, or unset it to use the embedded one")
    assert "\n" not in said
    assert "secret" not in said


def test_check_redis_refuses_an_unreachable_server_in_one_line_without_its_password() -> None:
    port = free_port()
    said = refusal_of_redis(f"redis://:secret@127.0.0.1:{port}/0")
    assert said.startswith(f"REDIS_URL: no connection to Redis at 127.0.0.1:{port}/0 (")
    assert "\n" not in said
    assert "secret" not in said


def test_check_redis_refuses_what_is_no_redis_url() -> None:
    assert refusal_of_redis("localhost:6379") == (
        "REDIS_URL is not a URL of the form redis://:password@host:6379/0: correct it or unset it"
    )


def test_check_server_version_refuses_an_older_server_and_accepts_newer_ones() -> None:
    with pytest.raises(RuntimeRefusal) as refusal:
        check_server_version("DATABASE_URL", "db:5432/sanpo", 170_009)
    assert str(refusal.value) == (
        "DATABASE_URL: the server at db:5432/sanpo is PostgreSQL 17, and the market needs 18 or newer: "
        "upgrade it, or unset DATABASE_URL to use the embedded one"
    )
    check_server_version("DATABASE_URL", "db", 180_000)
    check_server_version("DATABASE_URL", "db", 190_002)


def test_real_servers_refuse_an_owner_without_a_database() -> None:
    with pytest.raises(RuntimeRefusal, match="DATABASE_OWNER_URL is set but DATABASE_URL is not"):
        RealServers(database_owner_url="postgresql://owner@127.0.0.1/sanpo").check()


def test_place_and_user_of_a_url() -> None:
    url = "postgresql://sanpo_app:secret@db.example:6543/sanpo"
    assert place_of("DATABASE_URL", url, ("postgresql",), example="") == "db.example:6543/sanpo"
    assert user_of(url) == "sanpo_app"
