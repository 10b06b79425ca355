"""Parts of the peer's foundation where it holds copies alone, and what rebuilding it from them needs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ... import names
from ...layers import RestoreRole, RestoreTestFailures, RestoreTesting
from ...layers._parameters import publish
from .. import parameters as given
from . import foundation
from .composition import Part, Region, asked
from .facts import CustomerKey

LAYER = "restore"
TEMPLATE, LAUNCH_REGION, PARAMETERS = "template", "launch-region", "parameters"

Key, Vault, Documents = foundation.Key, foundation.Vault, foundation.Documents


class Role(Part):
    """What AWS Backup restores table and documents as."""

    gives = (RestoreRole,)

    def add(self, region: Region) -> Iterable[object]:
        key = region.need(CustomerKey)
        yield RestoreRole(
            region.stack,
            "Restore",
            suffix=region.suffix,
            key=key.key,
            source_key_arn=key.elsewhere,
        )


class TableTest(Part):
    """The weekly test that the table's copies can be restored; a cluster's would need a network here."""

    gives = (RestoreTesting,)

    def add(self, region: Region) -> Iterable[object]:
        key = region.need(CustomerKey)
        testing = RestoreTesting(
            region.stack,
            "Testing",
            suffix=region.suffix,
            key=key.key,
            source_key_arn=key.elsewhere,
        )
        failures = RestoreTestFailures(
            region.stack, "Failures", suffix=region.suffix, key=key.key, role=testing.role
        )
        told = f"Where failed restore tests in {region.here} are told"
        region.output("TopicArn", failures.topic.topic_arn, told)
        yield testing


@dataclass(frozen=True)
class Rebuildable(Part):
    """Which template rebuilds the launch here, and with which parameters: all that a restore has to know.

    They are SSM parameters of this region, because nothing else may answer any more: the template's place in
    the asset bucket, which is its digest, the launch region, and the parameters as one JSON object.

    Args:
        parts: What the template is composed of.
    """

    parts: tuple[Part, ...]

    @property
    def asks(self) -> tuple[given.Parameter, ...]:
        return given.RESTORE_TEMPLATE, given.LAUNCH_REGION, *self._rows

    @property
    def _rows(self) -> tuple[given.Parameter, ...]:
        """Which snapshot it will be is known when it is rebuilt."""
        return tuple(row for row in asked(self.parts) if row != given.SNAPSHOT)

    def add(self, region: Region) -> Iterable[object]:
        values = {row.name: region.value(row) for row in self._rows}
        publish(
            region.stack,
            suffix=region.suffix,
            layer=LAYER,
            values={
                TEMPLATE: region.value(given.RESTORE_TEMPLATE),
                LAUNCH_REGION: region.value(given.LAUNCH_REGION),
                PARAMETERS: region.stack.to_json_string(
                    {names.SUFFIX_PARAMETER: region.suffix, **values}
                ),
            },
        )
        return ()
