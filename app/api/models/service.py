"""What the service says of itself."""

from pydantic import Field

from app.api.models.common import Out

API_VERSION = "v1"


class HealthOut(Out):
    status: str = Field(examples=["ok"])


class ServiceOut(Out):
    service: str
    version: str
    api_versions: list[str]
    links: dict[str, str]

    @classmethod
    def of_version(cls, version: str) -> "ServiceOut":
        links = {
            "docs": "/docs",
            "openapi": "/openapi.json",
            "problems": "/problems",
            "reasons": "/reasons",
            "health": "/healthz",
            "readiness": "/readyz",
            "metrics": "/metrics",
        }
        return cls(service="roadstead", version=version, api_versions=[API_VERSION], links=links)
