"""The other regions' part of a preview: by change set where its stacks are there, else by template.

A StackSet hides what it does to its stacks, so each of them gets a change set of its own, with the
template and the parameters that the new primary template hands to the StackSet. The stacks belong to
the account: a role needs cloudformation:CreateChangeSet, DescribeChangeSet and DeleteChangeSet on
``stack/StackSet-dr-*``, and without them the reason is told instead.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from ..errors import DrCatalogError, LaunchError, NotFoundError
from ..releases.template import Template
from ..releases.values import Unknown, Values
from ..translation import denied
from .aws import Aws
from .blueprint import PRIMARY, Blueprint, PeerPart
from .model import Stack
from .risk import ADDED, Change, judged
from .settling import Sleep, settled
from .stacks import stack_name
from .steps import Provision, Update

_SSM = "AWS::SSM::Parameter::Value<"
# For what only the upgrade will know. A change set needs some value that the parameter allows.
_STAND_INS = (
    "known-after-apply",
    "10.0.0.0/16",
    *(f"{prefix}-00000000000000000" for prefix in ("vpc", "subnet", "sg", "rtb", "pcx", "mrk")),
    "arn:aws:kms:us-east-1:000000000000:key/mrk-0",
    "0",
)


@dataclass(frozen=True, kw_only=True)
class Seen:
    """The peer's changes, why some are not there, and what else to know."""

    changes: tuple[Change, ...] = ()
    unseen: str = ""
    notes: tuple[str, ...] = ()


def look(
    aws: Aws,
    step: Provision | Update,
    blueprint: Blueprint,
    *,
    pause: float,
    sleep: Sleep,
) -> Seen:
    """What the peer's stacks would come to; never raises for a right that is missing."""
    primary = blueprint.templates.get(PRIMARY)
    if primary is None:
        return Seen(unseen=f"the version's template can't be read: {blueprint.unread}")
    try:
        if blueprint.refused or isinstance(step, Provision):
            return _by_template(aws, step, blueprint)
        return _by_change_set(aws, step, blueprint, primary, pause=pause, sleep=sleep)
    except DrCatalogError as error:
        if denied(error):
            return Seen(
                unseen=f"{error.what}; the stacks there are the account's own, and a preview needs "
                "cloudformation:CreateChangeSet, DescribeChangeSet and DeleteChangeSet on "
                "stack/StackSet-dr-*, and s3:GetObject on the asset bucket"
            )
        return Seen(unseen=" ".join(filter(None, (error.what, error.why))))


def _by_template(aws: Aws, step: Provision | Update, blueprint: Blueprint) -> Seen:
    """Everything of the peer's templates is new; that of an upgrade can't be told from them."""
    if isinstance(step, Update):
        return Seen(unseen=f"AWS does not give the version's template: {blueprint.refused}")
    primary = blueprint.templates[PRIMARY]
    outer = _values(aws, step, primary, {})
    changes, missing = [], []
    for part in blueprint.peers:
        if not _there(outer, part.condition or None):
            continue
        role, region = part.role, _region(aws, outer, part)
        template = blueprint.templates.get(role)
        if template is None:
            missing.append(role)
            continue
        inner = Values(
            known={
                **_defaults(template),
                **_resolvable(outer, part.parameters),
                **_pseudo(aws, region),
            },
            conditions=template.body.get("Conditions") or {},
            setting=aws.setting,
        )
        changes += [
            Change(
                region=region,
                part=role,
                action=ADDED,
                resource=resource.id,
                type=resource.type,
            )
            for resource in template.resources()
            if _there(inner, resource.body.get("Condition"))
        ]
    unread = f"the {' and '.join(missing)} template can't be read: {blueprint.unread}"
    return Seen(
        changes=tuple(changes),
        unseen=unread if missing else "",
        notes=("the peer region's part is read from its templates: there is no stack yet",),
    )


def _by_change_set(
    aws: Aws,
    step: Update,
    blueprint: Blueprint,
    primary: Template,
    *,
    pause: float,
    sleep: Sleep,
) -> Seen:
    present = aws.stack(stack_name(account=aws.account, launch_id=step.launch.id))
    if present is None:
        raise LaunchError("the launch region's stack can't be read")
    outer = _values(aws, step, primary, present.parameters)
    stacks = _stacks(aws, present)
    changes: list[Change] = []
    notes: list[str] = []
    for part in blueprint.peers:
        if not _there(outer, part.condition or None):
            continue
        stack = stacks.pop(outer.text(part.name), None)
        template = blueprint.templates.get(part.role)
        if template is None:
            raise LaunchError(f"the {part.role} template can't be read", why=blueprint.unread)
        if stack is None:
            notes.append(f"the {part.role} stack is not there yet; all of it is new")
            changes += [
                Change(
                    region=_region(aws, outer, part),
                    part=part.role,
                    action=ADDED,
                    resource=each.id,
                    type=each.type,
                )
                for each in template.resources()
            ]
            continue
        parameters, guessed = _handed(outer, part, template, stack)
        if guessed:
            notes.append(
                f"{part.role}: only the upgrade itself will know {', '.join(guessed)}; "
                "what stands on them is shown with stand-ins"
            )
        changes += _change_set(aws, part, stack, template, parameters, pause=pause, sleep=sleep)
    for name, stack in stacks.items():
        notes.append(f"StackSet {name} is no longer part of it: stack {stack.name} is deleted")
    return Seen(changes=tuple(changes), notes=tuple(notes))


