"""CloudFormation resource types that ministack lacks, or of which it drops properties.

Each is made through its own service's public API, so that what a stack says is what the service
answers; one module a type, or a family of types that share a service. A property that is not listed
fails the stack instead of being dropped.
"""

from . import alarms, bucket, global_table, network, replica_key, schema

FAMILIES = (alarms, network)
TYPES = (bucket, global_table, replica_key, *(each for family in FAMILIES for each in family.TYPES))


def register() -> None:
    """Register the types, and hold every type to its schema."""
    from ..extension import register_type

    schema.install()
    for family in FAMILIES:
        family.install()
    for module in TYPES:
        register_type(
            module.TYPE,
            create=module.create,
            update=module.update,
            delete=module.delete,
            tags=module.TAGS,
        )
