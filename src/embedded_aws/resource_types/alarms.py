"""Alarms, composite alarms and dashboards, and the topics that they are told to.

See https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/AWS_CloudWatch.html
"""

from __future__ import annotations

from . import alarms_service, alarms_topic, alarms_types

TYPES = (*alarms_types.TYPES, *alarms_topic.TYPES)


def install() -> None:
    """What CloudWatch itself does otherwise than ministack; once, before the server starts."""
    alarms_service.install()
