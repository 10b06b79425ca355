"""``AWS::CertificateManager::Certificate``, validated by records in zones of the account.

CloudFormation writes the validation records and waits until the certificate is issued. Here nothing
else would write them, so one that is not issued at once fails the stack. The records stay when the
certificate goes, as on AWS.

See https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-certificatemanager-certificate.html
"""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from ..resource_types.context import Made, Properties, here, known, tags

TYPE = "AWS::CertificateManager::Certificate"
TAGS = "Tags"
FIXED = ("DomainName", "DomainValidationOptions", "SubjectAlternativeNames", "ValidationMethod")
LOGGING = "CertificateTransparencyLoggingPreference"
TTL = 300


def create(logical_id: str, properties: Properties, stack_name: str) -> Made:
    """Request it, write its validation records and see that it is issued."""
    known(properties, ("Tags", LOGGING, *FIXED))
    acm = here("acm")
    wanted: dict[str, Any] = {each: properties[each] for each in FIXED if each in properties}
    options = wanted.pop("DomainValidationOptions", [])
    if tags(properties):
        wanted["Tags"] = tags(properties)
    if LOGGING in properties:
        wanted["Options"] = {LOGGING: properties[LOGGING]}
    arn = acm.request_certificate(**wanted)["CertificateArn"]
    try:
        _validate(arn, options)
    except (ClientError, ValueError):
        acm.delete_certificate(CertificateArn=arn)
        raise
    return _made(arn)


def update(
    physical_id: str, old: Properties, new: Properties, stack_name: str, logical_id: str
) -> Made:
    """Tags and transparency logging change in place; other names are replaced before this."""
    known(new, ("Tags", LOGGING, *FIXED))
    if new.get("ValidationMethod") != "DNS":
        raise ValueError("The embedded AWS validates certificates by DNS alone")
    acm = here("acm")
    if old.get(LOGGING) != new.get(LOGGING):
        options = {LOGGING: new.get(LOGGING, "ENABLED")}
        acm.update_certificate_options(CertificateArn=physical_id, Options=options)
    kept = {tag["Key"] for tag in tags(new)}
    gone = [tag for tag in tags(old) if tag["Key"] not in kept]
    if gone:
        acm.remove_tags_from_certificate(CertificateArn=physical_id, Tags=gone)
    if tags(new):
        acm.add_tags_to_certificate(CertificateArn=physical_id, Tags=tags(new))
    return _made(physical_id)


def delete(physical_id: str, properties: dict[str, Any]) -> None:
    """Delete it; its validation records stay."""
    try:
        here("acm").delete_certificate(CertificateArn=physical_id)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise


def _validate(arn: str, options: list[dict[str, str]]) -> None:
    certificate = _describe(arn)
    records = {
        each["DomainName"]: each["ResourceRecord"]
        for each in certificate["DomainValidationOptions"]
    }
    for option in options:
        known(option, ("DomainName", "HostedZoneId"))
        if option.get("DomainName") not in records:
            raise ValueError(f"{option.get('DomainName')} is none of the certificate's names")
        if option.get("HostedZoneId"):
            _write(option["HostedZoneId"], option["DomainName"], records[option["DomainName"]])
    if _describe(arn)["Status"] != "ISSUED":
        raise ValueError(
            f"The certificate for {certificate['DomainName']} waits for its validation records, which "
            "nobody writes here: give DomainValidationOptions a HostedZoneId for each name"
        )


def _write(zone_id: str, name: str, record: dict[str, str]) -> None:
    wanted = {
        "Name": record["Name"],
        "Type": record["Type"],
        "TTL": TTL,
        "ResourceRecords": [{"Value": record["Value"]}],
    }
    changes = [{"Action": "UPSERT", "ResourceRecordSet": wanted}]
    try:
        here("route53").change_resource_record_sets(
            HostedZoneId=zone_id, ChangeBatch={"Changes": changes}
        )
    except ClientError as error:
        raise ValueError(
            f"{name} can't be validated in the hosted zone {zone_id}: "
            f"{error.response['Error']['Message']}"
        ) from error


def _describe(arn: str) -> dict[str, Any]:
    found: dict[str, Any] = here("acm").describe_certificate(CertificateArn=arn)["Certificate"]
    return found


def _made(arn: str) -> Made:
    return arn, {"CertificateArn": arn}
