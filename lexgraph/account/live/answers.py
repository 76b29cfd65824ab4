"""What of an answer is kept: the members that the plan names, as plain JSON, and documents as AWS stores them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from lexgraph.account.live.failures import Failure
from lexgraph.account.live.plan import Operation

Json = Any
DOCUMENTS = frozenset({"AssumeRolePolicyDocument", "Document", "PolicyDocument"})
LISTS = {"Tags": ("Key", "Value"), "PolicyTypes": ("Type", "Status")}
_BAD = "BadAnswer"


@dataclass(frozen=True, slots=True)
class Page:
    """One page of an answer: what is kept of it, and the marker of the next one, if there is one."""

    content: Json
    marker: str | None = None


def page_of(operation: Operation, answer: Mapping[str, Any]) -> Page | Failure:
    """Return what is kept of an answer, or why it cannot be used.

    >>> from lexgraph.account.live.operations import OPERATIONS
    >>> page_of(OPERATIONS["s3:ListBuckets"], {"Buckets": [{"Name": "b", "CreationDate": 1}]}).content
    [{'Name': 'b'}]
    """
    marker = answer.get(operation.token[1]) if operation.token else None
    more = answer.get(operation.more) if operation.more else marker
    if more and not (isinstance(marker, str) and marker):
        return Failure("failed", _BAD, "AWS says that there are more pages and gives no marker for the next one")
    try:
        content = _content(operation, answer)
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
        return Failure("failed", _BAD, f"the answer is not in the form that AWS describes ({type(error).__name__})")
    return Page(content, str(marker) if more else None)


def _content(operation: Operation, answer: Mapping[str, Any]) -> Json:
    if operation.items:
        found = answer.get(operation.items) or []
        return [_item(one, operation.keep) for one in (found if isinstance(found, list) else [found])]
    if operation.value:
        return _text(answer, operation.value)
    return plain({key: value for key, value in answer.items() if key != "ResponseMetadata"})


def _item(value: Json, keep: tuple[str, ...]) -> dict[str, Json]:
    """An item with the members that are kept, the first of which it must have; a bare text is its own `value`, and
    `last` what follows its last /.
    """
    if isinstance(value, str):
        value = {"value": value, "last": value.rpartition("/")[2]}
    found = {name: _member(name, value[name]) for name in keep if value.get(name) is not None}
    if not found.get(keep[0]):
        raise LookupError(keep[0])
    return found


def _member(name: str, value: Json) -> Json:
    if name in LISTS:
        return [{key: str(one[key]) for key in LISTS[name]} for one in value]
    if not isinstance(value, str | bool):
        raise TypeError(name)
    return value


def _text(answer: Json, path: str) -> str | None:
    for name in path.split("."):
        answer = answer.get(name)
        if answer is None:
            return None
    text = answer.decode("utf-8") if isinstance(answer, bytes) else answer
    if not isinstance(text, str):
        raise TypeError("not a text")
    return text or None


def plain(value: Json, key: str = "") -> Json:
    """Return a value of botocore as JSON: times in ISO 8601, and policy documents decoded.

    >>> plain({"PolicyDocument": "%7B%22Version%22%3A%222012-10-17%22%7D"})
    {'PolicyDocument': {'Version': '2012-10-17'}}
    """
    if isinstance(value, dict):
        return {name: plain(one, name) for name, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, str) and key in DOCUMENTS:
        return document(value)
    return value


def document(text: str) -> Json:
    """Return a policy document of IAM, which comes URL-encoded, as an object.

    It stays a text where an object would not say the same: a key that stands twice, a number that Python would write
    in another way, or what is no JSON at all. The reader of the account then tells what is wrong with it.

    >>> document("%7B%22Effect%22:1,%22Effect%22:2%7D")
    '{"Effect":1,"Effect":2}'
    """
    decoded = unquote(text)
    try:
        return json.loads(
            decoded,
            object_pairs_hook=_distinct,
            parse_float=_refuse,
            parse_int=_same_number,
            parse_constant=_refuse,
        )
    except (ValueError, RecursionError):
        return decoded


def _distinct(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice")
    return found


def _refuse(text: str) -> Json:
    raise ValueError(text)


def _same_number(text: str) -> int:
    if str(int(text)) != text:
        raise ValueError(text)
    return int(text)
