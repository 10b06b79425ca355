"""Only the operations that ``OPERATIONS.md`` lists exist; any other is refused before it runs.

    request -> identify: which service and operation -> document: listed? -> the emulator, or refusal

JSON, CBOR and query requests name their operation; REST requests are recognised by botocore's models
(`rest`), read when a service is first called.
"""

from __future__ import annotations


def register() -> None:
    """Put the gate before the emulator's services; once, before the server starts.

    Raises:
        ValueError: ``OPERATIONS.md`` has a line that names no operation.
    """
    from .gate import install

    install()
