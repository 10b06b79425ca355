"""One embedded AWS in which the repository's warm standby is published and a tenant is onboarded.

Everything goes through the commands and the public APIs, in the hub's and the tenant's accounts, as
in the demo; each test launches under suffixes of its own.
"""

from __future__ import annotations

import fcntl
import functools
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.client import BaseClient
from click.testing import CliRunner, Result

from dr_catalog.cli.main import cli
from dr_catalog.cli.organisation import ACCESS_ROLE, assume, make_role
from dr_catalog.provisioning.checks import Launch
from dr_catalog.publishing import onboard, publish
from dr_catalog.publishing.assembly import synthesise

from ..embedded_aws.conftest import serving
from .catalogs import catalog_root

HUB, TENANT = "111111111111", "222222222222"
REGION, PEER, WITNESS = "us-east-1", "us-west-2", "eu-west-1"
TIERS = ("active-active", "backup-restore", "pilot-light")
"""Those besides warm standby."""
LAYERS = (
    *("kms", "vpc", "dynamodb", "s3", "aurora", "compute"),
    *("backup", "monitoring", "route53", "recovery"),
)
"""In the order in which they need each other."""


@contextmanager
def environment(values: Mapping[str, str]) -> Iterator[None]:
    """AWS settings for the time of a block; nothing of the machine's own leaks in."""
    before = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    for name in before:
        del os.environ[name]
    os.environ.update(values)
    boto3.DEFAULT_SESSION = None
    try:
        yield
    finally:
        for name in values:
            os.environ.pop(name, None)
        os.environ.update(before)
        boto3.DEFAULT_SESSION = None


@contextmanager
def recorded(calls: set[tuple[str, str]]) -> Iterator[None]:
    """Note which operations of which services are called for the time of a block, by whomever."""
    call = BaseClient._make_api_call

    def note(client: Any, operation: str, arguments: Any) -> Any:
        calls.add((client.meta.service_model.service_name, operation))
        return call(client, operation, arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseClient, "_make_api_call", note)
        yield


@dataclass(frozen=True)
class Identity:
    """Someone with credentials, who runs commands and calls AWS."""

    settings: Mapping[str, str]

    def run(self, *words: str) -> Result:
        """Run ``dr-catalog`` with these words."""
        with environment(self.settings):
            return CliRunner().invoke(cli, words)

    def ok(self, *words: str) -> Result:
        """Run it, and expect it to succeed."""
        result = self.run(*words)
        assert result.exit_code == 0, result.output
        return result

    def json(self, *words: str) -> Any:
        """Run it with ``--output json`` and read what it prints."""
        return json.loads(self.ok(*words, "--output", "json").stdout)

    def session(self) -> boto3.Session:
        """Their boto3 session."""
        return _session(
            self.settings["AWS_ACCESS_KEY_ID"],
            self.settings["AWS_SECRET_ACCESS_KEY"],
            self.settings.get("AWS_SESSION_TOKEN"),
        )

    def client(self, service: str, region: str = REGION) -> Any:
        """Their boto3 client, made once for each service and region."""
        return _client(self.session(), service, region, self.settings["AWS_ENDPOINT_URL"])


@functools.cache
def _session(key: str, secret: str, token: str | None) -> boto3.Session:
    return boto3.Session(
        aws_access_key_id=key, aws_secret_access_key=secret, aws_session_token=token
    )


@functools.cache
def _client(session: boto3.Session, service: str, region: str, endpoint: str) -> Any:
    return session.client(service, region_name=region, endpoint_url=endpoint)


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """An embedded AWS of these tests' own."""
    with serving() as url:
        yield url


@pytest.fixture(scope="session")
def person(server: str) -> Callable[[str], Identity]:
    """``person(account)``: the administrator of an account."""

    def make(account: str, **more: str) -> Identity:
        return Identity(
            {
                "AWS_ENDPOINT_URL": server,
                "AWS_DEFAULT_REGION": REGION,
                "AWS_ACCESS_KEY_ID": account,
                "AWS_SECRET_ACCESS_KEY": "test",
                **more,
            }
        )

    return make


@pytest.fixture(scope="session")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The root of the catalog that is published: the repository's with warm standby alone."""
    return catalog_root(tmp_path_factory.mktemp("catalog"))


