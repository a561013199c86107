import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.storage.reference.documents import InvalidReferenceData
from app.storage.reference.kernels import read_kernel_behaviours
from tests.domain.errata_data import kernels_document, put

VERSION = "a kernel version begins with two or three numbers, as in 7.3 or 6.18.15-1-arm64"
SPANS = "must be one span or more, ascending, each after the end of the one before"
CODES = "discovery, revidr_ignored, revidr_unsure"


@pytest.mark.parametrize(
    ("pointer", "value", "fault"),
    [
        ("/format", 2, "/format: must be 1, the format that this release reads"),
        ("/behaviours", {}, "/behaviours: must be an array, not an object"),
        ("/behaviours", [], f"/behaviours: must describe each of {CODES} once"),
        ("/behaviours/0", "x", '/behaviours/0: must be an object, not "x"'),
        (
            "/behaviours/0/code",
            "telepathy",
            "/behaviours/0/code: must be 'discovery', 'revidr_ignored' or 'revidr_unsure', not \"telepathy\"",
        ),
        ("/behaviours/0/code", "revidr_unsure", f"/behaviours: must describe each of {CODES} once"),
        ("/behaviours/1/spans/0/since", "soon", f"/behaviours/1/spans/0/since: {VERSION}"),
        (
            "/behaviours/1/spans/1/until",
            7.2,
            "/behaviours/1/spans/1/until: must be a kernel version in a string, such as 6.18.15",
        ),
        ("/behaviours/1/spans", [], f"/behaviours/1/spans: {SPANS}"),
        ("/behaviours/1/spans/0/until", None, f"/behaviours/1/spans: {SPANS}"),
        ("/behaviours/1/spans/1/since", "6.18.51", f"/behaviours/1/spans: {SPANS}"),
        ("/behaviours/1/spans/1/since", "6.18", f"/behaviours/1/spans: {SPANS}"),
        ("/behaviours/2/spans/0/until", "6.18.51", "/behaviours/2/spans/0/until: must be above `since`"),
        (
            "/behaviours/0/measured/so/0",
            "6.12",
            "/behaviours/0/measured: lists under `so` a version outside the spans",
        ),
        (
            "/behaviours/0/measured/not_so/0",
            "7.0",
            "/behaviours/0/measured: lists under `not_so` a version inside a span",
        ),
        ("/behaviours/0/measured", {"so": []}, "/behaviours/0/measured/not_so: is missing"),
        (
            "/behaviours/0/note",
            "",
            "/behaviours/0/note: is not a known key. Known: code, measured, source, spans, title",
        ),
    ],
)
def test_names_the_fault_of_a_document(pointer: str, value: object, fault: str) -> None:
    with pytest.raises(InvalidReferenceData) as refusal:
        read_kernel_behaviours(json.dumps(put(kernels_document(), pointer, value)).encode())
    assert [f"{found.pointer}: {found.detail}" for found in refusal.value.faults] == [fault]


@given(st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.none()))
def test_refuses_a_document_that_is_no_object(document: object) -> None:
    with pytest.raises(InvalidReferenceData, match=r"the document \(line 1\): must be an object, not "):
        read_kernel_behaviours(json.dumps(document).encode())
