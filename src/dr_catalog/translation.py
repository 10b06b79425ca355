"""What botocore raises, translated once into the tree of `dr_catalog.errors`.

Publishing and provisioning run their calls inside `translated`; nothing else knows botocore's errors.
https://docs.aws.amazon.com/servicecatalog/latest/dg/CommonErrors.html
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConfigNotFound,
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    HTTPClientError,
    NoCredentialsError,
    NoRegionError,
    ParamValidationError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)

from .errors import DrCatalogError, LaunchError, NotFoundError, SetupError, UsageError

_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired"}
_INVALID_CREDENTIALS = {
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "AuthFailure",
}
_DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "NotAuthorized"}
_THROTTLED = {
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "TooManyRequestsException",
    "RequestLimitExceeded",
    "SlowDown",
}
_NOT_FOUND = {
    "NoSuchEntity",
    "NoSuchEntityException",
    "ResourceNotFoundException",
    "ParameterNotFound",
    "StackSetNotFoundException",
    "StackInstanceNotFoundException",
    "StateMachineDoesNotExist",
    "ExecutionDoesNotExist",
    "NoSuchKey",
    "404",  # what S3 answers to HEAD
}


@contextmanager
def translated(*, endpoint: str | None) -> Iterator[None]:
    """Raise what botocore raises inside as an error of our tree, with the original as its cause.

    Args:
        endpoint: ``AWS_ENDPOINT_URL``, when it is set: then the AWS meant is a local one.
    """
    try:
        yield
    except ClientError as error:
        raise _from_answer(error) from error
    except BotoCoreError as error:
        raise _from_client(error, endpoint) from error
    except UnicodeEncodeError as error:  # bytes of a command line that are no UTF-8
        raise UsageError(
            "AWS does not take this value",
            why=f"it is no text in UTF-8: {error.object!r}",
            hint="type it in UTF-8, or give it in a file with --parameters",
        ) from error


def denied(error: DrCatalogError) -> bool:
    """Whether the error stands for a missing permission."""
    cause = error.__cause__
    return isinstance(cause, ClientError) and cause.response["Error"].get("Code") in _DENIED


def _from_answer(error: ClientError) -> DrCatalogError:
    code = error.response["Error"].get("Code", "")
    why = error.response["Error"].get("Message", "") or code
    operation = error.operation_name
    if code in _EXPIRED:
        return SetupError(
            "the AWS credentials have expired", why=why, hint="sign in again, then run it again"
        )
    if code in _INVALID_CREDENTIALS:
        return SetupError(
            "AWS does not accept these credentials",
            why=why,
            hint="see which ones are used with `aws sts get-caller-identity`",
        )
    if code in _DENIED:
        return SetupError(
            f"these credentials may not call {operation}",
            why=why,
            hint="ask the platform team for the role that may launch from the portfolio",
        )
    if code in _THROTTLED:
        return LaunchError(
            f"AWS throttles {operation}",
            why=why,
            hint="wait a minute and run it again: it resumes where it was",
        )
    if code in _NOT_FOUND or (code == "ValidationError" and "does not exist" in why):
        return NotFoundError(f"{operation}: not found", why=why)
    return LaunchError(f"AWS refused {operation}", why=f"{why} ({code})")


def _from_client(error: BotoCoreError, endpoint: str | None) -> DrCatalogError:
    why = str(error).rstrip(".")
    if isinstance(error, (NoCredentialsError, PartialCredentialsError)):
        return SetupError(
            "there are no AWS credentials",
            why=why,
            hint="sign in (`aws sso login`), or for the local simulation: "
            'eval "$(dr-catalog local env --account tenant)"',
        )
    if isinstance(error, (SSOError, TokenRetrievalError, CredentialRetrievalError)):
        return SetupError(
            "the AWS credentials could not be read or have expired",
            why=why,
            hint="sign in again (`aws sso login`), then run it again",
        )
    if isinstance(error, NoRegionError):
        return no_region()
    if isinstance(error, (ProfileNotFound, ConfigNotFound)):
        return SetupError("the AWS profile is not there", why=why, hint="see `aws configure list`")
    if isinstance(error, (EndpointConnectionError, ConnectTimeoutError, HTTPClientError)):
        return SetupError(
            f"{endpoint or 'AWS'} can't be reached",
            why=why,
            hint="start the local simulation with `dr-catalog local up`, or unset AWS_ENDPOINT_URL"
            if endpoint
            else "check the network, the proxy and the region's name",
        )
    if isinstance(error, ParamValidationError):
        return UsageError("AWS does not take this value", why=why)
    return SetupError("the AWS client failed", why=why)


def no_region() -> SetupError:
    """The error for a call that belongs to no region."""
    return SetupError(
        "no AWS region is set",
        why="neither --region, AWS_DEFAULT_REGION nor the profile names one",
        hint="add `--region us-east-1`, the region to launch in",
    )
