"""The pipeline of ``pipeline/pipeline.yaml``, which promotes one commit through the stages.

    source -> checks (test, verify) -> each stage: assets, portfolio, guidance, digests, canary,
                                                   changes, approval

Every action but source and approval is a CodeBuild project that runs a build specification of
``pipeline/buildspecs/``, with a role of its own; what they do is theirs, so the same steps run on any
machine. Stages are published by ``dr-catalog publish``, not by CloudFormation actions, because half
of publishing has no CloudFormation type. That leaves nothing for CDK Pipelines to deploy: it would add
a self-mutating build, bootstrapped stage accounts and asset projects. So it is `aws_codepipeline`, and its L1
constructs, as the L2 ones invent a role and a policy for each action that would have to be unmade again.

``verify`` writes the templates of all stages into its artifact, and every later action starts from
that: each stage gets the same bytes. A newer commit supersedes one that waits between two stages.

See https://docs.aws.amazon.com/codepipeline/latest/userguide/concepts-how-it-works.html
"""

from __future__ import annotations

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_codepipeline as codepipeline
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from constructs import Construct

from .. import names
from ..definitions import Pipeline, S3Source, Stage
from ._pipeline_projects import BuildProject, bucket_arn, use_of_key
from .pipeline_actions import CHANGES, SOURCE, Build, checks, of_stage
from .pipeline_store import PipelineStoreStack

Action = codepipeline.CfnPipeline.ActionDeclarationProperty
SOURCE_STAGE, CHECKS_STAGE = "Source", "Checks"
"""The pipeline's first two stages; all others carry the names of ``pipeline.yaml``, in small letters."""


