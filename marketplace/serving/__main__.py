"""``python -m marketplace.serving web|downloads``: one process of the market that answers HTTP."""

from __future__ import annotations

import argparse
import os
import resource
import socket

import uvicorn

from .protocol import PunctualProtocol

APPLICATIONS = {"web": "marketplace.asgi:web", "downloads": "marketplace.asgi:downloads"}
CLOSING_SECONDS_MAX = 3
# A receiver's bytes that are in the kernel: enough for a fast line, little beside what a proxy would hold.
KERNEL_BYTES = 128 * 1024


def main() -> None:
    """Serve until a stop signal; running answers get ``CLOSING_SECONDS_MAX`` seconds."""
    arguments = parse_arguments()
    allow_many_connections()
    listener = open_listener(arguments)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BYTES)
    config = uvicorn.Config(
        APPLICATIONS[arguments.plane],
        loop="asyncio",
        http=PunctualProtocol,
        ws="none",
        interface="asgi3",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=CLOSING_SECONDS_MAX,
    )
    uvicorn.Server(config).run(sockets=[listener])


def parse_arguments() -> argparse.Namespace:
    """The plane, and either an address or the descriptor of a listening socket."""
    parser = argparse.ArgumentParser(prog="python -m marketplace.serving", description=__doc__)
    parser.add_argument("plane", choices=sorted(APPLICATIONS))
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--bind", metavar="HOST:PORT", help="the address to listen on")
    where.add_argument("--descriptor", type=int, help="a listening socket that the parent left open")
    return parser.parse_args()


def open_listener(arguments: argparse.Namespace) -> socket.socket:
    """The listening socket."""
    if arguments.descriptor is not None:
        return socket.socket(fileno=arguments.descriptor)
    host, _, port = arguments.bind.rpartition(":")
    return socket.create_server((host, int(port)), backlog=1024)


def allow_many_connections() -> None:
    """Raise the limit on open descriptors to what the system allows: a slow client costs one, and no thread."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings.embedded")
    main()
