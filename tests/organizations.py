"""Organization files for tests: small ones written out, and random ones."""

from __future__ import annotations

import random
from typing import Any

Json = Any
HERE, MANAGEMENT = "111122223333", "999900001111"
FULL, RCP_FULL = "p-FullAWSAccess", "p-RCPFullAWSAccess"
SCP_TYPE, RCP_TYPE = "SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"
TYPES = {"scp": SCP_TYPE, "rcp": RCP_TYPE}


def document(kind: str, **statement: Any) -> Json:
    principal = {"Principal": "*"} if kind == "rcp" else {}
    return {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*", **principal, **statement}],
    }


def control(identifier: str, content: Json, kind: str = "scp", **more: Any) -> Json:
    arn = f"arn:aws:organizations::{MANAGEMENT}:policy/o-exampleorgid/{TYPES[kind].lower()}/{identifier}"
    named = {"Id": identifier, "Arn": arn, "Name": f"name of {identifier}", "Type": TYPES[kind], "AwsManaged": False}
    return {**named, "Content": content, **more}


def organization(
    *policies: Json,
    root: Json = (FULL,),
    unit: Json = (FULL,),
    account: Json = (FULL,),
    units: tuple[Json, ...] = (),
    accounts: tuple[Json, ...] = (),
) -> Json:
    """A root, one unit in it, and the account in that; each with what is attached (None: not told)."""
    return {
        "Organization": {"Id": "o-exampleorgid", "MasterAccountId": MANAGEMENT},
        "Roots": [{"Id": "r-ab12", "Name": "Root", "Policies": listed(root)}],
        "OrganizationalUnits": [
            {"Id": "ou-ab12-one", "Name": "Support", "ParentId": "r-ab12", "Policies": listed(unit)},
            *units,
        ],
        "Accounts": [
            {"Id": HERE, "Name": "Desk", "ParentId": "ou-ab12-one", "Policies": listed(account)},
            {"Id": MANAGEMENT, "Name": "Management", "ParentId": "r-ab12", "Policies": listed((FULL,))},
            *accounts,
        ],
        "Policies": list(policies),
    }


def listed(attached: Json) -> Json:
    return None if attached is None else list(attached)


def random_organization(rng: random.Random) -> Json:
    """A tree of up to six units and five accounts, policies of both kinds attached at random."""
    policies = [control(f"p-{kind}{i}", document(kind, Action=f"s3:Get{i}*"), kind) for kind in TYPES for i in range(3)]
    if rng.random() < 0.2:
        policies = [policy for policy in policies if policy["Type"] == SCP_TYPE]
    known = [policy["Id"] for policy in policies] + [FULL, RCP_FULL]

    def attached() -> list[str]:
        return rng.sample(known, rng.randint(0, min(3, len(known))))

    parents, units = ["r-ab12"], []
    for i in range(rng.randint(0, 6)):
        units.append({"Id": f"ou-{i}", "Name": "same name", "ParentId": rng.choice(parents), "Policies": attached()})
        parents.append(f"ou-{i}")
    accounts = [
        {"Id": f"00000000000{i}", "ParentId": rng.choice(parents), "Policies": attached()}
        for i in range(rng.randint(1, 5))
    ]
    rng.shuffle(units)  # a unit may stand before the one that it hangs on
    return {
        "Organization": {"Id": "o-exampleorgid", "MasterAccountId": "000000000000"},
        "Roots": [{"Id": "r-ab12", "Name": "Root", "Policies": attached()}],
        "OrganizationalUnits": units,
        "Accounts": accounts,
        "Policies": policies,
    }
