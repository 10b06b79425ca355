"""Which AWS is meant, whose credentials these are, and in which region they would launch."""

from __future__ import annotations

import importlib.util
import urllib.request

from ..errors import SetupError
from ..translation import no_region, translated
from .model import CALL_SECONDS, Check, Mend, Surroundings


def endpoint(surroundings: Surroundings) -> str:
    """AWS, or a local simulation that answers."""
    url = surroundings.endpoint
    if url is None:
        return "AWS; AWS_ENDPOINT_URL is not set"
    try:
        with urllib.request.urlopen(f"{url}/_ministack/health", timeout=CALL_SECONDS) as answer:
            answer.read()
    except (OSError, ValueError) as error:
        install = (
            ""
            if importlib.util.find_spec("ministack")
            else "`pip install 'dr-catalog[local]'`, then "
        )
        raise Mend(
            f"AWS_ENDPOINT_URL is {url}, which does not answer as the local simulation: {error}",
            f"{install}`dr-catalog local up`; for AWS itself: `unset AWS_ENDPOINT_URL`",
        ) from error
    return f"local simulation at {url}"


def credentials(surroundings: Surroundings) -> str:
    """There are credentials."""
    with translated(endpoint=surroundings.endpoint):
        found = surroundings.session.get_credentials()
    if found is None:
        raise SetupError(
            "there are none",
            hint="sign in (`aws sso login`), or for the local simulation: "
            'eval "$(dr-catalog local env --account tenant)"',
        )
    return f"from {found.method}"


def account(surroundings: Surroundings) -> str:
    """AWS accepts the credentials and says whose they are."""
    caller = surroundings.caller
    return f"{caller['Account']} as {caller['Arn'].rpartition(':')[2]}"


def region(surroundings: Surroundings) -> str:
    """A region is set."""
    with translated(endpoint=surroundings.endpoint):
        name = surroundings.session.region_name
    if not name:
        error = no_region()
        raise Mend(
            error.why, "`export AWS_DEFAULT_REGION=us-east-1`, or --region with each command"
        )
    return name


CHECKS = (
    Check("identity", "endpoint", endpoint),
    Check("identity", "credentials", credentials),
    Check("identity", "account", account, needs=("endpoint", "credentials")),
    Check("identity", "region", region),
)
