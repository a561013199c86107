"""Chromium as it is installed on this machine, shut off from every host but the service under test."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, sync_playwright

NAME: Final = "roadstead.test"
"""What the browser calls the service. By this name it is no local host, for which pages may make exceptions."""

_ARGUMENTS: Final = (
    "--no-sandbox",  # tests run as root in containers
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    f"--host-resolver-rules=MAP {NAME} 127.0.0.1, MAP * ~NOTFOUND",
)


def program() -> str:
    """The path of Chromium. Where there is none, the test is skipped, or fails if browsers are required."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is not None:
        return found
    sentence = "no Chromium on PATH: apt-get install chromium"
    if os.environ.get("TEST_REQUIRES_BROWSER") == "1":
        pytest.fail(sentence)
    pytest.skip(sentence)


@contextmanager
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program(), args=list(_ARGUMENTS))
        try:
            yield running
        finally:
            running.close()


class Watch:
    """Lets a page ask the service alone, and notes what went wrong."""

    def __init__(self, context: BrowserContext) -> None:
        self.elsewhere: list[str] = []
        """Requests to other hosts; none of them was let through."""
        self.complaints: list[str] = []
        """Errors on the pages, and files they did not get."""
        context.route("**/*", self._judge)
        context.on("page", self._listen)

    def _judge(self, route: Route) -> None:
        parts = urlsplit(route.request.url)
        if parts.hostname == NAME or parts.scheme in {"data", "blob"}:
            route.continue_()
            return
        self.elsewhere.append(route.request.url)
        route.abort()

    def _listen(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
