"""Parts that give both regions' APIs one name: how it leads to them, and the records that do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import aws_cdk as cdk

from ...layers import ApiDomain, DnsRecords, RegionalEndpoint
from .. import parameters as given
from . import both
from .composition import Part, Region
from .facts import ParentZone, PeerEndpoint, PeerFoundation, PeerWorkload


@dataclass(frozen=True)
class Routes:
    """How the records of the API's name lead to the regions.

    Args:
        peer_weight: As ``DnsRecords`` takes it.
        routing: Likewise, where both regions serve.
    """

    peer_weight: str
    routing: str | None = None


class Failover(Part):
    """The launch region answers under the API's name, and the peer after a failover."""

    gives = (Routes,)
    hands = (given.SERVING_REGIONS,)

    def add(self, region: Region) -> Iterable[object]:
        region.hand({given.SERVING_REGIONS: region.name})
        yield Routes(peer_weight="0")


class FailoverOrWeighted(Part):
    """The launch region answers under the API's name, or both do by weight, as the tenant chooses."""

    gives = (Routes,)
    hands = (given.SERVING_REGIONS,)

    asks = (given.PEER_WEIGHT,)

    def add(self, region: Region) -> Iterable[object]:
        both_serve = f"{region.name},{region.other}"
        serving = both.either(self._weighted(region), both_serve, region.name)
        region.hand({given.SERVING_REGIONS: serving})
        yield Routes(region.value(given.PEER_WEIGHT))

    def fixed(self, region: Region) -> Mapping[str, str]:
        return {"Records": both.either(self._weighted(region), "weighted", "failover")}

    def _weighted(self, region: Region) -> cdk.CfnCondition:
        return both.condition(region, "Weighted", unless=given.PEER_WEIGHT, is_="0")


class BothServe(Part):
    """Both regions answer under the API's name while they are ready, by share or by latency."""

    gives = (Routes,)
    hands = (given.SERVING_REGIONS,)
    asks = (given.PEER_SHARE, given.ROUTING)

    def add(self, region: Region) -> Iterable[object]:
        region.hand({given.SERVING_REGIONS: f"{region.name},{region.other}"})
        yield Routes(region.value(given.PEER_SHARE), routing=region.value(given.ROUTING))

    def fixed(self, region: Region) -> Mapping[str, str]:
        return {"Records": region.value(given.ROUTING)}


class Dns(Part):
    """One name for both regions' APIs."""

    gives = (DnsRecords,)

    def add(self, region: Region) -> Iterable[object]:
        zone, workload = region.need(ParentZone), region.need(PeerWorkload)
        routes = region.need(Routes)
        there = region.need(PeerFoundation).reader.read(
            "Domain",
            layer="route53",
            names=("regional-domain-name", "regional-hosted-zone-id"),
            after=workload.stack_set,
        )
        dns = DnsRecords(
            region.stack,
            "Dns",
            suffix=region.suffix,
            zone_id=zone.id,
            zone_name=zone.name,
            launch=region.need(ApiDomain).endpoint,
            peer=RegionalEndpoint(
                region=region.other,
                domain_name=there["regional-domain-name"],
                hosted_zone_id=there["regional-hosted-zone-id"],
                api=region.need(PeerEndpoint).url,
            ),
            peer_weight=routes.peer_weight,
            routing=routes.routing,
        )
        dns.node.add_dependency(workload.stack_set)  # its health checks follow alarms there
        region.output(
            "Url", dns.url, "The API's name in whichever region serves; none without a zone"
        )
        yield dns