def _stacks(aws: Aws, present: Stack) -> dict[str, Stack]:
    """The peer's stacks by their StackSet's name."""
    found = {}
    for stack_set in aws.stack_sets(present.id):
        for instance in aws.stack_instances(stack_set):
            stack = instance.stack_id and aws.stack(instance.stack_id, region=instance.region)
            if stack:
                found[stack_set.partition(":")[0]] = stack
    return found


def _change_set(
    aws: Aws,
    part: PeerPart,
    stack: Stack,
    template: Template,
    parameters: Mapping[str, str | None],
    *,
    pause: float,
    sleep: Sleep,
) -> list[Change]:
    name = f"dr-catalog-{secrets.token_hex(8)}"
    change_set = aws.make_change_set(
        stack.id, region=stack.region, name=name, url=part.url, parameters=parameters
    )
    try:
        made = settled(
            lambda: aws.change_set(change_set, region=stack.region), pause=pause, sleep=sleep
        )
    finally:
        aws.delete_change_set(change_set, region=stack.region)
    if made.failed and not made.empty:
        raise LaunchError(f"the change of the peer's {part.role} stack fails", why=made.message)
    try:
        old = Template.parse(part.role, aws.stack_template(stack.id, region=stack.region))
    except (DrCatalogError, ValueError):
        old = None
    return [
        judged(change, region=stack.region, part=part.role, old=old, new=template)
        for change in made.changes
    ]


def _values(
    aws: Aws, step: Provision | Update, primary: Template, present: Mapping[str, str]
) -> Values:
    """The primary template's parameters as they will be: set, else present, else the default."""
    given = {name: value for name, value in step.parameters.items() if value is not None}
    known = {**_defaults(primary), **present, **given}
    for name, body in primary.parameters.items():
        if str(body.get("Type")).startswith(_SSM) and name in known:
            with suppress(NotFoundError):  # some answer the resolved value instead of the name
                known[name] = aws.setting(known[name])
    return Values(
        known={**known, **_pseudo(aws, aws.region)},
        conditions=primary.body.get("Conditions") or {},
        setting=aws.setting,
    )


def _handed(
    outer: Values, part: PeerPart, template: Template, stack: Stack
) -> tuple[dict[str, str | None], list[str]]:
    """What the StackSet will hand on, and the names of those values that had to be guessed."""
    handed: dict[str, str | None] = {}
    guessed = []
    for name, expression in part.parameters.items():
        try:
            handed[name] = outer.text(expression)
        except Unknown:
            if name in stack.parameters:
                handed[name] = None
            else:
                handed[name] = _stand_in(template.parameters.get(name, {}), name)
                guessed.append(name)
    return handed, guessed


def _stand_in(parameter: Mapping[str, object], name: str) -> str:
    allowed = parameter.get("AllowedValues")
    pattern = str(parameter.get("AllowedPattern", ".*"))
    for value in allowed if isinstance(allowed, list) else _STAND_INS:
        if re.fullmatch(pattern, str(value)):
            return str(value)
    raise LaunchError(f"only the upgrade itself will know {name}, which its change set would need")


def _resolvable(outer: Values, expressions: Mapping[str, object]) -> dict[str, str]:
    found = {}
    for name, expression in expressions.items():
        try:
            found[name] = outer.text(expression)
        except Unknown:
            continue
    return found


def _defaults(template: Template) -> dict[str, str]:
    return {
        name: str(body["Default"])
        for name, body in template.parameters.items()
        if "Default" in body
    }


def _pseudo(aws: Aws, region: str) -> dict[str, str]:
    return {
        "AWS::Region": region,
        "AWS::AccountId": aws.account,
        "AWS::Partition": "aws-cn" if region.startswith("cn-") else "aws",
    }


def _region(aws: Aws, outer: Values, part: PeerPart) -> str:
    """Where a part is, the peer region unless the template says otherwise."""
    try:
        return outer.text(part.region)
    except Unknown:
        return aws.peer_region


def _there(values: Values, condition: object) -> bool:
    """Whether a resource will be there; one whose condition can't be told is shown."""
    try:
        return condition is None or values.holds(str(condition))
    except Unknown:
        return True
