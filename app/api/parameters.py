"""Names in paths."""

from typing import Annotated

from fastapi import Path, Query

from app.api.models.common import Name

# Examples of requests are about the fleet of the demo: there they can be carried out as they stand.
HostName = Annotated[Name, Path(description="Name of a host.", examples=["fra1-r03-n02"])]


VmName = Annotated[Name, Path(description="Name of a VM.", examples=["web-01"])]


StoppedVmName = Annotated[Name, Path(description="Name of a VM.", examples=["batch-01"])]
"""Where the example must be a VM that does not run, or may be stopped."""


SpareHostName = Annotated[Name, Path(description="Name of a host.", examples=["fra1-r03-n09"])]


SpareVmName = Annotated[Name, Path(description="Name of a VM.", examples=["batch-02"])]
"""Where no other example needs what is deleted by this one."""


DryRun = Annotated[bool, Query(description="Answer what the request would be answered with, and write nothing.")]
