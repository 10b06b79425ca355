"""CDK constructs, one module a layer; each a pair: the launch region's half and the peer's.

A layer stands alone in any CDK app: neighbours come as CDK interfaces (``kms.IKey``,
``dynamodb.ITable``) or as names, never as another layer's class, and nothing here knows Service
Catalog.

    ==========  ==============================  ================================================
    layer       launch region                   peer region
    ==========  ==============================  ================================================
    kms         MultiRegionKey                  ReplicaKey
    vpc         CidrPlan, Network               Network
    vpc         PeeringReturn, once asked for   PeeringRequest
    dynamodb    GlobalTable                     GlobalTableReplica
    aurora      GlobalDatabase                  GlobalDatabaseReader
    s3          ReplicatedBucket                ReplicaBucket, then ReverseReplication
    compute     TransactionApi                  TransactionApi
    backup      BackupVault, BackupPlan         BackupVault, BackupPlan, RestoreTesting
    route53     ApiDomain, DnsRecords           ApiDomain, ControlMetric
    monitoring  Monitoring, BackupFailures      Monitoring, BackupFailures
    recovery    RecoveryState, Probe            RecoveryState, Probe, Recovery
    restored    RegionalBucket, DnsRecord       RestoreRole, RestoreTestFailures, then DatabaseFromSnapshot
    recovery    Probe alone, in a third region: the witness
    ==========  ==============================  ================================================
"""

from ._function import Placement
from ._network import RouteTable
from .aurora import DatabaseFromSnapshot, GlobalDatabase, GlobalDatabaseReader
from .backup import (
    BackupFailures,
    BackupPlan,
    BackupVault,
    RestoredDatabase,
    RestoreRole,
    RestoreTestFailures,
    RestoreTesting,
    Schedule,
)
from .compute import LedgerAccess, TransactionApi
from .dynamodb import GlobalTable, GlobalTableReplica
from .kms import MultiRegionKey, ReplicaKey
from .monitoring import Documents, Monitoring, Role, Thresholds, Watched
from .recovery import Probe, Recovered, RecoveredDatabase, Recovery, RecoveryState, Traffic
from .route53 import ApiDomain, ControlMetric, DnsRecord, DnsRecords, RegionalEndpoint
from .s3 import RegionalBucket, ReplicaBucket, ReplicatedBucket, ReverseReplication
from .vpc import Network
from .vpc_cidr import CidrPlan
from .vpc_peering import PeeringRequest, PeeringReturn

__all__ = [
    "ApiDomain",
    "BackupFailures",
    "BackupPlan",
    "BackupVault",
    "CidrPlan",
    "ControlMetric",
    "DatabaseFromSnapshot",
    "DnsRecord",
    "DnsRecords",
    "Documents",
    "GlobalDatabase",
    "GlobalDatabaseReader",
    "GlobalTable",
    "GlobalTableReplica",
    "LedgerAccess",
    "Monitoring",
    "MultiRegionKey",
    "Network",
    "PeeringRequest",
    "PeeringReturn",
    "Placement",
    "Probe",
    "Recovered",
    "RecoveredDatabase",
    "Recovery",
    "RecoveryState",
    "RegionalBucket",
    "RegionalEndpoint",
    "ReplicaBucket",
    "ReplicaKey",
    "ReplicatedBucket",
    "RestoreRole",
    "RestoreTestFailures",
    "RestoreTesting",
    "RestoredDatabase",
    "ReverseReplication",
    "Role",
    "RouteTable",
    "Schedule",
    "Thresholds",
    "Traffic",
    "TransactionApi",
    "Watched",
]
