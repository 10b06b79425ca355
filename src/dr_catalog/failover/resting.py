"""What is good of a peer that is off at rest: its processor turned off, its cluster without an instance.

A run switches the one on and makes the other. On with no recovery running costs by the hour, and what is
on is then nothing that a run would put off again.
"""

from __future__ import annotations

from collections.abc import Sequence

from .. import names
from .surroundings import NotReady, Surroundings

OFF = 0
NO_FIGURE = "no figure: nothing reads the cluster at rest, and AWS documents none of a secondary without an instance"


def at_rest(look: Surroundings) -> str:
    """Off while nothing runs and the launch region writes."""
    if lock := look.lock:
        return f"{lock.operation} {lock.run} runs"
    if not look.resting:
        return f"{look.writer.region} writes since epoch {look.writer.epoch}"
    function, region = names.PROCESSOR.of(suffix=look.site.suffix), look.standby
    if not off(look):
        raise NotReady(
            f"{function} is on in {region} and no recovery runs",
            f"`aws lambda put-function-concurrency --region {region} --function-name {function} "
            "--reserved-concurrent-executions 0`",
        )
    if running := instances(look):
        raise NotReady(
            f"{', '.join(running)} in {region} costs by the hour and no recovery runs",
            f"`aws rds delete-db-instance --region {region} --db-instance-identifier {running[0]} "
            "--skip-final-snapshot`",
        )
    return f"{region} is off: {function} without concurrency, the cluster without an instance"


def off(look: Surroundings) -> bool:
    """Whether the standby's processor is off."""
    limit = look.call(
        "lambda",
        "get_function_concurrency",
        region=look.standby,
        FunctionName=names.PROCESSOR.of(suffix=look.site.suffix),
    ).get("ReservedConcurrentExecutions")
    return bool(limit == OFF)


def instances(look: Surroundings) -> Sequence[str]:
    """The instances of the standby's cluster that are there to stay."""
    cluster = names.LEDGER_CLUSTER.of(suffix=look.site.suffix, region=look.standby)
    found = look.call(
        "rds",
        "describe_db_instances",
        region=look.standby,
        Filters=[{"Name": "db-cluster-id", "Values": [cluster]}],
    )["DBInstances"]
    return [
        each["DBInstanceIdentifier"] for each in found if each["DBInstanceStatus"] != "deleting"
    ]
