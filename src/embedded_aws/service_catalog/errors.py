"""The errors Service Catalog answers, each with its code and AWS's wording.

An operation raises one; `handler` turns it into the wire's ``__type`` and message, a resource type's
failure into the reason of the CloudFormation event.
https://docs.aws.amazon.com/servicecatalog/latest/dg/CommonErrors.html
"""

from __future__ import annotations


class ServiceCatalogError(Exception):
    """A refusal as the service words it; ``code`` is the exception's name on the wire."""

    code = "InvalidParametersException"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class InvalidParametersError(ServiceCatalogError):
    """A parameter that is malformed, or contradicts the state of what it names."""


class NotFoundError(ServiceCatalogError):
    """What is named does not exist, or the caller may not see it."""

    code = "ResourceNotFoundException"


class InUseError(ServiceCatalogError):
    """Others still hang on what should go."""

    code = "ResourceInUseException"


class InvalidStateError(ServiceCatalogError):
    """What is named is in a state in which this can't be done."""

    code = "InvalidStateException"


class LimitExceededError(ServiceCatalogError):
    """A quota is used up."""

    code = "LimitExceededException"


class DuplicateError(ServiceCatalogError):
    """It exists already."""

    code = "DuplicateResourceException"


class UnknownOperationError(ServiceCatalogError):
    """An operation that nothing here calls."""

    code = "UnknownOperationException"