@pytest.fixture(scope="session")
def synthesised(catalog: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """The catalog's stacks; those that onboard are the same for any stage. One worker makes them for all."""
    place = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        place = place.parent
    kept = place / "stacks.json"
    with (place / "stacks.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            kept.write_text(json.dumps(dict(synthesise(catalog))))
    stacks: Mapping[str, str] = json.loads(kept.read_text())
    return stacks


@contextmanager
def without_synthesis(synthesised: Mapping[str, str]) -> Iterator[None]:
    """Commands take these stacks for the time of a block."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (publish, onboard):
            patch.setattr(module, "synthesise", lambda root: synthesised)
        yield


@pytest.fixture
def synthesised_once(synthesised: Mapping[str, str]) -> Iterator[None]:
    """Commands of a test take the stacks that were synthesised for all."""
    with without_synthesis(synthesised):
        yield


@pytest.fixture(scope="session")
def calls_of_publish() -> set[tuple[str, str]]:
    """The operations that the first publication called, once there is a `hub`."""
    return set()


@pytest.fixture(scope="session")
def hub(
    person: Callable[[str], Identity],
    catalog: Path,
    synthesised: Mapping[str, str],
    calls_of_publish: set[tuple[str, str]],
) -> Identity:
    """The platform engineer, once the catalog is published."""
    engineer = person(HUB)
    with without_synthesis(synthesised), recorded(calls_of_publish):
        engineer.ok("publish", "--stage", "dev", "--root", str(catalog))
    return engineer


@pytest.fixture(scope="session")
def tenant(
    hub: Identity,
    person: Callable[..., Identity],
    catalog: Path,
    synthesised: Mapping[str, str],
) -> Identity:
    """Someone of the tenant team, in the role that may launch, once the account is onboarded."""
    endpoint = hub.settings["AWS_ENDPOINT_URL"]
    make_role(endpoint=endpoint, account=TENANT, role=ACCESS_ROLE, trusted=(HUB,))
    make_role(endpoint=endpoint, account=TENANT, role="dr-tenant", trusted=(TENANT,))
    with without_synthesis(synthesised):
        hub.ok("onboard", "--account", TENANT, "--stage", "dev", "--root", str(catalog))
    credentials = dict(assume(endpoint=endpoint, account=TENANT, role="dr-tenant"))
    return person(credentials.pop("AWS_ACCESS_KEY_ID"), **credentials)


@pytest.fixture(scope="session")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Identity]:
    """Who may launch in a second embedded AWS, where all products but warm standby are published."""
    root = catalog_root(tmp_path_factory.mktemp("elsewhere"), products=(*TIERS, *LAYERS))
    with serving() as url:
        shared = {"AWS_ENDPOINT_URL": url, "AWS_DEFAULT_REGION": REGION}
        engineer = Identity(shared | {"AWS_ACCESS_KEY_ID": HUB, "AWS_SECRET_ACCESS_KEY": "test"})
        make_role(endpoint=url, account=TENANT, role=ACCESS_ROLE, trusted=(HUB,))
        make_role(endpoint=url, account=TENANT, role="dr-tenant", trusted=(TENANT,))
        with without_synthesis(synthesise(root)):
            engineer.ok("publish", "--stage", "dev", "--root", str(root))
            engineer.ok("onboard", "--account", TENANT, "--stage", "dev", "--root", str(root))
        yield Identity(shared | dict(assume(endpoint=url, account=TENANT, role="dr-tenant")))


@pytest.fixture(scope="session")
def launched(tenant: Identity) -> Launch:
    """A launch of the default version with a witness, for tests that only look at it."""
    tenant.ok("launch", "warm-standby", "--suffix", "shared", "--set", f"WitnessRegion={WITNESS}")
    return launch_of(tenant, "shared")


@pytest.fixture(autouse=True)
def as_tenant(tenant: Identity) -> Iterator[None]:
    """Each test runs with the tenant's settings, and leaves none behind."""
    with environment(tenant.settings):
        yield


def launch_of(tenant: Identity, suffix: str) -> Launch:
    """What the checks need to know of a launch."""
    outputs = tenant.json("outputs", "--suffix", suffix)
    return Launch(
        session=tenant.session(),
        account=TENANT,
        suffix=suffix,
        region=REGION,
        peer_region=PEER,
        endpoints={region: outputs[region]["Endpoint"] for region in (REGION, PEER)},
    )
