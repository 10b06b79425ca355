"""``Custom::DrCidrPlan``: the address ranges of a launch's two networks, which must not overlap.

Properties: ``Suffix``, ``PeerRegion``, ``Cidr`` and ``PeerCidr``, each ``auto`` or a range, and ``Zones``,
the number of availability zones that each region must have. Attributes: ``Cidr`` and ``PeerCidr``. The physical id is both, ``<Cidr>,<PeerCidr>``, and so remembers what was
given out: an Update keeps it, since another range would be another network.

A range that is asked for must be private (RFC 1918), a /16 to a /20, and apart from the other. ``auto``
begins at a place in 10.0.0.0/8 that follows from the suffix and steps on past every network that
either region holds, so that one suffix gets the same ranges wherever nothing is in the way.

See https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from ipaddress import IPv4Network
from typing import Any

from response import Refused, Result, client, serve, text

AUTO = "auto"
SPACE = IPv4Network("10.0.0.0/8")
AUTO_PREFIX = 20
LARGEST, SMALLEST = 16, 20
PRIVATE = tuple(IPv4Network(each) for each in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))


def handler(event: dict[str, Any], context: Any) -> None:
    """What Lambda calls."""
    serve(event, context, act)


def act(event: dict[str, Any], _: Any) -> Result:
    """Give ranges out on Create, keep them on Update; a Delete has nothing to undo."""
    if event["RequestType"] == "Delete":
        return Result(event["PhysicalResourceId"])
    asked = [_asked(event, name) for name in ("Cidr", "PeerCidr")]
    if event["RequestType"] == "Update":
        return _kept(event["PhysicalResourceId"], asked)
    _check_zones(event)
    if None in asked:
        asked = _completed(event, asked)
    cidr, peer_cidr = asked
    assert cidr is not None
    assert peer_cidr is not None
    if cidr.overlaps(peer_cidr):
        raise Refused(
            f"Cidr {cidr} and PeerCidr {peer_cidr} overlap, so the two networks could not be peered: "
            f"choose ranges apart from each other, or '{AUTO}'."
        )
    return _result(str(cidr), str(peer_cidr))


def _check_zones(event: dict[str, Any]) -> None:
    wanted = int(text(event, "Zones"))
    for region in (os.environ["AWS_REGION"], text(event, "PeerRegion")):
        found = client("ec2", region).describe_availability_zones(
            Filters=[
                {"Name": "state", "Values": ["available"]},
                {"Name": "zone-type", "Values": ["availability-zone"]},
            ]
        )["AvailabilityZones"]
        if len(found) < wanted:
            raise Refused(
                f"{region} has {len(found)} availability zones, and the networks of "
                f"'{text(event, 'Suffix')}' are to span {wanted}: launch with Zones={len(found)}."
            )


def _asked(event: dict[str, Any], name: str) -> IPv4Network | None:
    """The range asked for, None for ``auto``."""
    value = text(event, name)
    if value == AUTO:
        return None
    try:
        network = IPv4Network(value)
    except ValueError:
        raise Refused(
            f"{name} {value[:64]} is no range: it must be '{AUTO}' or one such as 10.20.0.0/16, "
            f"with no bit set behind its length."
        ) from None
    if not any(network.subnet_of(private) for private in PRIVATE):
        allowed = ", ".join(map(str, PRIVATE))
        raise Refused(f"{name} {network} is not private: choose one within {allowed}.")
    if not LARGEST <= network.prefixlen <= SMALLEST:
        raise Refused(f"{name} {network} must be a /{LARGEST} to a /{SMALLEST}.")
    return network


def _kept(physical_id: str, asked: list[IPv4Network | None]) -> Result:
    given = physical_id.split(",")
    for name, value, want in zip(("Cidr", "PeerCidr"), given, asked, strict=True):
        if want is not None and str(want) != value:
            raise Refused(
                f"{name} is {value} since the launch and can't become {want}, which would be another "
                f"network: leave it, or launch another environment."
            )
    return _result(*given)


def _completed(event: dict[str, Any], asked: list[IPv4Network | None]) -> list[IPv4Network | None]:
    """What was asked for, with a free range in each place of ``auto``."""
    taken = [network for network in asked if network]
    for region in (os.environ["AWS_REGION"], text(event, "PeerRegion")):
        taken += _networks(region)
    completed = list(asked)
    for candidate in _candidates(text(event, "Suffix")):
        if None not in completed:
            break
        if not any(candidate.overlaps(network) for network in taken):
            completed[completed.index(None)] = candidate
    if None in completed:
        raise Refused(
            f"There is no free /{AUTO_PREFIX} left in {SPACE}: state Cidr and PeerCidr, which may be "
            f"ranges of networks that are not to be reached."
        )
    return completed


def _candidates(suffix: str) -> Iterator[IPv4Network]:
    """Every range once, from the suffix's own place on."""
    count = 2 ** (AUTO_PREFIX - SPACE.prefixlen)
    size = 2 ** (32 - AUTO_PREFIX)
    # An even place, so that two suffixes share both ranges or none.
    start = int.from_bytes(hashlib.sha256(suffix.encode()).digest()[:4], "big") % (count // 2) * 2
    for step in range(count):
        address = SPACE.network_address + (start + step) % count * size
        yield IPv4Network((address, AUTO_PREFIX))


def _networks(region: str) -> list[IPv4Network]:
    """The ranges of every VPC there, secondary ones too."""
    pages = client("ec2", region).get_paginator("describe_vpcs").paginate()
    return [
        IPv4Network(association["CidrBlock"])
        for page in pages
        for vpc in page["Vpcs"]
        for association in vpc.get("CidrBlockAssociationSet", ())
        if association["CidrBlockState"]["State"] in ("associating", "associated")
    ]


def _result(cidr: str, peer_cidr: str) -> Result:
    return Result(f"{cidr},{peer_cidr}", {"Cidr": cidr, "PeerCidr": peer_cidr})
