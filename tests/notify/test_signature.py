"""Signatures: MLflow's own, and what a receiver checks."""

from __future__ import annotations

import pytest
from mlflow.webhooks.delivery import _generate_hmac_signature

from podium.notify import verify_signature
from podium.notify.signature import signature

BODY = '{"text": "é"}'.encode()
HEADERS = {
    "X-MLflow-Delivery-Id": "id-1",
    "X-MLflow-Timestamp": "1000",
    "X-MLflow-Signature": signature("secret", "id-1", "1000", BODY),
}


def test_a_signature_is_that_of_mlflow() -> None:
    theirs = _generate_hmac_signature("secret", "id-1", "1000", BODY.decode())
    assert HEADERS["X-MLflow-Signature"] == theirs


def test_a_receiver_accepts_what_was_signed_with_header_names_in_any_case() -> None:
    assert verify_signature("secret", HEADERS, BODY, now=1000.0)
    lower = {name.lower(): value for name, value in HEADERS.items()}
    assert verify_signature("secret", lower, BODY, now=1299.0)


@pytest.mark.parametrize(
    ("changed", "body", "now"),
    [
        ({}, BODY + b" ", 1000.0),
        ({}, BODY, 1301.0),
        ({}, BODY, 699.0),
        ({"X-MLflow-Delivery-Id": "id-2"}, BODY, 1000.0),
        ({"X-MLflow-Timestamp": "1001"}, BODY, 1000.0),
        ({"X-MLflow-Timestamp": "1e3"}, BODY, 1000.0),
        ({"X-MLflow-Timestamp": ""}, BODY, 1000.0),
        ({"X-MLflow-Signature": "v1,é"}, BODY, 1000.0),
        ({"X-MLflow-Signature": ""}, BODY, 1000.0),
    ],
)
def test_a_receiver_refuses_all_else(changed: dict[str, str], body: bytes, now: float) -> None:
    assert not verify_signature("secret", {**HEADERS, **changed}, body, now)


def test_a_receiver_refuses_another_secret_and_missing_headers() -> None:
    assert not verify_signature("secreT", HEADERS, BODY, now=1000.0)
    assert not verify_signature("secret", {}, BODY, now=1000.0)
