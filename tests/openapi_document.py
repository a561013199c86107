"""Prints the OpenAPI document as it is committed: `python -m tests.openapi_document > openapi.json`."""

import json
import sys

from app.main import create_app


def openapi_document() -> str:
    return json.dumps(create_app().openapi(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(openapi_document())
