"""Ports are free when they are given out, and a preferred one is kept where it can be."""

from marketplace.runtime.ports import free_port, is_free, listening_socket


def test_free_port_keeps_the_preferred_one_when_free() -> None:
    port = free_port()
    assert free_port(port) == port


def test_free_port_avoids_a_preferred_one_that_is_taken() -> None:
    with listening_socket() as server:
        taken = server.getsockname()[1]
        assert not is_free(taken)
        assert free_port(taken) != taken


def test_listening_socket_keeps_the_preferred_port_and_can_be_inherited() -> None:
    port = free_port()
    with listening_socket(port) as server:
        assert server.getsockname() == ("127.0.0.1", port)
        assert server.get_inheritable()
