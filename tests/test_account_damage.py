"""Files beside an account, damaged at random: each is read or refused by an AccountError, and never anything else."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable
from typing import Any

import pytest

from lexgraph.access.decide import decide
from lexgraph.account.collection import parse_collection
from lexgraph.account.credentials import parse_credential_report
from lexgraph.account.organization_file import parse_organization
from lexgraph.account.pages import parse_account
from lexgraph.account.parts import with_parts
from lexgraph.account.resource_policies import parse_resource_policies
from lexgraph.bundled import bundled_path
from lexgraph.errors import AccountError
from tests.documents import places_in
from tests.test_account import dump, inline, user
from tests.test_account_folder import DETAILS, call, manifest

ODD: tuple[Any, ...] = (None, True, 0, -1.5, "", "x", [], {}, [None], {"a": {}}, "\u202e\0", "111122223333", ["p-x"])
BUCKET = "arn:aws:s3:::support-transcripts-111122223333/a"


def text_of(name: str) -> str:
    return bundled_path("accounts", f"support-center.{name}").read_text(encoding="utf-8")


def damaged(value: Any, rng: random.Random) -> Any:
    """The value with one to three of its parts replaced, removed or given twice."""
    value = copy.deepcopy(value)
    for _ in range(rng.randint(1, 3)):
        places = [place for place in places_in(value) if place]
        if not places:
            return value
        *above, last = rng.choice(places)
        holder = value
        for key in above:
            holder = holder[key]
        change = rng.choice(("replace", "replace", "remove", "again"))
        if change == "replace":
            holder[last] = copy.deepcopy(rng.choice(ODD))
        elif change == "remove":
            del holder[last]
        elif isinstance(holder, list):
            holder.append(copy.deepcopy(holder[last]))
    return value


def refusal(reads: Callable[[str], object], text: str) -> str | None:
    """What is wrong with a text, in words; None where it is read."""
    try:
        reads(text)
    except AccountError as error:
        return f"{error.code}: {error}"
    return None


def read_tree(text: str) -> None:
    found = with_parts(parse_account(dump(user(UserPolicyList=inline()))), organization=parse_organization(text))
    decide(found, "ana", "lex:GetBots", "*")
    decide(found, "ana", "s3:GetObject", BUCKET)


def read_policies(text: str) -> None:
    policies = parse_resource_policies({"r.json": text})
    found = with_parts(parse_account(dump(user(UserPolicyList=inline()))), policies=policies)
    decide(found, "ana", "s3:GetObject", BUCKET)
    decide(found, "ana", "s3:GetObject", "arn:aws:s3:::*")


TREE = json.loads(text_of("organization.json"))
TREE["Roots"][0]["PolicyTypes"] = [{"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"}]
KINDS: dict[str, tuple[Any, Callable[[str], object]]] = {
    "organization": (TREE, read_tree),
    "resource policies": (json.loads(text_of("resource-policies.json")), read_policies),
    "collection": (manifest(DETAILS, call("s3", "GetBucketPolicy", "denied", resource=BUCKET)), parse_collection),
}


@pytest.mark.parametrize("value, reads", KINDS.values(), ids=KINDS.keys())
def test_a_damaged_file_is_read_or_refused(value: Any, reads: Callable[[str], object]) -> None:
    rng = random.Random(20261125)
    found = [refusal(reads, json.dumps(damaged(value, rng))) for _ in range(400)]
    refused = [text for text in found if text is not None]
    assert 30 < len(refused) < 400
    assert all(map(str.isprintable, refused))


def test_a_file_cut_anywhere_is_refused() -> None:
    rng = random.Random(20261125)
    text = text_of("organization.json").rstrip()
    for _ in range(100):
        with pytest.raises(AccountError):
            parse_organization(text[: rng.randrange(len(text))])


def test_a_damaged_report_is_read_or_refused() -> None:
    rng = random.Random(20261125)
    text = text_of("credential-report.csv")
    refused = []
    for _ in range(300):
        letters = list(text)
        for _ in range(rng.randint(1, 5)):
            letters[rng.randrange(len(letters))] = rng.choice(['"', ",", "\n", "\0", "x", "\u202e", "é", ""])
        if (said := refusal(parse_credential_report, "".join(letters))) is not None:
            refused.append(said)
    assert 30 < len(refused) < 300
    assert all(map(str.isprintable, refused))
