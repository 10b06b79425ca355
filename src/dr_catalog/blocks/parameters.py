"""What the primary template of a layer hands to its peer's half of what its neighbours tell there."""

from __future__ import annotations

from ..tiers.parameters import Parameter

READER_ENDPOINT = Parameter(
    name="ReaderEndpoint",
    description="The name that leads to the database's readers in this region",
    pattern=r"^[a-z0-9.-]+$",
)
DATABASE_PORT = Parameter(
    name="DatabasePort", description="The database's port", pattern=r"^\d{2,5}$"
)
DATABASE_NAME = Parameter(
    name="DatabaseName", description="The database in the clusters", pattern=r"^[a-z][a-z0-9_]*$"
)
CLUSTER_RESOURCE_ID = Parameter(
    name="ClusterResourceId",
    description="The id by which functions may connect to this region's cluster",
    pattern=r"^cluster-[A-Za-z0-9]+$",
)
DATABASE_SECURITY_GROUP_ID = Parameter(
    name="DatabaseSecurityGroupId",
    description="The security group of this region's cluster",
    pattern=r"^sg-[0-9a-f]+$",
)
API_ENDPOINT = Parameter(
    name="ApiEndpoint",
    description="The transaction API in this region",
    pattern=r"^https://[a-z0-9.-]+/[a-z0-9]+/$",
)
TOPIC_ARN = Parameter(
    name="TopicArn",
    description="Where this region's alarms are told",
    pattern=r"^arn:[a-z-]+:sns:[a-z0-9-]+:\d{12}:.+$",
)
API_URL = Parameter(
    name="ApiUrl",
    description="The API's name in whichever region serves; none without a zone",
    pattern=r"^(none|https://[a-z0-9.-]+/)$",
)
