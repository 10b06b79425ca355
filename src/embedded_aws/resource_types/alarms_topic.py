"""``AWS::SNS::Topic`` and ``AWS::SNS::TopicPolicy``: where alarms and failures are told.

See https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-sns-topic.html
"""

from __future__ import annotations

import json
from typing import Any

from botocore.exceptions import ClientError
from ministack.core.responses import get_account_id, get_region

from .context import Made, Properties, here, known, refuse_replacement, tags

_DEFAULTS = {"DisplayName": "", "KmsMasterKeyId": "", "SignatureVersion": "1", "TracingConfig": ""}
"""The attributes that a template may set, and what they are without one."""


class Topic:
    """A topic with its key, display name, tags and subscriptions."""

    TYPE = "AWS::SNS::Topic"
    TAGS = "Tags"
    PROPERTIES = ("Subscription", "Tags", "TopicName", *_DEFAULTS)

    def create(self, logical_id: str, properties: Properties, stack_name: str) -> Made:
        """Create the topic and subscribe to it."""
        known(properties, self.PROPERTIES)
        name = properties.get("TopicName") or f"{stack_name}-{logical_id}"
        sns, arn = here("sns"), _arn(name)
        if _exists(arn):
            raise ValueError(f"{name} already exists in stack or account")
        _check_key(properties)
        attributes = {each: properties[each] for each in _DEFAULTS if each in properties}
        given = {"Tags": tags(properties)} if tags(properties) else {}
        sns.create_topic(Name=name, Attributes=attributes, **given)
        _subscribe(arn, {}, properties)
        return arn, {"TopicArn": arn, "TopicName": name}

    def update(
        self, physical_id: str, old: Properties, new: Properties, stack_name: str, logical_id: str
    ) -> Made:
        """Everything but the name changes in place."""
        known(new, self.PROPERTIES)
        if old.get("TopicName") != new.get("TopicName"):
            if new.get("TopicName"):
                return self.create(logical_id, new, stack_name)
            refuse_replacement(self.TYPE, physical_id)
        _check_key(new)
        sns = here("sns")
        for name, default in _DEFAULTS.items():
            if old.get(name) != new.get(name):
                sns.set_topic_attributes(
                    TopicArn=physical_id, AttributeName=name, AttributeValue=new.get(name, default)
                )
        gone = {tag["Key"] for tag in tags(old)} - {tag["Key"] for tag in tags(new)}
        if gone:
            sns.untag_resource(ResourceArn=physical_id, TagKeys=sorted(gone))
        if tags(new):
            sns.tag_resource(ResourceArn=physical_id, Tags=tags(new))
        _subscribe(physical_id, old, new)
        return physical_id, {
            "TopicArn": physical_id,
            "TopicName": physical_id.rpartition(":")[2],
        }

    def delete(self, physical_id: str, properties: dict[str, Any]) -> None:
        """Delete the topic with its subscriptions."""
        if _exists(physical_id):
            here("sns").delete_topic(TopicArn=physical_id)


class TopicPolicy:
    """Who may publish to topics; without one, the account alone."""

    TYPE = "AWS::SNS::TopicPolicy"
    TAGS = ""
    PROPERTIES = ("PolicyDocument", "Topics")

    def create(self, logical_id: str, properties: Properties, stack_name: str) -> Made:
        """Give each topic the policy."""
        known(properties, self.PROPERTIES)
        policy = json.dumps(properties["PolicyDocument"])
        for arn in properties["Topics"]:
            _set_policy(arn, policy)
        identifier = f"{stack_name}-{logical_id}"
        return identifier, {"Id": identifier}

    def update(
        self, physical_id: str, old: Properties, new: Properties, stack_name: str, logical_id: str
    ) -> Made:
        """Topics that are no longer named go back to the account alone."""
        self.delete(physical_id, {"Topics": [t for t in old["Topics"] if t not in new["Topics"]]})
        self.create(logical_id, new, stack_name)
        return physical_id, {"Id": physical_id}

    def delete(self, physical_id: str, properties: dict[str, Any]) -> None:
        """The topics are the account's alone again."""
        for arn in properties["Topics"]:
            if _exists(arn):
                _set_policy(arn, json.dumps(_own_policy(arn)))


TYPES = (Topic(), TopicPolicy())


def _arn(name: str) -> str:
    return f"arn:aws:sns:{get_region()}:{get_account_id()}:{name}"


def _exists(arn: str) -> bool:
    try:
        here("sns").get_topic_attributes(TopicArn=arn)
    except ClientError:
        return False
    return True


def _set_policy(arn: str, policy: str) -> None:
    here("sns").set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=policy)


def _check_key(properties: Properties) -> None:
    """An alias of AWS's own needs no look; any other key must be there and enabled."""
    key = properties.get("KmsMasterKeyId", "")
    if not key or key.startswith("alias/aws/"):
        return
    try:
        state = here("kms").describe_key(KeyId=key)["KeyMetadata"]["KeyState"]
    except ClientError as error:
        raise ValueError(f"Invalid parameter: KmsMasterKeyId Reason: {error}") from None
    if state != "Enabled":
        raise ValueError(f"Invalid parameter: KmsMasterKeyId Reason: {key} is {state}")


def _subscribe(arn: str, old: Properties, new: Properties) -> None:
    before = {(each["Protocol"], each["Endpoint"]) for each in old.get("Subscription", [])}
    after = {(each["Protocol"], each["Endpoint"]) for each in new.get("Subscription", [])}
    sns = here("sns")
    present = sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"] if before else []
    for each in present:
        if (each["Protocol"], each["Endpoint"]) in before - after:
            sns.unsubscribe(SubscriptionArn=each["SubscriptionArn"])
    for protocol, endpoint in sorted(after - before):
        sns.subscribe(TopicArn=arn, Protocol=protocol, Endpoint=endpoint)


def _own_policy(arn: str) -> dict[str, Any]:
    statement = {
        "Sid": "__default_statement_ID",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": ["SNS:Publish", "SNS:Subscribe", "SNS:Receive"],
        "Resource": arn,
        "Condition": {"StringEquals": {"AWS:SourceOwner": get_account_id()}},
    }
    return {"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [statement]}
