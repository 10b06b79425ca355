"""Where alarms and rules tell people what is wrong."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from constructs import Construct


def alarm_topic(scope: Construct, *, name: str, key: kms.IKey) -> sns.ITopic:
    """An encrypted topic that this account's alarms and EventBridge may write to, over TLS.

    EventBridge tells a topic no source, as it tells a key none: a condition would let no rule in.

    See https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
    """
    stack = cdk.Stack.of(scope)
    topic = sns.CfnTopic(
        scope,
        "Topic",
        topic_name=name,
        kms_master_key_id=key.key_arn,
    )
    sns.CfnTopicPolicy(
        scope,
        "TopicPolicy",
        topics=[topic.ref],
        policy_document=iam.PolicyDocument(
            statements=[
                iam.PolicyStatement(
                    sid="AlarmsOfThisAccount",
                    principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                    actions=["sns:Publish"],
                    resources=[topic.ref],
                    conditions={"StringEquals": {"aws:SourceAccount": stack.account}},
                ),
                iam.PolicyStatement(
                    sid="Rules",
                    principals=[iam.ServicePrincipal("events.amazonaws.com")],
                    actions=["sns:Publish"],
                    resources=[topic.ref],
                ),
                iam.PolicyStatement(
                    sid="OnlyTls",
                    effect=iam.Effect.DENY,
                    principals=[iam.AnyPrincipal()],
                    actions=["sns:Publish"],
                    resources=[topic.ref],
                    conditions={"Bool": {"aws:SecureTransport": "false"}},
                ),
            ]
        ),
    )
    return sns.Topic.from_topic_arn(scope, "Imported", topic.ref)
