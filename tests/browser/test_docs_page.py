"""The documentation that the service shows, in a real browser that reaches nothing but the service."""

import os
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.chromium import NAME, Watch, browser
from tests.demonstration import demonstration

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(os.environ.get("TEST_WITHOUT_BROWSER") == "1", reason="TEST_WITHOUT_BROWSER=1"),
]

SOON = 120_000
"""Milliseconds in which a page must show what it is asked for, on a busy machine too."""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as running:
        yield running


@pytest.fixture(scope="module")
def service(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with demonstration(tmp_path_factory.mktemp("browser")) as client:
        yield client


@pytest.fixture
def page(chromium: Browser, service: httpx.Client) -> Iterator[Page]:
    """A page that must ask no other host, and have no error."""
    with chromium.new_context(base_url=f"http://{NAME}:{service.base_url.port}") as context:
        watch = Watch(context)
        page = context.new_page()
        page.set_default_timeout(SOON)
        yield page
        assert watch.elsewhere == []
        assert watch.complaints == []


def test_an_operation_is_tried_out(page: Page) -> None:
    page.goto("/docs")
    operation = page.locator("#operations-Inventory-list_hosts")
    operation.locator(".opblock-summary-control").click()
    with page.expect_response(lambda response: httpx.URL(response.url).path == "/v1/hosts") as answered:
        operation.get_by_role("button", name="Execute").click()
    assert answered.value.status == 200
    answer = operation.locator(".live-responses-table")
    expect(answer.locator(".response .response-col_status")).to_contain_text("200", timeout=SOON)
    expect(answer).to_contain_text('"ams1-r01-n01"', timeout=SOON)


def test_lines_are_imported_as_they_stand_in_the_example(page: Page) -> None:
    page.goto("/docs")
    operation = page.locator("#operations-Inventory-import_hosts")
    operation.locator(".opblock-summary-control").click()
    with page.expect_response(lambda response: httpx.URL(response.url).path == "/v1/hosts:import") as answered:
        operation.get_by_role("button", name="Execute").click()
    assert answered.value.status == 200, answered.value.text()


def test_examples_stand_in_the_fields(page: Page) -> None:
    page.goto("/docs")
    operation = page.locator("#operations-Planning-get_target")
    operation.locator(".opblock-summary-control").click()
    expect(operation.get_by_placeholder("vm")).to_have_value("web-01", timeout=SOON)


def test_a_migration_that_was_admitted_on_the_page_is_what_the_example_of_its_id_stands_for(page: Page) -> None:
    page.goto("/docs")
    for operation_id, status in (
        ("admit_migration", 201),
        ("get_migration", 200),
        ("verify_migration", 200),
        ("complete_migration", 200),
    ):
        operation = page.locator(f"#operations-Migrations-{operation_id}")
        operation.locator(".opblock-summary-control").click()
        with page.expect_response(lambda response: "/migrations" in response.url) as answered:
            operation.get_by_role("button", name="Execute").click()
        assert answered.value.status == status, answered.value.text()


def test_every_operation_is_shown(page: Page, service: httpx.Client) -> None:
    page.goto("/docs")
    expect(page.locator(".opblock").first).to_be_visible(timeout=SOON)
    document = service.get("/openapi.json").json()
    assert page.locator(".opblock").count() == sum(len(methods) for methods in document["paths"].values())


def test_a_problem_leads_to_its_page_and_on_to_the_others(page: Page, service: httpx.Client) -> None:
    refusal = service.get("/v1/hosts/nowhere")
    page.goto(httpx.URL(refusal.json()["type"]).path)
    expect(page.get_by_role("heading", name="How to mend it")).to_be_visible(timeout=SOON)
    page.get_by_role("link", name="All problems").click()
    page.get_by_role("link", name="not_a_target").click()
    expect(page.locator("code").first).to_have_text("not_a_target", timeout=SOON)
    page.get_by_role("link", name="API").click()
    expect(page.locator(".opblock").first).to_be_visible(timeout=SOON)
