"""What the errors of MLflow, and of the stores below it, mean: Podium's errors in their place."""

from __future__ import annotations

import re

from botocore.exceptions import ClientError

from podium.errors import NotFound, PodiumError, Unreachable
from podium.where import without_password
from registry_tools.errors import Forbidden

_NOT_REACHED = {
    "INTERNAL_ERROR",
    "TEMPORARILY_UNAVAILABLE",
    "DEADLINE_EXCEEDED",
    "REQUEST_LIMIT_EXCEEDED",
    "RESOURCE_EXHAUSTED",
    "BAD_REQUEST",  # what MLflow makes of a database's errors: two set the same alias at once
}
_NOT_THERE = {"RESOURCE_DOES_NOT_EXIST"}
_FORBIDDEN = {"PERMISSION_DENIED", "UNAUTHENTICATED", "CUSTOMER_UNAUTHORIZED"}
_DOWNLOADING = "The following failures occurred while downloading"
_NO_STORE = "Could not find a registered artifact repository"
_FILE = "##### File "
_CODE_OF_A_FILE = re.compile(  # as requests, boto3 and the system say it
    r"(?P<http>\d{3}) (?:Client|Server) Error: |An error occurred \((?P<s3>\w+)\) when calling"
    r"|\[Errno (?P<system>\d+)\]|(?P<local>No such artifact: )"
)
_MEANINGS = {
    **dict.fromkeys(
        ("404", "NoSuchKey", "NoSuchBucket", "2", "No such artifact: "), "RESOURCE_DOES_NOT_EXIST"
    ),
    **dict.fromkeys(("401", "403", "AccessDenied", "13"), "PERMISSION_DENIED"),
}


def in_our_words(error: Exception, place: str) -> PodiumError:
    """The error of Podium's for what went wrong at the registry `place`."""
    said, code = _said(error), code_of(error)
    if code in _NOT_THERE:
        return NotFound(
            f"Not found at {place}: {said}",
            remedy="Check the name, MLFLOW_TRACKING_URI, and that nobody deleted the files.",
        )
    if code in _FORBIDDEN:
        return Forbidden(
            f"The registry at {place} refused: {said}",
            remedy="Check the login and its permissions.",
        )
    if code in _NOT_REACHED:
        return Unreachable(
            f"The registry at {place} does not answer as it should: {said}",
            remedy="Check MLFLOW_TRACKING_URI, and the server's log where there is one.",
        )
    return PodiumError(
        f"The registry at {place} refused: {said}",
        remedy="Check what it says, and the server's log where there is one.",
    )


def code_of(error: Exception) -> str:
    """MLflow's code for what went wrong, also where MLflow itself gives another or none."""
    if isinstance(error, ClientError):
        return _of_http(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500))
    if isinstance(error, FileNotFoundError):
        return "RESOURCE_DOES_NOT_EXIST"
    if isinstance(error, PermissionError):
        return "PERMISSION_DENIED"
    status = getattr(getattr(error, "response", None), "status_code", None)
    if isinstance(status, int):
        return _of_http(status)
    code, message = str(getattr(error, "error_code", "INTERNAL_ERROR")), str(error)
    if code == "INTERNAL_ERROR" and message.startswith(_DOWNLOADING):
        return _of_files(message)
    if code == "INTERNAL_ERROR" and message.startswith(_NO_STORE):
        return "INVALID_PARAMETER_VALUE"  # it answers, and never will otherwise
    return code


def _of_http(status: int) -> str:
    known = _MEANINGS.get(str(status))
    refused = 400 <= status < 500 and status not in (408, 429)
    return known or ("INVALID_PARAMETER_VALUE" if refused else "INTERNAL_ERROR")


def _of_files(message: str) -> str:
    """What the failures of several downloads, of which MLflow gives only the text, come to."""
    each = message.split(_FILE)[1:]
    found = [match for text in each if (match := _CODE_OF_A_FILE.search(text))]
    codes = {_MEANINGS.get(match[match.lastgroup or 0], "INTERNAL_ERROR") for match in found}
    if len(found) < len(each) or not codes or "INTERNAL_ERROR" in codes:
        return "INTERNAL_ERROR"
    return "PERMISSION_DENIED" if "PERMISSION_DENIED" in codes else "RESOURCE_DOES_NOT_EXIST"


def _said(error: Exception) -> str:
    """The first line of what it says; of failed downloads, what the first was and why."""
    text = str(error).strip() or type(error).__name__
    first, *rest = [line.strip() for line in text.splitlines()]
    if text.startswith(_DOWNLOADING) and _FILE in text:
        one, *others = text.split(_FILE)[1:]
        file, _, why = one.partition(" #####")
        more = f" (and {len(others)} more)" if others else ""
        first = f"{file} could not be downloaded: {(why.strip().splitlines() or ['?'])[0]}{more}"
    elif first.endswith(":") and rest:
        first = f"{first} {rest[-1]}"
    return without_password(first)
