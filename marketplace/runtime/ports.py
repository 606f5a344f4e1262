"""Free TCP ports on the loopback address."""

import socket

LOOPBACK = "127.0.0.1"


def bind_error(port: int) -> OSError | None:
    """Return why a server could not bind this loopback port now, or None when it could."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # Servers set it too; without it a port in TIME_WAIT would look taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            return error
    return None


def is_free(port: int) -> bool:
    """Tell whether a server could bind this loopback port now."""
    return bind_error(port) is None


def free_port(preferred: int | None = None) -> int:
    """Return the preferred port when it is free, else one that the kernel chooses."""
    if preferred and is_free(preferred):
        return preferred
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def listening_socket(preferred: int | None = None) -> socket.socket:
    """Return a listening loopback socket, for a child to inherit.

    The supervisor keeps it open while the child restarts, so the address stays the same and callers wait
    in the backlog instead of being refused.
    """
    port = preferred if preferred and is_free(preferred) else 0
    server = socket.create_server((LOOPBACK, port), backlog=512)
    server.set_inheritable(True)
    return server
