"""A CodeBuild project and its role for each build: it reads one artifact, writes its own log, and
enters the stage roles that its build names.

CodePipeline keeps an artifact under ``<pipeline>/<artifact>/`` in its bucket, both names cut (to 20
and 10 characters, which ours do not reach): so a stage's builds can read what `verify` left, and
no build but `verify` can write it.
"""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_codebuild as codebuild
from aws_cdk import aws_iam as iam
from constructs import Construct

from ..definitions import Pipeline
from .pipeline_actions import Build, specification
from .pipeline_store import PipelineStoreStack

IMAGE = "aws/codebuild/amazonlinux-x86_64-standard:5.0"
"""Amazon Linux 2023; the build specifications choose its Python 3.11.
https://docs.aws.amazon.com/codebuild/latest/userguide/available-runtimes.html
"""
SMALL, MEDIUM = "BUILD_GENERAL1_SMALL", "BUILD_GENERAL1_MEDIUM"


class BuildProject(Construct):
    """The project of one build.

    Attributes:
        ref: The project's name, which is its role's too.
        arn: Its ARN.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        pipeline: Pipeline,
        build: Build,
        store: PipelineStoreStack,
    ) -> None:
        super().__init__(scope, construct_id)
        stack = cdk.Stack.of(self)
        name = build.role(pipeline)
        self.arn = stack.format_arn(service="codebuild", resource="project", resource_name=name)
        role = iam.CfnRole(
            self,
            "Role",
            role_name=name,
            description=f"CodeBuild runs {name} under it",
            assume_role_policy_document={
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": "codebuild.amazonaws.com"},
                        "Action": "sts:AssumeRole",
                        "Condition": {"ArnEquals": {"aws:SourceArn": self.arn}},
                    }
                ],
            },
            policies=[
                iam.CfnRole.PolicyProperty(
                    policy_name="build",
                    policy_document={
                        "Version": "2012-10-17",
                        "Statement": _statements(stack, pipeline, build, store),
                    },
                )
            ],
        )
        project = codebuild.CfnProject(
            self,
            "Project",
            name=name,
            description=f"Runs pipeline/buildspecs/{build.spec}.yaml",
            service_role=role.attr_arn,
            source=codebuild.CfnProject.SourceProperty(
                type="CODEPIPELINE", build_spec=specification(pipeline, build.spec)
            ),
            artifacts=codebuild.CfnProject.ArtifactsProperty(type="CODEPIPELINE"),
            environment=codebuild.CfnProject.EnvironmentProperty(
                type="LINUX_CONTAINER",
                image=IMAGE,
                compute_type=MEDIUM if build.large else SMALL,
                environment_variables=[
                    codebuild.CfnProject.EnvironmentVariableProperty(name=key, value=value)
                    for key, value in build.environment.items()
                ],
            ),
            encryption_key=store.imported_key,
            logs_config=codebuild.CfnProject.LogsConfigProperty(
                cloud_watch_logs=codebuild.CfnProject.CloudWatchLogsConfigProperty(
                    status="ENABLED", group_name=store.group, stream_name=name
                )
            ),
            timeout_in_minutes=build.minutes,
            concurrent_build_limit=1,
        )
        self.ref = project.ref


def _statements(
    stack: cdk.Stack, pipeline: Pipeline, build: Build, store: PipelineStoreStack
) -> list[dict[str, object]]:
    """What a build may do.

    See https://docs.aws.amazon.com/codebuild/latest/userguide/setting-up-service-role.html
    """
    bucket, log = bucket_arn(stack, store.artifacts), store.log_arn
    found: list[dict[str, object]] = [
        {
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": [log, f"{log}:log-stream:{build.role(pipeline)}/*"],
        },
        {
            "Effect": "Allow",
            "Action": ["s3:GetBucketAcl", "s3:GetBucketLocation"],
            "Resource": bucket,
        },
        {
            "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:GetObjectVersion"],
            "Resource": f"{bucket}/{pipeline.name}/{build.reads}/*",
        },
        use_of_key(store),
    ]
    if build.writes:
        found.append(
            {
                "Effect": "Allow",
                "Action": "s3:PutObject",
                "Resource": f"{bucket}/{pipeline.name}/{build.writes}/*",
            }
        )
    if build.enters:
        found.append(
            {
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Resource": [
                    f"arn:{stack.partition}:iam::{entry.account}:role/{entry.role}"
                    for entry in build.enters
                ],
            }
        )
    return found


def bucket_arn(stack: cdk.Stack, name: str) -> str:
    """The ARN of a bucket."""
    return f"arn:{stack.partition}:s3:::{name}"


def use_of_key(store: PipelineStoreStack) -> dict[str, object]:
    """What reading and writing under the key takes."""
    return {
        "Effect": "Allow",
        "Action": [
            "kms:Decrypt",
            "kms:DescribeKey",
            "kms:Encrypt",
            "kms:GenerateDataKey",
            "kms:ReEncryptFrom",
            "kms:ReEncryptTo",
        ],
        "Resource": store.imported_key,
    }
