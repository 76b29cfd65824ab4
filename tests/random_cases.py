"""Random ``simulate`` cases, in which patterns, keys and principals often meet.

`random_case` draws one, `coverage` counts what a set of them reached, and `with_deny` and `shuffled` change a
case in ways whose effect is known. Spots that the rules leave open are not drawn; comments say which.
"""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterable, Iterator
from typing import Any

from tests import alphabet, reference
from tests.alphabet import AWAY, BUCKET, HOME, UNSAID
from tests.reached import coverage

__all__ = ["coverage", "random_case", "shuffled", "with_deny"]

Json = Any
SCP, RCP = "service_control_policies", "resource_control_policies"
WITH_PRINCIPAL = ("resource", "trust", "rcp", "endpoint")


def random_case(rng: random.Random, layers: str = "all") -> dict[str, Json]:
    """Return a case; `layers` is "identity" (users and roles with identity policies only) or "all"."""
    return Draw(rng, layers).case()


class Draw:
    """One case in the making."""

    def __init__(self, rng: random.Random, layers: str, request: Json = None) -> None:
        """Draw a request where none is given."""
        self.rng = rng
        self.only_identity = layers == "identity"
        self.account = HOME if self.only_identity or self.chance(70) else AWAY
        self.kind, self.principal = self.draw_principal()
        if request:
            self.principal = request["principal"]
            self.kind, _, account = reference.read_caller(self.principal)
            self.account = account or self.account
        self.has_account = self.kind not in ("anonymous", "service", "federated")
        self.action, self.resource = self.draw_question()
        self.context = self.draw_context()
        if request:
            self.action, self.resource = request["action"], request["resource"]
            self.context = request.get("context") or {}

    def chance(self, percent: float) -> bool:
        return self.rng.random() * 100 < percent

    def some(self, items: Iterable[Json], least: int = 1, most: int = 2) -> list[Json]:
        pool = list(items)
        return self.rng.sample(pool, min(len(pool), self.rng.randint(least, most)))

    # The request ---

    def draw_principal(self) -> tuple[str, Json]:
        if self.only_identity:
            kind = self.rng.choice(("user", "role", "session"))
        elif self.chance(15):
            principal = self.rng.choice(alphabet.OUTSIDERS)
            return ("anonymous" if principal == "*" else next(iter(principal)).lower()), principal
        else:
            kinds = ("user", "user", "role", "session", "session", "federated-user", "root", "linked")
            kind = self.rng.choice(kinds)
        return kind, self.rng.choice(alphabet.insiders(self.account)[kind])

    def draw_question(self) -> tuple[str, str]:
        pools: list[tuple[tuple[str, str], ...]] = [alphabet.QUESTIONS, alphabet.WITHOUT_TYPES]
        if self.only_identity:
            return self.rng.choice(self.rng.choices(pools, (85, 15))[0])
        pools += [(alphabet.TRUST,), alphabet.KEYS]
        if self.account == HOME and self.has_account:
            pools.append(alphabet.EXCEPTIONS)
        action, resource = self.rng.choice(self.rng.choices(pools, (60, 8, 12, 14, 10)[: len(pools)])[0])
        if action == alphabet.TRUST[0] and self.kind == "federated":
            action = "sts:AssumeRoleWithWebIdentity"
        return action, resource

    def draw_context(self) -> dict[str, Json]:
        context = {key: self.draw_value(key) for key in alphabet.VALUES if self.chance(60)}
        if self.kind in ("user", "role", "session", "linked") and self.chance(40):
            context["aws:userid"] = self.user_id()
        if self.kind == "linked" and self.principal.split(":")[2] == "sts" and self.chance(80):
            context["aws:PrincipalArn"] = f"arn:aws:iam::{self.account}:{alphabet.LINKED_ROLE}"
        if self.kind == "session" and self.chance(20):
            role = "desk/front" if "/front/" in self.principal else "runner"
            context["aws:PrincipalArn"] = f"arn:aws:iam::{self.account}:role/{role}"
        if self.chance(8):
            context["aws:username"] = self.rng.choice(("ana", "red", None))
        if self.resource.startswith("arn:aws:s3") and not self.only_identity and self.chance(20):
            context["aws:ResourceAccount"] = self.rng.choice((HOME, AWAY))
        return {key.swapcase() if self.chance(6) else key: value for key, value in context.items()}

    def user_id(self) -> str:
        """The caller's: of a role, which asks as one of its sessions, most often with the name of one."""
        if self.kind == "user":
            return alphabet.USER_ID
        session = self.principal.split(":")[2] == "sts"
        name = self.principal.rpartition("/")[2] if session else self.rng.choice(("ana", "red", "run", ""))
        return f"{alphabet.ROLE_ID}:{name}" if name else alphabet.ROLE_ID

    def draw_value(self, key: str) -> Json:
        """Mostly one value; now and then one in a list, several, an empty text, null or nothing."""
        values = alphabet.VALUES[key]
        shape = self.rng.choices(
            ("one", "list", "several", "empty"), (30, 10, 50, 10) if key == alphabet.TAGS else (86, 4, 5, 5)
        )
        if shape == ["one"] or (key == alphabet.TEAM and shape == ["several"]):
            return self.rng.choice(values)
        if shape == ["several"]:
            return self.some(values, 2, 3)
        return [self.rng.choice(values)] if shape == ["list"] else self.rng.choice(("", [""], None, []))

    # The case ---

    def case(self) -> dict[str, Json]:
        request: dict[str, Json] = {
            "principal": self.principal,
            "action": self.action.swapcase() if self.chance(4) else self.action,
            "resource": self.resource,
            "context": self.context,
        }
        case: dict[str, Json] = {"id": f"random {self.rng.getrandbits(40):x}", "request": request}
        if self.only_identity:
            return case | {"identity_policies": self.documents("identity", 3)}
        if self.resource.startswith("arn:aws:s3") and self.chance(70):
            request["resource_account"] = HOME
        return case | self.draw_layers()

    def draw_layers(self) -> dict[str, Json]:
        """The layers, in a mixture that lets each of them decide sometimes."""
        case: dict[str, Json] = {}
        # An identity layer of the root user's does not exist, and the rules say nothing of one.
        own = self.kind != "root"
        if own and self.chance(85):
            case["identity_policies"] = self.documents("identity", 2)
        if own and self.chance(25):
            case["permissions_boundary"] = self.document("boundary")
        if own and self.chance(75 if self.kind == "federated-user" else 20):
            case["session_policies"] = self.documents("session", 2)
        needed = self.action == alphabet.TRUST[0] or ":key/" in self.resource or not self.has_account
        if self.resource != "*" and self.chance(90 if needed or self.account == AWAY else 45):
            case["resource_policy"] = self.document("trust" if "AssumeRole" in self.action else "resource")
        if self.chance(15):
            case["vpc_endpoint_policies"] = self.documents("endpoint", 2)
        for name, kind in ((SCP, "scp"), (RCP, "rcp")):
            if self.chance(20):
                case[name] = [self.documents(kind, 2) for _ in range(self.rng.randint(1, 3))]
                case[name] += [[]] if self.chance(5) else []
        if self.action.startswith("s3:") and self.chance(60):
            case["settings"] = {"s3_restrict_public_buckets": self.chance(85)}
        return self.sharpened(case)

    def sharpened(self, case: dict[str, Json]) -> dict[str, Json]:
        """Now and then, one rule alone decides: whether a bucket is public (L10), or what limits a role (L3)."""
        everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
        if "settings" in case and (self.account == AWAY or self.kind == "anonymous") and self.chance(60):
            anyone = self.rng.choice(("*", {"AWS": "*"}, {"AWS": [f"arn:aws:iam::{HOME}:root", "*"]}))
            grant = everything | {"Principal": anyone, "Condition": self.fixing_condition()}
            open_ = {"identity_policies": [self.whole(everything)], "permissions_boundary": None, RCP: None}
            return case | open_ | {"session_policies": None, SCP: None, "resource_policy": self.whole(grant)}
        if self.kind in ("role", "session") and self.account == HOME and self.chance(12):
            role, trust = self.own_role(), "AssumeRole" in self.action
            grant = everything | {"Principal": {"AWS": role}}
            case["resource_policy"] = self.whole({k: v for k, v in grant.items() if not trust or k != "Resource"})
            return case | {"identity_policies": None, SCP: None, RCP: None}
        return case

    def own_role(self) -> str:
        """The ARN of the role that the caller is, or is a session of."""
        people = alphabet.insiders(self.account)
        return people["role"][(people[self.kind]).index(self.principal)]

    def fixing_condition(self) -> dict[str, Json]:
        """A condition that holds more often than not, on a key that may say who asks."""
        key = self.rng.choice([*alphabet.FIXING, "aws:SourceIp", "s3:DataAccessPointArn"])
        operators, value, wanted = alphabet.FIXING[key]
        for name in [name for name in self.context if name.lower() == key.lower()]:
            del self.context[name]
        if value is not None:
            self.context[key] = value
        qualifier, suffix = self.rng.choices(alphabet.QUALIFIERS, (70, 15, 15))[0], self.chance(15) * "IfExists"
        return {f"{qualifier}{self.rng.choice(operators)}{suffix}": {key: self.some(wanted, 1, 2)}}

    @staticmethod
    def whole(statement: Json) -> dict[str, Json]:
        return {"Version": "2012-10-17", "Statement": [statement]}

    def documents(self, kind: str, most: int) -> list[Json]:
        return [self.document(kind) for _ in range(self.rng.randint(1, most))]

    def document(self, kind: str) -> Json:
        version = self.rng.choices(("2012-10-17", "2008-10-17", None), (88, 6, 6))[0]
        modern = version == "2012-10-17"
        statements = [self.statement(kind, modern, f"S{i}") for i in range(self.rng.randint(1, 3))]
        document: dict[str, Json] = {"Version": version} if version else {}
        document["Statement"] = statements[0] if len(statements) == 1 and self.chance(50) else statements
        return json.dumps(document) if self.chance(4) else document

    # Statements ---

    def statement(self, kind: str, modern: bool, sid: str) -> dict[str, Json]:
        limits = kind in ("boundary", "session", "scp", "endpoint")
        effect = "Deny" if self.chance(60 if kind == "rcp" else 8 if limits else 18) else "Allow"
        wide = limits and effect == "Allow" and self.chance(60)
        statement: dict[str, Json] = {"Sid": sid} if self.chance(50) else {}
        statement["Effect"] = effect
        if kind in WITH_PRINCIPAL:
            statement |= self.principals(kind)
        statement |= {"Action": "*"} if wide else self.actions()
        if kind != "trust" and not (kind == "resource" and self.resource != "*" and self.chance(8)):
            statement |= {"Resource": "*"} if wide else self.resources(kind, modern)
        if not wide and self.chance(55):
            statement["Condition"] = self.condition(modern)
        return statement

    def actions(self) -> dict[str, Json]:
        service, name = self.action.split(":")
        hits: tuple[str, ...] = (
            "*",
            self.action,
            self.action.upper(),
            f"{service}:*",
            f"{service}:{name[:3]}*{name[-1]}",
        )
        hits += (f"{service}:?{name[1:]}", f"{service}:*{name}*")
        misses = ("lex:CreateBot", "iam:*", f"{service}:{name}?", f"{service}:Never*", "dynamodb:Get*")
        return self.element("Action", hits, misses)

    def element(self, name: str, hits: Iterable[Json], misses: Iterable[Json]) -> dict[str, Json]:
        """An element, or its Not form, that matches more often than not."""
        good, negated = self.chance(85), self.chance(12)
        found = self.some(misses, 0, 1) + self.some(hits) if good != negated else self.some(misses)
        self.rng.shuffle(found)
        return {f"Not{name}" if negated else name: found[0] if len(found) == 1 else found}

    def resources(self, kind: str, modern: bool) -> dict[str, Json]:
        misses = [f"arn:aws:lex:eu-west-1:{HOME}:bot/*", f"{BUCKET}-other/*", "arn:aws:s3:::CALLS/*"]
        if self.resource == "*":
            # Only patterns that are plainly everything, or plainly not: the rules stop there (R5).
            return self.element("Resource", ["*", "*", "arn:aws:s3:::*"], misses)
        misses += [self.resource.upper().replace("ARN:AWS", "arn:aws"), f"{self.resource}?"]
        return self.element("Resource", [*self.whole_arns(modern), *self.short_arns(kind)], misses)

    def whole_arns(self, modern: bool) -> list[str]:
        """Patterns of six parts that match the asked resource, as a rule."""
        head, last = self.resource.rsplit(":", 1)
        _, _, service, region, account, rest = self.resource.split(":", 5)
        variable = self.rng.choice(alphabet.VARIABLES[: 8 if modern else 4])
        found = ["*", self.resource, f"{head}:*", f"{self.resource[:-1]}?", f"{self.resource}*"]
        found += [f"arn:*:{service}:*:*:{rest}", f"arn:aws:{service}:{region}:{account}:{rest[:2]}*"]
        found += [
            f"{head}:{last.replace('red', variable)}",
            f"{head}:{last.replace('ana', '${aws:username}')}",
        ]
        if self.kind in ("service", "federated"):
            return found  # the rules do not say whether these have an aws:PrincipalAccount
        return [*found, f"arn:*:{service}:*:${{aws:PrincipalAccount}}:*"]

    def short_arns(self, kind: str) -> list[str]:
        """Patterns of fewer parts, where AWS stores them (R4)."""
        service = self.resource.split(":")[2]
        ending = ["arn:aws:*", f"arn:*:{service}:*", "arn:aws:*:*:*"]
        if kind in ("scp", "rcp"):
            return ending if kind == "scp" else []
        return [*ending, f"arn:aws:{service}", "arn:aws", f"arn:*:{service}"]

    # Principals ---

    def principals(self, kind: str) -> dict[str, Json]:
        if kind == "rcp":
            return {"Principal": "*"} if self.chance(80) else {}
        if kind != "trust" and self.chance(8):
            return {}
        forms = self.some(alphabet.PRINCIPAL_FORMS, 1, 2)
        if self.chance(60):
            forms.append(self.own_form())
        element: dict[str, list[str]] = {}
        for form in forms:
            if form == "everyone":
                continue
            type_, entries = self.entries(form)
            element.setdefault(type_, []).append(self.rng.choice(entries))
        if not element or "everyone" in forms:
            return {"Principal": "*"}
        negated = kind != "trust" and "*" not in element.get("AWS", []) and self.chance(25)
        name = "NotPrincipal" if negated else "Principal"
        return {name: {type_: found[0] if len(found) == 1 else found for type_, found in element.items()}}

    def own_form(self) -> str:
        """A form that may name the caller."""
        own = {"federated-user": "federated user", "linked": "session", "root": "account root"}
        role = "role" if self.kind in ("session", "linked") else "unique id"
        if self.kind == "anonymous":
            return "everyone"
        if self.kind in ("service", "federated"):
            return self.kind
        named = own.get(self.kind, self.kind)
        sessions = ("session",) * 2 if self.kind == "role" else ()
        return self.rng.choice((named, named, role, *sessions, "account id", "account root"))

    def is_own_session(self, arn: str) -> bool:
        """Whether an ARN is that of a session of the role that asks."""
        name = self.principal.rpartition("/")[2]
        return arn.startswith(f"arn:aws:sts::{self.account}:assumed-role/{name}/")

    def entries(self, form: str) -> tuple[str, tuple[str, ...]]:
        """The type and the entries of a form of principal."""
        account = self.rng.choice((self.account, self.account, HOME, AWAY))
        people = alphabet.insiders(account)
        if form in ("user", "role", "session", "federated user"):
            found = people[form.replace(" ", "-")]
            found += {"role": people["linked"][:1], "session": people["linked"][1:]}.get(form, ())
            found += (self.principal,) * 3 if self.principal in found else ()
            own = (one for one in found if self.kind == "role" and self.is_own_session(one))
            return "AWS", found + tuple(own) * 5
        return {
            "every AWS principal": ("AWS", ("*",)),
            "account id": ("AWS", (account,)),
            "account root": ("AWS", (f"arn:aws:iam::{account}:root",)),
            "unique id": ("AWS", (alphabet.USER_ID, alphabet.ROLE_ID)),
            "service": ("Service", ("lex.amazonaws.com", "lex.amazonaws.com", "lambda.amazonaws.com")),
            "federated": ("Federated", alphabet.PROVIDERS),
            "canonical user": ("CanonicalUser", alphabet.CANONICAL),
        }[form]

    # Conditions ---

    def condition(self, modern: bool) -> dict[str, Json]:
        block: dict[str, dict[str, Json]] = {}
        for operator in self.some(alphabet.OPERATORS, 1, 2):
            family = next(name for name in alphabet.WANTED if operator.replace("Not", "", 1).startswith(name))
            keys, pool = alphabet.WANTED[family]
            if self.kind in ("service", "federated"):  # the rules do not say whether these have an account
                pool = tuple(value for value in pool if value != alphabet.OWN_ARN)
            key = self.rng.choice([key for key in keys if key not in UNSAID.get(self.kind, ())])
            suffix = "IfExists" if family != "Null" and self.chance(33) else ""
            name = f"{self.rng.choices(alphabet.QUALIFIERS, (50, 25, 25))[0]}{operator}{suffix}"
            own = alphabet.USER_IDS if key == "aws:userid" else ()
            wanted = self.some(pool if family == "Null" else (*pool, *self.echo(key), *own), 1, 2)
            if family in ("String", "Arn") and self.chance(25):
                wanted.append(self.rng.choice(alphabet.VARIABLES if modern else alphabet.VARIABLES[:4]))
            values = wanted[0] if len(wanted) == 1 and self.chance(60) else wanted
            block[name.lower() if self.chance(5) else name] = {key.swapcase() if self.chance(5) else key: values}
        return block

    def echo(self, key: str) -> tuple[Json, ...]:
        """The context's own values of a key, so that conditions often hold."""
        values = {name.lower(): value for name, value in self.context.items()}.get(key.lower())
        found = values if isinstance(values, list) else [values]
        # A wildcard in a value is a wildcard in a policy; that is wanted.
        return tuple(value for value in found if value is not None) * 5


