"""Asks AWS. The only module that touches boto3, and the only one that is near credentials.

It keeps them inside botocore: nothing here copies, prints or returns them, and what an error says is freed of them.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from lexgraph.account.live.answers import Page, page_of
from lexgraph.account.live.failures import Failure, failure_of, live_error, safe_text
from lexgraph.account.live.operations import IDENTITY, OPERATIONS
from lexgraph.account.live.plan import Call, Operation
from lexgraph.errors import LexgraphError, shown

CONNECT_SECONDS = 10
READ_SECONDS = 60
_ERRORS = 300  # the first HTTP status that is none of success
ALLOWED = frozenset((one.service, one.name) for one in (IDENTITY, *OPERATIONS.values()))
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_MISSING = "collecting from AWS needs boto3 and tqdm: pip install 'lexgraph[live]'"
_NO_CREDENTIALS = "there are no AWS credentials: choose a profile with --profile, or set them in the environment"


class Refused(Exception):
    """A call that is not in the plan."""


def refuse_others(model: Any, **_: Any) -> None:
    """Refuse any operation but those of the plan, whoever asks for it; botocore calls this before each."""
    if (model.service_model.service_name, model.name) not in ALLOWED:
        raise Refused(f"{model.service_model.service_name}:{model.name} is not an operation that lexgraph may call")


class BrokenAnswer(OSError):
    """An answer that is not whole."""


def refuse_damaged(response_dict: Mapping[str, Any], **_: Any) -> None:
    """Refuse an answer that broke off, before botocore parses it.

    botocore takes what is no JSON for an answer without members: a list that broke off would be an empty one.
    """
    body, headers = response_dict["body"], response_dict["headers"]
    length = headers.get("content-length") or ""
    if length.isdigit() and not headers.get("content-encoding") and int(length) != len(body):
        raise BrokenAnswer(f"the answer broke off after {len(body):,} of {int(length):,} bytes")
    if response_dict["status_code"] < _ERRORS and body[:1] != b"<":
        try:
            json.loads(body)
        except (ValueError, RecursionError):
            raise BrokenAnswer("the answer is neither XML nor JSON") from None


class Aws:
    """A session with AWS: `region` is where services without a region of their own are asked."""

    def __init__(self, session: Any, region: str, endpoint_url: str | None, workers: int) -> None:
        self._session = session
        self._endpoint_url = endpoint_url
        self._workers = workers
        self._clients: dict[tuple[str, str], Any] = {}
        self._lock = threading.Lock()
        self.region = region

    def close(self) -> None:
        """Close the connections."""
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()

    def offers(self, service: str, region: str) -> bool:
        """Return whether a service exists in a region, as far as botocore knows; anything may at an address given."""
        if self._endpoint_url is not None:
            return True
        partition = self._session.get_partition_for_region(region)
        return region in self._session.get_available_regions(service, partition_name=partition)

    def identity(self) -> Mapping[str, str] | Failure:
        """Return whose credentials these are: ``Account``, ``Arn``."""
        answer = self._ask(IDENTITY, self.region, {})
        if isinstance(answer, Failure):
            return answer
        found = {name: answer.get(name) for name in ("Account", "Arn")}
        if not re.fullmatch(r"\d{12}", str(found["Account"])) or not str(found["Arn"]).startswith("arn:"):
            return Failure("failed", "BadAnswer", "sts:GetCallerIdentity names no account")
        return {name: str(value) for name, value in found.items()}

    def page(self, call: Call, marker: str | None) -> Page | Failure:
        """Return one page of a call's answer: the first one, or the one of a marker."""
        operation = OPERATIONS[call.operation]
        sent = {name: list(value) if isinstance(value, tuple) else value for name, value in call.parameters}
        if marker is not None and operation.token:
            sent[operation.token[0]] = marker
        answer = self._ask(operation, call.region or self.region, sent)
        if isinstance(answer, Failure):
            return Page(None if operation.value else []) if answer.kind == "none" else answer
        return page_of(operation, answer)

    def _ask(self, operation: Operation, region: str, sent: dict[str, Any]) -> dict[str, Any] | Failure:
        from botocore import xform_name

        try:
            client = self._client(operation.service, region)
            answer: dict[str, Any] = getattr(client, xform_name(operation.name))(**sent)
        except Exception as error:
            # Whatever botocore or a library of its raises: its frames hold signed requests, so that nothing of it
            # may travel on.
            return failure_of(error, none=operation.none, secrets=self._secrets())
        return answer

    def _client(self, service: str, region: str) -> Any:
        from botocore.handlers import json_decode_policies

        with self._lock:  # making clients is not safe in several threads, using them is
            if (service, region) not in self._clients:
                client = self._session.client(
                    service, region_name=region, endpoint_url=self._endpoint_url, config=self._config()
                )
                client.meta.events.register("before-call", refuse_others)
                client.meta.events.register("before-parse", refuse_damaged)
                # It would keep the last of two equal keys of a policy, and a Deny might become an Allow.
                client.meta.events.unregister("after-call.iam", json_decode_policies)
                self._clients[service, region] = client
            return self._clients[service, region]

    def _config(self) -> Any:
        from botocore.config import Config

        # One attempt: lexgraph.account.live.retry tries again, and can be interrupted while it waits.
        return Config(
            retries={"total_max_attempts": 1, "mode": "standard"},
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            max_pool_connections=self._workers,
        )

    def _secrets(self) -> tuple[str, ...]:
        """What no message may hold, as far as it is known now."""
        try:
            frozen = self._session.get_credentials().get_frozen_credentials()
        except Exception:
            # Nothing to hide, or they could not be renewed, which the call's own failure tells.
            return ()
        return tuple(one for one in (frozen.secret_key, frozen.token, frozen.access_key) if one)


def open_session(
    *, profile: str | None = None, region: str | None = None, endpoint_url: str | None = None, workers: int = 4
) -> Aws:
    """Return a session with the credentials that boto3 finds.

    Raises LexgraphError where boto3 is missing, or there are no credentials, no such profile or no region, or where the
    address given is not a safe one.
    """
    _check_address(endpoint_url)
    try:
        import boto3
        import tqdm  # noqa: F401 - what is missing is told before anything is collected
        from botocore import exceptions
    except ImportError:
        raise live_error(_MISSING, "NO_BOTO3") from None
    try:
        session = boto3.Session(profile_name=profile, region_name=region)
        found = session.get_credentials()
    except exceptions.ProfileNotFound:
        raise live_error(f"there is no AWS profile {shown(profile or 'of that name')}", "NO_PROFILE") from None
    except exceptions.BotoCoreError as error:
        raise live_error(f"the AWS credentials cannot be used: {safe_text(str(error))}", "NO_CREDENTIALS") from None
    if found is None:
        raise live_error(_NO_CREDENTIALS, "NO_CREDENTIALS")
    if not session.region_name:
        raise live_error("no AWS region is configured: give one with --region", "NO_REGION")
    return Aws(session, session.region_name, endpoint_url, workers)


def _check_address(url: str | None) -> None:
    """Refuse an address that the session token would travel to for all to read."""
    try:
        parts = urlsplit(url or "https://aws")
        safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    except ValueError:
        safe = False
    if not safe or not parts.hostname:
        message = f"the address must begin with https:// (or http://127.0.0.1 for tests), not {shown(url or '')}"
        raise live_error(message, "UNSAFE_ADDRESS")


def cannot_begin(failure: Failure) -> LexgraphError:
    """Return the error of a collection whose first call failed."""
    return live_error(f"AWS does not say whose credentials these are: {failure}", "NO_IDENTITY")
