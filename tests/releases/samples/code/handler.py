"""The sample's function."""


def handle(event: dict, context: object) -> dict:
    return {"statusCode": 200}
