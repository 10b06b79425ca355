"""CDK constructs, one module a layer; each a pair: the launch region's half and the peer's.

A layer stands alone in any CDK app: neighbours come as CDK interfaces (``kms.IKey``,
``dynamodb.ITable``) or as names, never as another layer's class, and nothing here knows Service
Catalog.

    ========  ==================  =====================================
    layer     launch region       peer region
    ========  ==================  =====================================
    kms       MultiRegionKey      ReplicaKey
    dynamodb  GlobalTable         GlobalTableReplica
    s3        ReplicatedBucket    ReplicaBucket, then ReverseReplication
    compute   TransactionApi      TransactionApi
    ========  ==================  =====================================
"""

from .compute import TransactionApi
from .dynamodb import GlobalTable, GlobalTableReplica
from .kms import MultiRegionKey, ReplicaKey
from .s3 import ReplicaBucket, ReplicatedBucket, ReverseReplication

__all__ = [
    "GlobalTable",
    "GlobalTableReplica",
    "MultiRegionKey",
    "ReplicaBucket",
    "ReplicaKey",
    "ReplicatedBucket",
    "ReverseReplication",
    "TransactionApi",
]
