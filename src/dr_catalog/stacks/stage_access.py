"""Who may come from the pipeline's account into a stage's: three roles, each for named builds alone.

    dr-catalog-publish   the stage's assets, portfolio, guidance and digests
    dr-catalog-canary    the stage's canary, where its gates ask for one
    dr-catalog-reader    the next stage's publishing, and the changes shown in the stage before

The trust names the account and, as a condition, the builds' roles: a role need not be there yet when
another one trusts it, and one that was made anew is still trusted.

See https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

from __future__ import annotations

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from .. import names
from ..definitions import Pipeline, Stage
from ._stage_rights import StageRights, Statement
from .pipeline_actions import Entry, entering


class StageAccessStack(cdk.Stack):
    """The roles of one stage's account; IAM is global, so once, in the stage's first region.

    Args:
        pipeline: What ``pipeline/pipeline.yaml`` says.
        stage: One of its stages.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, pipeline: Pipeline, stage: Stage
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            stack_name=names.ACCESS_STACK,
            env=cdk.Environment(account=stage.account, region=stage.regions[0]),
            description="Lets the disaster recovery catalog's pipeline into this account",
            synthesizer=cdk.BootstraplessSynthesizer(),
            analytics_reporting=False,
        )
        rights = StageRights(stage=stage, partition=self.partition)
        for name, description, statements in (
            (names.PUBLISH_ROLE, "The pipeline publishes as this role", rights.publish()),
            (names.CANARY_ROLE, "The pipeline's canary launches as this role", rights.canary()),
            (names.READER_ROLE, "The stages beside this one see what it has", rights.read()),
        ):
            builds = entering(pipeline, Entry(account=stage.account, role=name))
            if builds:
                self._role(
                    name, description, pipeline=pipeline, builds=builds, statements=statements
                )

    def _role(
        self,
        name: str,
        description: str,
        *,
        pipeline: Pipeline,
        builds: Sequence[str],
        statements: Sequence[Statement],
    ) -> None:
        account = f"arn:{self.partition}:iam::{pipeline.account}"
        iam.CfnRole(
            self,
            names.camel(name),
            role_name=name,
            description=description,
            assume_role_policy_document={
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"AWS": f"{account}:root"},
                        "Action": "sts:AssumeRole",
                        "Condition": {
                            "ArnEquals": {
                                "aws:PrincipalArn": [f"{account}:role/{build}" for build in builds]
                            }
                        },
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
