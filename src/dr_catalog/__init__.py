"""Disaster recovery tiers as versioned AWS Service Catalog products.

``dr_catalog.layers`` has the constructs, ``dr_catalog.tiers`` their compositions, ``dr_catalog.stacks`` what
publishes them; ``dr_catalog.provisioning`` launches without loading CDK.
"""
