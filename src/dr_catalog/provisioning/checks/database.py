"""The ledger's global database, asked of RDS and Secrets Manager."""

from __future__ import annotations

from collections.abc import Iterator

from ... import names
from .model import Check, Launch, check


def aurora(launch: Launch, region: str) -> Iterator[Check]:
    """This region's cluster and its place in the global one; the master user's secret."""
    rds = launch.client("rds", region)
    name = names.LEDGER_CLUSTER.of(suffix=launch.suffix, region=region)
    (cluster,) = rds.describe_db_clusters(DBClusterIdentifier=name)["DBClusters"]
    (together,) = rds.describe_global_clusters(
        GlobalClusterIdentifier=names.LEDGER.of(suffix=launch.suffix)
    )["GlobalClusters"]
    members = 1 if launch.has_copies_alone else 2
    roles = {each["DBClusterArn"]: each["IsWriter"] for each in together["GlobalClusterMembers"]}
    writes = region == launch.region
    settings = {
        each["ParameterName"]: each.get("ParameterValue")
        for page in rds.get_paginator("describe_db_cluster_parameters").paginate(
            DBClusterParameterGroupName=cluster["DBClusterParameterGroup"]
        )
        for each in page["Parameters"]
    }
    instances = rds.describe_db_instances(Filters=[{"Name": "db-cluster-id", "Values": [name]}])[
        "DBInstances"
    ]
    states = [each["DBInstanceStatus"] for each in instances]
    yield check(
        "aurora",
        name,
        region,
        {
            cluster["Status"]: cluster["Status"] == "available",
            f"{'writer' if writes else 'reader'} of a global database of {members}": len(roles)
            == members
            and roles.get(cluster["DBClusterArn"]) is writes,
            f"engine {cluster['EngineVersion']}": cluster["EngineVersion"]
            == together["EngineVersion"],
            **(
                {"no instance at rest": not states}
                if launch.at_rest(region)
                else {"an instance available": states == ["available"]}
            ),
            "customer key": cluster["StorageEncrypted"]
            and cluster["KmsKeyId"] == launch.key_arn(region),
            "IAM tokens": cluster["IAMDatabaseAuthenticationEnabled"],
            "TLS only": settings.get("rds.force_ssl") == "1",
            "log exported": cluster["EnabledCloudwatchLogsExports"] == ["postgresql"],
            "deletion protection": cluster["DeletionProtection"],
        },
    )
    secrets = launch.client("secretsmanager", region)
    secret = secrets.describe_secret(SecretId=names.LEDGER_SECRET.of(suffix=launch.suffix))
    yield check(
        "aurora",
        secret["Name"],
        region,
        {
            f"from {launch.region}": secret.get("PrimaryRegion", launch.region) == launch.region,
            "customer key": secret.get("KmsKeyId") == launch.key_arn(region),
        },
    )