# Changes whose effect is known ---


def documents_of(case: Json) -> Iterator[tuple[str, Json]]:
    """The documents of a case, each with its layer, parsed where they are given as text."""
    for layer in reference.LAYERS:
        found = case.get(layer) or []
        for item in found if isinstance(found, list) else [found]:
            for document in item if isinstance(item, list) else [item]:
                yield layer, json.loads(document) if isinstance(document, str) else document


def with_deny(case: Json, rng: random.Random) -> Json:
    """Return the case with one more Deny, in a document of a layer that it has."""
    changed = as_objects(case)
    found = list(documents_of(changed))
    if not found:
        return changed
    layer, document = rng.choice(found)
    kinds = {
        "identity_policies": "identity",
        "permissions_boundary": "boundary",
        "session_policies": "session",
    }
    kinds |= {"service_control_policies": "scp", "resource_control_policies": "rcp"}
    kinds |= {"vpc_endpoint_policies": "endpoint"}
    kind = kinds.get(layer, "trust" if "assumerole" in case["request"]["action"].lower() else "resource")
    draw = Draw(rng, "all", case["request"])
    statement = draw.statement(kind, document.get("Version") == "2012-10-17", "Added") | {"Effect": "Deny"}
    document["Statement"] = [*reference.as_list(document["Statement"]), statement]
    return changed


def shuffled(case: Json, rng: random.Random) -> Json:
    """Return the case with its documents, statements, lists and keys in another order."""

    def mixed(value: Json) -> Json:
        if isinstance(value, list):
            return rng.sample([mixed(item) for item in value], len(value))
        if isinstance(value, dict):
            return {key: mixed(value[key]) for key in rng.sample(list(value), len(value))}
        return value

    changed: Json = mixed(as_objects(case))
    return changed


def as_objects(case: Json) -> Json:
    """A copy of the case in which no document is JSON text."""
    changed = copy.deepcopy(case)
    for layer in reference.LAYERS:
        changed[layer] = parsed(changed[layer]) if changed.get(layer) else changed.get(layer)
    return {name: value for name, value in changed.items() if value is not None}


def parsed(value: Json) -> Json:
    """A layer's value with its texts parsed."""
    if isinstance(value, list):
        return [parsed(item) for item in value]
    return json.loads(value) if isinstance(value, str) else value
