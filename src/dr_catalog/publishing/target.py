"""The account and the regions of one stage, as the parts of publishing work on them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from ..definitions import Stage
from .accounts import Accounts

T = TypeVar("T")


@dataclass(frozen=True)
class Target:
    """A stage's own account, which publishes; its first region is its home."""

    stage: Stage
    accounts: Accounts

    @property
    def home(self) -> str:
        """The region where what is global is made, and what is regional is made first."""
        return self.stage.regions[0]

    def client(self, service: str, region: str) -> Any:
        """A client in the stage's account."""
        return self.accounts.client(service, account=self.stage.account, region=region)

    def each(self, work: Callable[[str], T]) -> Mapping[str, T]:
        """What ``work`` returns in each region; all are always done, also where one fails."""
        with ThreadPoolExecutor(max_workers=len(self.stage.regions)) as pool:
            futures = {region: pool.submit(work, region) for region in self.stage.regions}
        return {region: future.result() for region, future in futures.items()}
