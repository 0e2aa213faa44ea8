"""Takes the address a server listens on before it loads anything, so that an address that is taken is told at once."""

from __future__ import annotations

import errno
import socket

from cropflow.errors import InputError

_NOT_HERE = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
_WHY = {errno.EADDRINUSE: "is taken", errno.EACCES: "is not for this user"}


def listen(host: str, port: int) -> list[socket.socket]:
    """Listen on all addresses that a host stands for, on one port; 0 takes a free one. Clients wait from now on.

    Raises:
        InputError: the host is none of this machine.
        OSError: the port is taken, or may not be used.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise InputError(f"--host {host} is not known: {getattr(error, 'strerror', None) or error}") from error
    sockets: list[socket.socket] = []
    for family, _, _, _, address in dict.fromkeys(found):
        try:
            sockets.append(socket.create_server((address[0], port, *address[2:]), family=family, backlog=2048))
        except OSError as error:
            if error.errno in _NOT_HERE:  # such as ::1 for localhost where there is no IPv6
                continue
            for one in sockets:
                one.close()
            why = _WHY.get(error.errno or 0, f"cannot be used ({error.strerror})")
            raise OSError(error.errno, f"port {port} {why}; choose another with --port") from error
        port = sockets[0].getsockname()[1]
    if not sockets:
        raise InputError(f"--host {host} is no address of this machine; 0.0.0.0 stands for all")
    return sockets
