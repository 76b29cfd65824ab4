"""What a collected folder says of itself: which calls were made to AWS, and how each of them ended."""

from __future__ import annotations

from dataclasses import dataclass

from lexgraph.account.jsonfile import Item, JsonFile, Where, read_bytes
from lexgraph.account.parts import DETAILS, ORGANIZATION, POLICIES, REPORT
from lexgraph.errors import AccountError, shown

FORMAT = "lexgraph collection"
SCHEMA = 1
MANY = 3


@dataclass(frozen=True, slots=True)
class Call:
    """A call to AWS; `status` is complete, or partial, denied, failed or pending. `resource` is the ARN of the resource
    whose policy it asks for.
    """

    service: str
    operation: str
    region: str
    parameters: tuple[tuple[str, str], ...]
    status: str
    error: str | None = None
    resource: str | None = None

    @property
    def part(self) -> str:
        """The part of an account that the call is about."""
        if self.service == "organizations":
            return ORGANIZATION
        if self.service != "iam":
            return POLICIES
        return REPORT if "CredentialReport" in self.operation else DETAILS


@dataclass(frozen=True, slots=True)
class Collection:
    """Whose account was collected, when, and the calls that did not end well."""

    account_id: str | None = None
    date: str | None = None
    calls: tuple[Call, ...] = ()

    def missing(self, part: str) -> tuple[str, ...]:
        """Return what the calls leave open of a part, as sentences: one for all calls that ended alike."""
        alike: dict[tuple[str, str, str], list[Call]] = {}
        for call in self.calls:
            if call.part == part:
                alike.setdefault((call.service, call.operation, call.status), []).append(call)
        return tuple(_told(calls) for _, calls in sorted(alike.items()))


def read_collection(path: str) -> Collection:
    """Return what ``collection.json`` says; raises AccountError where it is none, or of a later version."""
    return parse_collection(read_bytes(path, what="a collection"), source="collection.json")


def parse_collection(data: bytes | str, *, source: str = "collection.json") -> Collection:
    """Return what such a file says.

    >>> text = '{"format": "lexgraph collection", "schema": 1, "account_id": "111122223333", "calls": []}'
    >>> parse_collection(text).account_id
    '111122223333'
    """
    return _Reader(data, source).read()


class _Reader(JsonFile):
    """Reads the file."""

    def read(self) -> Collection:
        whole = self.object_at(self.value, ())
        if whole.get("format") != FORMAT:
            raise self.error("NOT_A_COLLECTION", (), f'this is no collection: its format is not "{FORMAT}"')
        if str(whole.get("schema")) != str(SCHEMA):
            message = f"the collection is of version {shown(whole.get('schema'))}, and this lexgraph reads {SCHEMA}"
            raise self.error("UNKNOWN_SCHEMA", ("schema",), message)
        calls = (self.call(item, at) for at, item in self.objects(whole, "calls"))
        account, started = whole.get("account_id"), whole.get("started")
        return Collection(
            None if account is None else self.text_at(account, ("account_id",)),
            None if started is None else self.text_at(started, ("started",))[:10],
            tuple(call for call in calls if call.status != "complete"),
        )

    def call(self, item: Item, at: Where) -> Call:
        given = self.object_at(item.get("parameters") or {}, (*at, "parameters"))
        return Call(
            self.text_of(item, "service", at),
            self.text_of(item, "operation", at),
            str(item.get("region") or ""),
            tuple((name, str(value)) for name, value in sorted(given.items())),
            self.text_of(item, "status", at),
            None if item.get("error") is None else str(item["error"]),
            None if item.get("resource") is None else self.text_at(item["resource"], (*at, "resource")),
        )


def _told(calls: list[Call]) -> str:
    first = calls[0]
    named = sorted({", ".join(value for _, value in call.parameters) for call in calls} - {""})
    about = f" ({', '.join(map(shown, named[:MANY]))}{', …' if len(named) > MANY else ''})" if named else ""
    times = f", {len(calls):,} calls" if len(calls) > 1 else ""
    why = f": {shown(first.error)[1:-1]}" if first.error else ""
    return f"{first.service} {first.operation}{about} is {first.status}{times}{why}"


def refuse_other(collection: Collection, account: str | None) -> None:
    """Refuse a folder whose pages are of another account than it says."""
    if None not in (collection.account_id, account) and collection.account_id != account:
        message = f"the folder says that it holds account {collection.account_id}, and its pages hold {account}"
        raise AccountError(message, code="MIXED_ACCOUNTS", source="collection.json")
