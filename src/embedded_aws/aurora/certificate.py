"""The certificate that every endpoint shows: made by the openssl program, and by no authority.

A client that verifies it must be told so; what RDS shows is signed by RDS's own authorities.
"""

from __future__ import annotations

import shutil
import ssl
import subprocess

from . import folder

_DAYS = "30"


def context() -> ssl.SSLContext:
    """A server's side of TLS.

    Raises:
        FileNotFoundError: There is no openssl program.
    """
    if shutil.which("openssl") is None:
        raise FileNotFoundError("Aurora's endpoints need TLS: install the openssl program")
    key, certificate = folder.root() / "server.key", folder.root() / "server.crt"
    options = ["-x509", "-nodes", "-days", _DAYS, "-subj", "/CN=embedded-aurora"]
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    subprocess.run(
        ["openssl", "req", *options, *kind, "-keyout", key, "-out", certificate],
        check=True,
        capture_output=True,
    )
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(certificate, key)
    return made
