"""Real servers, named by the environment: parsed, reached and judged before anything is made."""

from urllib.parse import urlsplit

import psycopg
import redis

from marketplace.runtime.errors import RuntimeRefusal
from marketplace.runtime.layout import POSTGRES_MAJOR

CONNECT_SECONDS = 5


def check_database(variable: str, url: str) -> None:
    """Refuse a database URL that is malformed, unreachable or of too old a server.

    The refusal is one line that names the variable and never the password.
    """
    place = place_of(
        variable, url, ("postgres", "postgresql"), example="postgresql://user:password@host/name"
    )
    try:
        with psycopg.connect(url, connect_timeout=CONNECT_SECONDS) as connection:
            version = connection.info.server_version
    except psycopg.Error as error:
        raise RuntimeRefusal(
            f"{variable}: no connection to PostgreSQL at {place} ({first_line(error)}): "
            f"start that server or correct {variable}, or unset it to use the embedded one"
        ) from None
    check_server_version(variable, place, version)


def check_server_version(variable: str, place: str, version: int) -> None:
    """Refuse a PostgreSQL older than the market needs; `version` is its `server_version_num`."""
    if version // 10_000 < POSTGRES_MAJOR:
        raise RuntimeRefusal(
            f"{variable}: the server at {place} is PostgreSQL {version // 10_000}, and the market needs "
            f"{POSTGRES_MAJOR} or newer: upgrade it, or unset {variable} to use the embedded one"
        )


def check_redis(variable: str, url: str) -> None:
    """Refuse a Redis URL that is malformed or unreachable, in one line that names the variable."""
    place = place_of(variable, url, ("redis", "rediss"), example="redis://:password@host:6379/0")
    try:
        client = redis.Redis.from_url(
            url, socket_connect_timeout=CONNECT_SECONDS, socket_timeout=CONNECT_SECONDS
        )
        try:
            client.ping()
        finally:
            client.close()
    except (redis.RedisError, ValueError) as error:
        raise RuntimeRefusal(
            f"{variable}: no connection to Redis at {place} ({first_line(error)}): "
            f"start that server or correct {variable}, or unset it to use the embedded one"
        ) from None


def place_of(variable: str, url: str, schemes: tuple[str, ...], example: str) -> str:
    """Return `host:port/name` of a URL, without its user and password; refuse one of another kind."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in schemes or not parts.hostname:
        raise RuntimeRefusal(f"{variable} is not a URL of the form {example}: correct it or unset it")
    return f"{parts.hostname}{f':{port}' if port else ''}{parts.path}"


def user_of(url: str) -> str:
    """Return the user that a database URL connects as, or an empty text."""
    return urlsplit(url).username or ""


def first_line(error: Exception) -> str:
    """Return the first line of an error that says something."""
    lines = [line.strip() for line in str(error).split("\n") if line.strip()]
    return lines[0] if lines else type(error).__name__
