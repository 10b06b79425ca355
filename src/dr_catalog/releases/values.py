"""What a template's expressions come to before anything is made: of parameters and conditions only.

A new primary template hands values to the peer's StackSets. Those that stand on the launch's own
parameters are known beforehand; an attribute of a resource is not, and `Unknown` says whose it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

_NAME = re.compile(r"\$\{([^!}][^}]*)\}")
_RESOLVE = re.compile(r"\{\{resolve:ssm:([^:}]+)(?::\d+)?\}\}")


class Unknown(Exception):
    """An expression that only the deployed resources can answer; its text names one."""


@dataclass(frozen=True, kw_only=True)
class Values:
    """The ground on which expressions are worked out.

    Args:
        known: Parameters and pseudo parameters by name.
        conditions: The template's conditions.
        setting: Reads a Systems Manager parameter, for dynamic references.
    """

    known: Mapping[str, str]
    conditions: Mapping[str, Any]
    setting: Callable[[str], str]

    def text(self, expression: Any) -> str:
        """The expression's value.

        Raises:
            Unknown: It stands on a resource.
        """
        match expression:
            case str():
                return _RESOLVE.sub(lambda found: self.setting(found[1]), expression)
            case bool():
                return str(expression).lower()
            case int() | float():
                return str(expression)
            case {"Ref": str(name)}:
                return self._name(name)
            case {"Fn::Sub": str(text)}:
                return self._substituted(text, {})
            case {"Fn::Sub": [str(text), dict(variables)]}:
                return self._substituted(text, variables)
            case {"Fn::Join": [str(separator), list(parts)]}:
                return separator.join(self.text(part) for part in parts)
            case {"Fn::If": [str(condition), yes, no]}:
                return self.text(yes if self.holds(condition) else no)
            case {"Fn::GetAtt": [str(name), *_]}:
                raise Unknown(name)
        raise Unknown(str(expression))

    def holds(self, condition: str) -> bool:
        """Whether a condition of the template is true.

        Raises:
            Unknown: It is no condition, or of a kind that is not known here.
        """
        return self._true(self.conditions.get(condition))

    def _true(self, expression: Any) -> bool:
        match expression:
            case {"Fn::Equals": [one, other]}:
                return self.text(one) == self.text(other)
            case {"Fn::Not": [inner]}:
                return not self._true(inner)
            case {"Fn::And": list(parts)}:
                return all(self._true(part) for part in parts)
            case {"Fn::Or": list(parts)}:
                return any(self._true(part) for part in parts)
            case {"Condition": str(name)}:
                return self.holds(name)
        raise Unknown(str(expression))

    def _name(self, name: str) -> str:
        if name not in self.known:
            raise Unknown(name)
        return self.known[name]

    def _substituted(self, text: str, variables: Mapping[str, Any]) -> str:
        def value(found: re.Match[str]) -> str:
            name = found[1]
            return self.text(variables[name]) if name in variables else self._name(name)

        return self.text(_NAME.sub(value, text))
