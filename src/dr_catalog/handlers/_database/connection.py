"""A connection to Aurora PostgreSQL over TLS, to the server that a name means now.

Aurora's endpoints are names for a server that changes: the global writer endpoint leads to the
writer's region, a cluster endpoint to its writer. A name is followed to the server's own one first,
for two reasons: an IAM token must be made for an endpoint that the server knows as its own, and its
certificate names it so. Python and Lambda keep no answer of the DNS, so a name is never older than
the moment it is followed.

Servers of RDS are verified against RDS's authorities. An address of this machine is not verified,
only encrypted to: nothing leaves the machine, and the embedded AWS has no authority to sign for it.

See https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-global-database-connecting.html
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from pg8000.native import Connection
from rds_authorities import CERTIFICATES

TIMEOUT = 3.0
"""Seconds for one step: to connect, or to wait for an answer."""


@dataclass(frozen=True)
class Server:
    """The server behind a name at one moment.

    Attributes:
        host: The server's own name.
        address: Its IP address.
    """

    host: str
    address: str


def server(name: str) -> Server:
    """The server that the name leads to now.

    Raises:
        OSError: It leads nowhere.
    """
    host, _, addresses = socket.gethostbyname_ex(name)
    return Server(host, addresses[0])


def connect(
    to: Server, *, port: int, database: str, user: str, password: Callable[[str], str]
) -> Connection:
    """A connection in autocommit mode.

    Args:
        password: From the server's own name to the password, which may be an IAM token.

    Raises:
        pg8000.exceptions.Error: The server refused, or can't be reached.
        OSError: The server can't be verified, or does not answer in time.
    """
    # The driver leaves a socket open whose server hung up, so it is given one that is closed here.
    plain = socket.create_connection((to.host, port), TIMEOUT)
    try:
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        return Connection(
            user,
            host=to.host,
            sock=plain,
            database=database,
            password=password(to.host),
            ssl_context=_tls(local=ipaddress.ip_address(to.address).is_loopback),
            timeout=TIMEOUT,
            application_name="dr-catalog",
        )
    except BaseException:
        plain.close()
        raise


@cache
def _tls(*, local: bool) -> ssl.SSLContext:
    context = ssl.create_default_context(cadata=CERTIFICATES)
    # Strictness is about the form of certificates, and RDS's own are older than Python's.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if local:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