class PipelineStack(cdk.Stack):
    """The pipeline with all it needs in its own account; the stages' accounts have access stacks.

    Args:
        pipeline: What ``pipeline/pipeline.yaml`` says.
        store: What it keeps and tells; deployed before it.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        pipeline: Pipeline,
        store: PipelineStoreStack,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            stack_name=names.PIPELINE_STACK.of(suffix=pipeline.name),
            env=cdk.Environment(account=pipeline.account, region=pipeline.region),
            description="Promotes the disaster recovery catalog through its stages",
            synthesizer=cdk.BootstraplessSynthesizer(),
            analytics_reporting=False,
        )
        self._pipeline = pipeline
        self._store = store
        self.add_stack_dependency(store)
        self._projects: list[BuildProject] = []
        stages = [
            self._stage(SOURCE_STAGE, [self._source()]),
            self._stage(CHECKS_STAGE, self._builds(checks(pipeline))),
            *(self._stage(stage.name, self._actions(stage)) for stage in pipeline.stages),
        ]
        role = self._role()
        made = codepipeline.CfnPipeline(
            self,
            "Pipeline",
            name=pipeline.name,
            pipeline_type="V2",
            execution_mode="SUPERSEDED",
            role_arn=role.attr_arn,
            artifact_store=codepipeline.CfnPipeline.ArtifactStoreProperty(
                type="S3",
                location=store.artifacts,
                encryption_key=codepipeline.CfnPipeline.EncryptionKeyProperty(
                    id=store.imported_key, type="KMS"
                ),
            ),
            stages=stages,
        )
        self._arn = self.format_arn(service="codepipeline", resource=made.ref)
        if isinstance(pipeline.source, S3Source):
            self._start_on(pipeline.source)
        self._tell_failures()
        cdk.CfnOutput(self, "PipelineName", value=made.ref)

    def _stage(
        self, name: str, actions: Sequence[Action]
    ) -> codepipeline.CfnPipeline.StageDeclarationProperty:
        return codepipeline.CfnPipeline.StageDeclarationProperty(name=name, actions=list(actions))

    def _source(self) -> Action:
        source = self._pipeline.source
        if isinstance(source, S3Source):
            provider = "S3"
            configuration = {
                "S3Bucket": source.bucket,
                "S3ObjectKey": source.key,
                "PollForSourceChanges": "false",  # EventBridge tells
            }
        else:
            provider = "CodeStarSourceConnection"
            configuration = {
                "ConnectionArn": source.arn,
                "FullRepositoryId": source.repository,
                "BranchName": source.branch,
                "OutputArtifactFormat": "CODE_ZIP",
            }
        return Action(
            name=SOURCE,
            action_type_id=_type("Source", provider),
            configuration=configuration,
            output_artifacts=[codepipeline.CfnPipeline.OutputArtifactProperty(name=SOURCE)],
            run_order=1,
        )

    def _actions(self, stage: Stage) -> list[Action]:
        built = self._builds(of_stage(self._pipeline, stage))
        return [*built, *self._approval(stage, order=len(built) + 1)]

    def _builds(self, builds: Sequence[Build]) -> list[Action]:
        return [self._build(build, order) for order, build in enumerate(builds, start=1)]

    def _build(self, build: Build, order: int) -> Action:
        project = BuildProject(
            self,
            names.camel(f"{build.stage}-{build.name}"),
            pipeline=self._pipeline,
            build=build,
            store=self._store,
        )
        self._projects.append(project)
        return Action(
            name=build.name,
            action_type_id=_type("Test" if build.name == "test" else "Build", "CodeBuild"),
            configuration={"ProjectName": project.ref},
            input_artifacts=[codepipeline.CfnPipeline.InputArtifactProperty(name=build.reads)],
            output_artifacts=[codepipeline.CfnPipeline.OutputArtifactProperty(name=build.writes)]
            if build.writes
            else None,
            namespace=_namespace(build.stage) if build.name == "changes" else None,
            run_order=order,
        )

    def _approval(self, stage: Stage, *, order: int) -> list[Action]:
        approval = stage.gates.approval
        if approval is None:
            return []
        return [
            Action(
                name="approval",
                action_type_id=_type("Approval", "Manual"),
                configuration={
                    "NotificationArn": self._store.topics[stage.name],
                    "CustomData": f"#{{{_namespace(stage.name)}.{CHANGES}}}",
                },
                timeout_in_minutes=approval.timeout_hours * 60,
                run_order=order,
            )
        ]

    def _role(self) -> iam.CfnRole:
        """What CodePipeline itself does: fetch the source, start the builds, ask for approvals."""
        bucket = bucket_arn(self, self._store.artifacts)
        asked = [
            self._store.topics[stage.name]
            for stage in self._pipeline.stages
            if stage.gates.approval
        ]
        statements: list[dict[str, object]] = [
            {
                "Effect": "Allow",
                "Action": ["s3:GetBucketAcl", "s3:GetBucketLocation", "s3:GetBucketVersioning"],
                "Resource": bucket,
            },
            {
                "Effect": "Allow",
                "Action": ["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"],
                "Resource": f"{bucket}/{self._pipeline.name}/*",
            },
            use_of_key(self._store),
            {
                "Effect": "Allow",
                "Action": ["codebuild:BatchGetBuilds", "codebuild:StartBuild"],
                "Resource": [project.arn for project in self._projects],
            },
            *self._source_statements(),
        ]
        if asked:
            statements.append({"Effect": "Allow", "Action": "sns:Publish", "Resource": asked})
        return self._service_role(
            f"{self._pipeline.name}-pipeline", "codepipeline.amazonaws.com", statements
        )

    def _source_statements(self) -> list[dict[str, object]]:
        source = self._pipeline.source
        if isinstance(source, S3Source):
            bucket = bucket_arn(self, source.bucket)
            return [
                {
                    "Effect": "Allow",
                    "Action": ["s3:GetBucketAcl", "s3:GetBucketLocation", "s3:GetBucketVersioning"],
                    "Resource": bucket,
                },
                {
                    "Effect": "Allow",
                    "Action": [
                        "s3:GetObject",
                        "s3:GetObjectTagging",
                        "s3:GetObjectVersion",
                        "s3:GetObjectVersionTagging",
                    ],
                    "Resource": f"{bucket}/{source.key}",
                },
            ]
        service = source.arn.split(":")[2]  # a connection's older name has its own action
        return [{"Effect": "Allow", "Action": f"{service}:UseConnection", "Resource": source.arn}]

    def _start_on(self, source: S3Source) -> None:
        """Start when a new file lies in the source bucket."""
        role = self._service_role(
            f"{self._pipeline.name}-start",
            "events.amazonaws.com",
            [
                {
                    "Effect": "Allow",
                    "Action": "codepipeline:StartPipelineExecution",
                    "Resource": self._arn,
                }
            ],
        )
        events.CfnRule(
            self,
            "Start",
            name=f"{self._pipeline.name}-start",
            description=f"Starts the pipeline for a new s3://{source.bucket}/{source.key}",
            event_pattern={
                "source": ["aws.s3"],
                "detail-type": ["Object Created"],
                "detail": {"bucket": {"name": [source.bucket]}, "object": {"key": [source.key]}},
            },
            targets=[
                events.CfnRule.TargetProperty(id="pipeline", arn=self._arn, role_arn=role.attr_arn)
            ],
        )

    def _tell_failures(self) -> None:
        """Each stage's topic hears of its failures, the first one's also of those before it."""
        name = self._pipeline.name
        for position, stage in enumerate(self._pipeline.stages):
            of = [stage.name] if position else [SOURCE_STAGE, CHECKS_STAGE, stage.name]
            events.CfnRule(
                self,
                f"Failed{names.camel(stage.name)}",
                name=f"{name}-failed-{stage.name}",
                description=f"Tells of failures in {', '.join(of)}",
                event_pattern={
                    "source": ["aws.codepipeline"],
                    "detail-type": ["CodePipeline Stage Execution State Change"],
                    "detail": {"pipeline": [name], "stage": of, "state": ["FAILED"]},
                },
                targets=[
                    events.CfnRule.TargetProperty(
                        id="topic",
                        arn=self._store.topics[stage.name],
                        input_transformer=events.CfnRule.InputTransformerProperty(
                            input_paths_map={
                                "stage": "$.detail.stage",
                                "execution": "$.detail.execution-id",
                            },
                            input_template=f'"Pipeline {name} failed in <stage>. To see where: '
                            f"aws codepipeline list-action-executions --pipeline-name {name} "
                            '--filter pipelineExecutionId=<execution>"',
                        ),
                    )
                ],
            )

    def _service_role(
        self, name: str, service: str, statements: Sequence[dict[str, object]]
    ) -> iam.CfnRole:
        return iam.CfnRole(
            self,
            f"{names.camel(name.removeprefix(f'{self._pipeline.name}-'))}Role",
            role_name=name,
            assume_role_policy_document={
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": service},
                        "Action": "sts:AssumeRole",
                    }
                ],
            },
            policies=[
                iam.CfnRole.PolicyProperty(
                    policy_name="pipeline",
                    policy_document={"Version": "2012-10-17", "Statement": list(statements)},
                )
            ],
        )


def _type(category: str, provider: str) -> codepipeline.CfnPipeline.ActionTypeIdProperty:
    return codepipeline.CfnPipeline.ActionTypeIdProperty(
        category=category, owner="AWS", provider=provider, version="1"
    )


def _namespace(stage: str) -> str:
    """Where the variable of a stage's changes is found."""
    return f"{stage}-changes"
