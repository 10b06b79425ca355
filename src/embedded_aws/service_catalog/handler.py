"""From a request to an answer: which operation, is it well formed, who calls, what comes back.

body -> check_request (the model) -> operation, under the lock -> JSON 1.1
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import (
    browsing,
    node_sharing,
    plans,
    portfolios,
    products,
    provisioning,
    records,
    sharing,
    state,
)
from .errors import UnknownOperationError
from .state import Caller
from .validation import check_request

Operation = Callable[[Caller, dict[str, Any]], dict[str, Any]]

_OPERATIONS: dict[str, Operation] = {
    "AcceptPortfolioShare": sharing.accept,
    "AssociatePrincipalWithPortfolio": portfolios.associate_principal,
    "CreatePortfolioShare": sharing.create,
    "CreateProvisionedProductPlan": plans.create,
    "DeletePortfolioShare": sharing.delete,
    "DeleteProvisionedProductPlan": plans.delete,
    "DescribeConstraint": portfolios.describe_constraint,
    "DescribePortfolio": portfolios.describe_portfolio,
    "DescribePortfolioShareStatus": node_sharing.describe_status,
    "DescribePortfolioShares": sharing.describe_shares,
    "DescribeProduct": browsing.describe,
    "DescribeProductAsAdmin": products.describe_as_admin,
    "DescribeProvisionedProduct": records.describe,
    "DescribeProvisionedProductPlan": plans.describe,
    "DescribeProvisioningArtifact": products.describe_artifact,
    "DescribeProvisioningParameters": browsing.describe_parameters,
    "DescribeRecord": records.describe_record,
    "DisassociatePrincipalFromPortfolio": portfolios.disassociate_principal,
    "EnableAWSOrganizationsAccess": node_sharing.enable_access,
    "GetAWSOrganizationsAccessStatus": node_sharing.access_status,
    "GetProvisionedProductOutputs": records.outputs,
    "ListAcceptedPortfolioShares": sharing.list_accepted,
    "ListConstraintsForPortfolio": portfolios.list_constraints,
    "ListLaunchPaths": browsing.list_launch_paths,
    "ListPortfolioAccess": sharing.list_access,
    "ListPortfolios": portfolios.list_portfolios,
    "ListPortfoliosForProduct": products.list_portfolios_for_product,
    "ListPrincipalsForPortfolio": portfolios.list_principals,
    "ListProvisionedProductPlans": plans.list_plans,
    "ListProvisioningArtifacts": products.list_artifacts,
    "ListRecordHistory": records.list_records,
    "ListResourcesForTagOption": products.list_resources_for_tag_option,
    "ListTagOptions": portfolios.list_tag_options,
    "ProvisionProduct": provisioning.provision,
    "RejectPortfolioShare": sharing.reject,
    "ScanProvisionedProducts": records.scan,
    "SearchProducts": browsing.search,
    "SearchProductsAsAdmin": products.search_as_admin,
    "SearchProvisionedProducts": records.search,
    "TerminateProvisionedProduct": provisioning.terminate,
    "UpdatePortfolioShare": sharing.update,
    "UpdateProvisionedProduct": provisioning.update,
    "UpdateProvisioningArtifact": products.update_artifact,
}
OPERATIONS = frozenset(_OPERATIONS)


def answer(operation: str, request: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """What an operation answers to a caller.

    Raises:
        UnknownOperationError: It is not one of `OPERATIONS`.
        ServiceCatalogError: The operation refuses.
    """
    if operation not in _OPERATIONS:
        raise UnknownOperationError(
            f"Service Catalog's {operation} is not part of the embedded AWS: "
            "see src/embedded_aws/OPERATIONS.md"
        )
    check_request(operation, request)
    with state.LOCK:
        return _OPERATIONS[operation](caller, request)
