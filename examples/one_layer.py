"""One layer in an app of your own: the transaction API over a table that you already have."""

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb

from dr_catalog.layers import MultiRegionKey, TransactionApi

app = cdk.App()
stack = cdk.Stack(app, "Orders")
key = MultiRegionKey(stack, "Key", suffix="dev").key
table = dynamodb.Table.from_table_name(stack, "Table", "orders")
TransactionApi(stack, "Api", suffix="dev", key=key, table=table, writer_region=cdk.Aws.REGION)
app.synth()
