"""Rebuild a lost launch in its peer from copies: `locate`, `plan`, then `restore`.

    suffix + region -> locating -> Target -> planning -> Plan -> running -> Record

Planning only reads: which copy of each store, how old it is, what stands in the way. Running writes: AWS
Backup restores table and documents, CloudFormation makes the rest from the released template, a write is
read back from every store, DNS follows. What was done is kept in the peer as it happens, so that the same
command goes on where it stopped. Nothing of the launch region is needed; where it answers it is fenced.
"""

from .aws import Peer
from .locating import locate
from .model import Plan, Point, Record, Target
from .planning import plan
from .running import restore

__all__ = ["Peer", "Plan", "Point", "Record", "Target", "locate", "plan", "restore"]
