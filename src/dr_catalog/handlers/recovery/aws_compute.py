"""The processor on AWS: on and off is the concurrency that is reserved for it.

A function with no concurrency turns every call away; with none reserved it runs as all others do.

See https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
"""

from __future__ import annotations

from clients import calling, client
from recovery_settings import RecoverySettings


class AwsCompute:
    """The processor of a region."""

    def __init__(self, settings: RecoverySettings) -> None:
        self._processor = settings.processor

    def limit(self, region: str) -> int | None:
        """See ``world.Compute``."""
        with calling(f"Lambda in {region}"):
            found = client("lambda", region).get_function_concurrency(FunctionName=self._processor)
            limit = found.get("ReservedConcurrentExecutions")
            return None if limit is None else int(limit)
        raise AssertionError

    def set_limit(self, region: str, limit: int | None) -> None:
        """See ``world.Compute``."""
        function = client("lambda", region)
        with calling(f"Lambda in {region}"):
            if limit is None:
                function.delete_function_concurrency(FunctionName=self._processor)
            else:
                function.put_function_concurrency(
                    FunctionName=self._processor, ReservedConcurrentExecutions=limit
                )
