"""The network: one VPC in each region, with room for functions and for the database.

Three kinds of subnets in three zones, or in two where a region has no more: *public* ones hold the NAT gateways and nothing else, *private*
ones the functions, which reach AWS through endpoints and the rest through NAT, *isolated* ones the
database, which reaches nobody. Both regions get the same network with ranges that don't overlap, so
that they can be peered (``vpc_peering``); ``vpc_cidr`` gives the ranges.

The default security group is left as the VPC brings it, and nothing is in it.

See https://docs.aws.amazon.com/vpc/latest/userguide/vpc-example-private-subnets-nat.html
"""

from __future__ import annotations

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct, DependencyGroup

from .. import names
from ._network import RouteTable
from ._parameters import publish

ZONES = 3  # at the most; the last one is made on a condition
SUBNET_BITS = 8  # each subnet is a /24, so that nine fit into the smallest range, a /20
KINDS = ("public", "private", "isolated")
ANYWHERE = "0.0.0.0/0"
HTTPS, POSTGRESQL = 443, 5432
GATEWAY_SERVICES = ("s3", "dynamodb")
INTERFACE_SERVICES = ("kms", "secretsmanager", "monitoring", "logs")


class Network(Construct):
    """One region's half; both regions get the same.

    Args:
        suffix: The environment suffix.
        cidr: The VPC's range, a /16 to a /20.
        peer_cidr: The peer network's range, where functions may reach the database; None where there is
            no peer network.
        key: Encrypts the flow logs; its policy must admit the log group ``/dr/<suffix>/flow-logs``.
        nat_per_zone: ``"true"`` makes a NAT gateway in each zone, so that none depends on another;
            ``"false"`` one for all, which costs a third.
        zones: ``"3"`` (default) or ``"2"``, of which the region must have as many.

    Attributes:
        vpc_id: The VPC.
        cidr: Its range.
        private_subnet_ids: Where functions run.
        isolated_subnet_ids: Where the database runs.
        route_tables: Those of the private and the isolated subnets.
        function_security_group_id: For functions: out to HTTPS anywhere and to PostgreSQL in both
            networks, nothing in.
        ready: What a function in one of the first two private subnets needs before it can reach AWS:
            depend on it. The last zone is left out, since it may not be there.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        suffix: str,
        cidr: str,
        peer_cidr: str | None,
        key: kms.IKey,
        nat_per_zone: str,
        zones: str = str(ZONES),
    ) -> None:
        super().__init__(scope, construct_id)
        self._suffix = suffix
        in_three = cdk.Fn.condition_equals(zones, str(ZONES))
        self._last_zone = cdk.CfnCondition(self, "LastZone", expression=in_three)
        nat_in_each = cdk.Fn.condition_equals(nat_per_zone, "true")
        self._nat_per_zone = cdk.CfnCondition(self, "NatPerZone", expression=nat_in_each)
        self._nat_in_last_zone = cdk.CfnCondition(
            self, "NatInLastZone", expression=cdk.Fn.condition_and(nat_in_each, in_three)
        )
        self.ready = DependencyGroup()
        self.cidr = cidr
        vpc = ec2.CfnVPC(
            self, "Vpc", cidr_block=cidr, enable_dns_support=True, enable_dns_hostnames=True
        )
        cdk.Tags.of(vpc).add("Name", f"dr-{suffix}")
        self.vpc_id = vpc.attr_vpc_id
        subnets = self._subnets()
        gateways = self._nat_gateways(subnets["public"])
        self.route_tables = [
            *self._private_routes(subnets["private"], gateways),
            self._route_table("Isolated", subnets["isolated"]),
        ]
        self.private_subnet_ids, self.isolated_subnet_ids = (
            [subnet.attr_subnet_id for subnet in subnets[kind][:-1]]
            + [self._in_last_zone(subnets[kind][-1].attr_subnet_id)]
            for kind in ("private", "isolated")
        )
        self._endpoints()
        self.function_security_group_id = self._function_security_group(peer_cidr)
        _flow_logs(self, suffix=suffix, vpc_id=self.vpc_id, key=key)
        publish(
            self,
            suffix=suffix,
            layer="vpc",
            values={
                "vpc-id": self.vpc_id,
                "cidr": cidr,
                "private-subnet-ids": self._joined(
                    [subnet.attr_subnet_id for subnet in subnets["private"]]
                ),
                "isolated-subnet-ids": self._joined(
                    [subnet.attr_subnet_id for subnet in subnets["isolated"]]
                ),
                "route-table-ids": self._joined(
                    # The last zone's comes last here.
                    [table.id for table in sorted(self.route_tables, key=lambda each: each.last)]
                ),
                "function-security-group-id": self.function_security_group_id,
            },
        )

    def _in_last_zone(self, value: str) -> str:
        """In a list: the value, or no entry where there are fewer zones."""
        return cdk.Fn.condition_if(self._last_zone.logical_id, value, cdk.Aws.NO_VALUE).to_string()

    def _joined(self, values: Sequence[str]) -> str:
        """All with commas between them; without the last where there are fewer zones."""
        return cdk.Fn.condition_if(
            self._last_zone.logical_id,
            cdk.Fn.join(",", values),
            cdk.Fn.join(",", values[:-1]),
        ).to_string()

    def _for_zone(self, zone: int, *resources: cdk.CfnResource) -> None:
        """Make what belongs to the last zone only where there is one."""
        if zone == ZONES:
            for resource in resources:
                resource.cfn_options.condition = self._last_zone

    def _subnets(self) -> dict[str, list[ec2.CfnSubnet]]:
        """The subnets by kind, one a zone."""
        ranges = cdk.Fn.cidr(self.cidr, ZONES * len(KINDS), str(SUBNET_BITS))
        made: dict[str, list[ec2.CfnSubnet]] = {kind: [] for kind in KINDS}
        for number, kind in enumerate(kind for kind in KINDS for _ in range(ZONES)):
            zone = number % ZONES
            subnet = ec2.CfnSubnet(
                self,
                f"{kind.capitalize()}{zone + 1}",
                vpc_id=self.vpc_id,
                cidr_block=cdk.Fn.select(number, ranges),
                availability_zone=cdk.Fn.select(zone, cdk.Fn.get_azs()),
                map_public_ip_on_launch=False,
            )
            cdk.Tags.of(subnet).add("Name", f"dr-{self._suffix}-{kind}-{zone + 1}")
            self._for_zone(zone + 1, subnet)
            made[kind].append(subnet)
        return made

    def _nat_gateways(self, subnets: Sequence[ec2.CfnSubnet]) -> list[str]:
        """The NAT gateway that each zone uses, in a public subnet with a way out."""
        internet = ec2.CfnInternetGateway(self, "Internet")
        attachment = ec2.CfnVPCGatewayAttachment(
            self,
            "InternetAttachment",
            vpc_id=self.vpc_id,
            internet_gateway_id=internet.attr_internet_gateway_id,
        )
        way_out = ec2.CfnRoute(
            self,
            "PublicRoute",
            route_table_id=self._route_table("Public", subnets).id,
            destination_cidr_block=ANYWHERE,
            gateway_id=internet.attr_internet_gateway_id,
        )
        way_out.node.add_dependency(attachment)
        ids: list[str] = []
        for zone, subnet in enumerate(subnets, start=1):
            address = ec2.CfnEIP(self, f"NatAddress{zone}", domain="vpc")
            gateway = ec2.CfnNatGateway(
                self,
                f"Nat{zone}",
                subnet_id=subnet.attr_subnet_id,
                allocation_id=address.attr_allocation_id,
            )
            cdk.Tags.of(gateway).add("Name", f"dr-{self._suffix}-{zone}")
            address.node.add_dependency(attachment)
            gateway.node.add_dependency(way_out)
            own = gateway.attr_nat_gateway_id
            if not ids:
                ids.append(own)
                continue
            for resource in (address, gateway):
                resource.cfn_options.condition = (
                    self._nat_in_last_zone if zone == ZONES else self._nat_per_zone
                )
            ids.append(cdk.Fn.condition_if(self._nat_per_zone.logical_id, own, ids[0]).to_string())
        return ids

    def _private_routes(
        self, subnets: Sequence[ec2.CfnSubnet], nat_gateway_ids: Sequence[str]
    ) -> list[RouteTable]:
        """A route table for each zone, since each may have a NAT gateway of its own."""
        tables = []
        zones = zip(subnets, nat_gateway_ids, strict=True)
        for zone, (subnet, gateway_id) in enumerate(zones, start=1):
            table = self._route_table(f"Private{zone}", [subnet], zone=zone)
            route = ec2.CfnRoute(
                self,
                f"Private{zone}Route",
                route_table_id=table.id,
                destination_cidr_block=ANYWHERE,
                nat_gateway_id=gateway_id,
            )
            self._for_zone(zone, route)
            if zone < ZONES:  # who waits for the others' can't wait for what may not be there
                self.ready.add(route)
            tables.append(table)
        return tables

    def _route_table(
        self, name: str, subnets: Sequence[ec2.CfnSubnet], *, zone: int = 0
    ) -> RouteTable:
        """A table for these subnets, which are of one zone, or one of each."""
        table = ec2.CfnRouteTable(self, f"{name}Routes", vpc_id=self.vpc_id)
        cdk.Tags.of(table).add("Name", f"dr-{self._suffix}-{name.lower()}")
        self._for_zone(zone, table)
        for number, subnet in enumerate(subnets, start=1):
            association = ec2.CfnSubnetRouteTableAssociation(
                self,
                f"{name}Association{number}",
                route_table_id=table.attr_route_table_id,
                subnet_id=subnet.attr_subnet_id,
            )
            self._for_zone(zone or number, association)
            if (zone or number) < ZONES:
                self.ready.add(association)
        return RouteTable(table.attr_route_table_id, self._last_zone if zone == ZONES else None)

    def _endpoints(self) -> None:
        """AWS's services from within: S3 and DynamoDB by route, the others by an address of ours.

        See https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html
        """
        for service in GATEWAY_SERVICES:
            endpoint = ec2.CfnVPCEndpoint(
                self,
                f"{service.capitalize()}Endpoint",
                vpc_id=self.vpc_id,
                service_name=self._service_name(service),
                vpc_endpoint_type="Gateway",
                route_table_ids=[
                    self._in_last_zone(table.id) if table.last else table.id
                    for table in self.route_tables
                ],
            )
            self.ready.add(endpoint)
        group = ec2.CfnSecurityGroup(
            self,
            "EndpointGroup",
            vpc_id=self.vpc_id,
            group_description=f"Endpoints of {self._suffix}: HTTPS from the network",
            security_group_ingress=[_ingress(HTTPS, self.cidr, "HTTPS from the network")],
            security_group_egress=[_egress(HTTPS, self.cidr, "Endpoints begin nothing")],
        )
        for service in INTERFACE_SERVICES:
            endpoint = ec2.CfnVPCEndpoint(
                self,
                f"{service.capitalize()}Endpoint",
                vpc_id=self.vpc_id,
                service_name=self._service_name(service),
                vpc_endpoint_type="Interface",
                private_dns_enabled=True,
                subnet_ids=self.private_subnet_ids,
                security_group_ids=[group.attr_group_id],
            )
            self.ready.add(endpoint)

    def _service_name(self, service: str) -> str:
        return f"com.amazonaws.{cdk.Stack.of(self).region}.{service}"

    def _function_security_group(self, peer_cidr: str | None) -> str:
        group = ec2.CfnSecurityGroup(
            self,
            "FunctionGroup",
            vpc_id=self.vpc_id,
            group_description=f"Functions of {self._suffix}: nothing in, HTTPS and PostgreSQL out",
            security_group_egress=[
                _egress(HTTPS, ANYWHERE, "HTTPS to AWS"),
                _egress(POSTGRESQL, self.cidr, "PostgreSQL in this region"),
                *(
                    [_egress(POSTGRESQL, peer_cidr, "PostgreSQL in the peer region")]
                    if peer_cidr is not None
                    else []
                ),
            ],
        )
        return group.attr_group_id


def _ingress(port: int, cidr: str, description: str) -> ec2.CfnSecurityGroup.IngressProperty:
    return ec2.CfnSecurityGroup.IngressProperty(
        ip_protocol="tcp", from_port=port, to_port=port, cidr_ip=cidr, description=description
    )


def _egress(port: int, cidr: str, description: str) -> ec2.CfnSecurityGroup.EgressProperty:
    return ec2.CfnSecurityGroup.EgressProperty(
        ip_protocol="tcp", from_port=port, to_port=port, cidr_ip=cidr, description=description
    )


def _flow_logs(scope: Construct, *, suffix: str, vpc_id: str, key: kms.IKey) -> None:
    """Who talked to whom, accepted or refused, for a month.

    See https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html
    """
    stack = cdk.Stack.of(scope)
    name = names.FLOW_LOGS.of(suffix=suffix)
    group = logs.LogGroup(
        scope,
        "FlowLog",
        log_group_name=name,
        encryption_key=kms.Key.from_key_arn(scope, "FlowLogKey", key.key_arn),
        retention=logs.RetentionDays.ONE_MONTH,
        removal_policy=cdk.RemovalPolicy.DESTROY,
    )
    role = iam.Role(
        scope,
        "FlowLogRole",
        role_name=names.FLOW_LOGS_ROLE.of(suffix=suffix, region=stack.region),
        assumed_by=iam.ServicePrincipal(
            "vpc-flow-logs.amazonaws.com",
            conditions={"StringEquals": {"aws:SourceAccount": stack.account}},
        ),
    )
    arn = stack.format_arn(
        service="logs",
        resource="log-group",
        resource_name=name,
        arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
    )
    policy = iam.Policy(
        scope,
        "FlowLogPolicy",
        roles=[role],
        statements=[
            iam.PolicyStatement(
                sid="WriteFlowLogs",
                actions=["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
                resources=[arn, f"{arn}:*"],
            )
        ],
    )
    flow_log = ec2.CfnFlowLog(
        scope,
        "FlowLogs",
        resource_type="VPC",
        resource_id=vpc_id,
        traffic_type="ALL",
        max_aggregation_interval=60,
        log_destination_type="cloud-watch-logs",
        log_group_name=group.log_group_name,
        deliver_logs_permission_arn=role.role_arn,
    )
    flow_log.node.add_dependency(policy)
