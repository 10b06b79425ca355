"""Lambda code: each sub-folder is one asset, zipped as it is.

An asset knows only the standard library, boto3 (part of Lambda's Python 3.13 runtime) and its own
modules, which it imports as top-level names (``from reply import Reply``); nothing here imports an
asset. One asset may hold several handlers that share modules; each is still a function with a
role of its own. What talks to the database finds the modules of ``_database`` and the driver, pg8000,
beside it: they are added where a layer asks for them.

    processor/          index.handler: the transaction processor behind the regional API
    control_metric/     index.handler: publishes every minute which region serves
    custom_resources/   peer_parameter.handler, bucket_replication.handler, delete_guard.handler,
                        cidr_plan.handler, database_setup.handler; of a layer that is launched alone
                        neighbours.handler, layer_guard.handler
    recovery/           index.handler: every step of a recovery; procedures.py lists them as data
"""
