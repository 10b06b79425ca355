"""Layers as products: a key, a network and a table under one suffix, launched one after the other.

    python examples/layers_one_by_one.py dev kms vpc dynamodb

Runs as the tenant of an onboarded account, in the region to launch in, with nothing but boto3: what
the console or the AWS CLI would do. Ends at the first launch that fails and says why; a layer that is
launched already is left as it is.
"""

import sys
import time
from collections.abc import Iterator

import boto3

UNDER_WAY = ("CREATED", "IN_PROGRESS", "IN_PROGRESS_IN_ERROR")


def launch(catalog, *, suffix: str, layer: str) -> Iterator[str]:
    """Launch a layer's newest version and tell its outputs, once it is up in both regions."""
    name = f"dr-{suffix}.{layer}"
    there = catalog.search_provisioned_products(Filters={"SearchQuery": [f"name:{name}"]})
    if any(each["Name"] == name for each in there["ProvisionedProducts"]):
        yield "is launched already"
        return
    versions = catalog.describe_product(Name=layer)["ProvisioningArtifacts"]
    record = catalog.provision_product(
        ProductName=layer,
        ProvisioningArtifactName=versions[-1]["Name"],
        ProvisionedProductName=name,
        ProvisioningParameters=[{"Key": "EnvironmentSuffix", "Value": suffix}],
    )["RecordDetail"]["RecordId"]
    while (found := catalog.describe_record(Id=record))["RecordDetail"]["Status"] in UNDER_WAY:
        time.sleep(0.2)
    if found["RecordDetail"]["Status"] != "SUCCEEDED":
        raise SystemExit(" ".join(e["Description"] for e in found["RecordDetail"]["RecordErrors"]))
    for output in found["RecordOutputs"]:
        yield f"{output['OutputKey']}: {output['OutputValue']}"


if __name__ == "__main__":
    suffix, *layers = sys.argv[1:] or ["dev", "kms", "vpc", "dynamodb"]
    for layer in layers:
        for line in launch(boto3.client("servicecatalog"), suffix=suffix, layer=layer):
            print(f"{layer:12} {line}")
