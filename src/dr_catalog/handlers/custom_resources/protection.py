"""Deletion protection, as a person switches it on and off: an SSM parameter.

It is read when the deletion comes, because a stack in DELETE_FAILED takes no update: writing ``false`` to
the parameter is the way out of it.
"""

from __future__ import annotations

from response import Refused, client


def refuse_while_protected(what: str, *, parameter: str, region: str) -> None:
    """Go on where the parameter says ``false``.

    Args:
        what: What would be deleted, such as ``Environment 'dev'``.
        parameter: The parameter's name.
        region: Where it is.

    Raises:
        Refused: It says anything else, or is missing.
    """
    ssm = client("ssm", region)
    try:
        value = ssm.get_parameter(Name=parameter)["Parameter"]["Value"]
    except ssm.exceptions.ParameterNotFound:
        value = None
    if value == "false":
        return
    why, kind = (
        (f"the SSM parameter {parameter} in {region} is missing", " --type String")
        if value is None
        else (f"deletion protection is on (the SSM parameter {parameter} in {region})", "")
    )
    raise Refused(
        f"{what} is not deleted, and nothing has been touched: {why}. To delete it, run: aws ssm "
        f"put-parameter --name {parameter}{kind} --value false --overwrite --region {region} and repeat "
        f"the deletion."
    )
