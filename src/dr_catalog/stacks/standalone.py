"""A tier as an ordinary stack, without Service Catalog.

The primary template is the one a release would freeze, with the suffix as the default of its
parameter. The peer's templates and the functions' code are files that ``cdk deploy`` uploads to the
account's own asset bucket, in both regions of the pair; the account must be onboarded, which gives
it the roles, the parameters and that bucket.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

import aws_cdk as cdk
from aws_cdk import cloudformation_include
from constructs import Construct

from .. import names
from ..releases.link import Linked, link
from ..releases.manifest import digest
from ..tiers.synthesis import Tier, synthesise

BUCKET = names.ASSET_BUCKET.of(account="${AWS::AccountId}", region="${AWS::Region}")


class StandaloneStack(cdk.Stack):
    """``WarmStandby-dev``: the tier under one suffix, to deploy with the CDK command line.

    Args:
        tier: The tier to build.
        suffix: The environment suffix.
        regions: The pair: code is uploaded to both.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        tier: Tier,
        suffix: str,
        regions: Sequence[str],
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            synthesizer=cdk.CliCredentialsStackSynthesizer(
                file_assets_bucket_name=BUCKET, bucket_prefix="standalone/"
            ),
            analytics_reporting=False,
        )
        self._regions = tuple(regions)
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder)
            synthesise(tier=tier, out=out)
            self._linked: Linked = link(out)
            primary = out / "linked.json"
            primary.write_bytes(self._linked.templates["primary"])
            included = cloudformation_include.CfnInclude(
                self, "Tier", template_file=str(primary), preserve_logical_ids=True
            )
        included.get_parameter(names.SUFFIX_PARAMETER).default = names.check_suffix(suffix)

    def add_files(self, assembly: Path) -> None:
        """Put the peer's templates and the code into the stack's asset manifest, for both regions.

        Call it after synthesis: CDK gives an asset one destination, the stack's own region.
        """
        files = {f"assets/{sha256}.zip": data for sha256, data in self._linked.assets.items()}
        for role, template in self._linked.templates.items():
            if role != "primary":
                files[f"templates/{digest(template)}.json"] = template
        manifest_file = assembly / f"{self.artifact_id}.assets.json"
        manifest = json.loads(manifest_file.read_text(encoding="utf-8"))
        for key, data in files.items():
            path = Path(key)
            (assembly / path.name).write_bytes(data)
            manifest["files"][path.stem] = {
                "displayName": key,
                "source": {"path": path.name, "packaging": "file"},
                "destinations": {
                    f"current_account-{region}": {
                        "bucketName": names.ASSET_BUCKET.of(
                            account="${AWS::AccountId}", region=region
                        ),
                        "objectKey": key,
                        "region": region,
                    }
                    for region in self._regions
                },
            }
        manifest_file.write_text(json.dumps(manifest, indent=1), encoding="utf-8")
