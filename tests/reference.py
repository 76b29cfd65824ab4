"""A second, obvious evaluator of IAM requests, to hold the real one against.

It works on the raw JSON of a ``simulate`` case, decides one request with a complete context, and takes the
slowest plain way to each answer: no caches, no prefilters, nothing imported from the package. It assumes
documents that AWS would store. Every function names its rules: S statements, R resources, C conditions,
V variables, P principals, L layers, U what is filled in.
"""

from __future__ import annotations

import base64
import ipaddress
import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

Json = Any
Context = dict[str, list[str]]  # keys in lower case
Statements = list[tuple[Json, bool]]  # each with whether variables work in it
STAR, ANY = "**", "??"  # the two wildcards among tokens; every other token is one literal character
VARIABLE = re.compile(r"\$\{([^}]*)\}", re.S)
NOWHERE = "\ue000"  # a character that no pattern holds: a pattern that matches it matches anything there


@dataclass(frozen=True)
class Facts:
    """What only a catalogue of AWS's actions knows."""

    wildcard_only: frozenset[str]  # actions in lower case that support no resource types (rule R5)
    rcp_services: frozenset[str]  # services whose resources RCPs protect (rule L2)


# A few of each kind, enough for the cases in this folder.
FACTS = Facts(
    frozenset(
        "ec2:describeinstances iam:listusers kms:createkey kms:listkeys lambda:listfunctions lex:getbots "
        "lex:listbots s3:listallmybuckets sqs:listqueues sts:getcalleridentity sts:getsessiontoken".split()
    ),
    frozenset("dynamodb ecr kms logs s3 secretsmanager sqs sts".split()),
)
# The fields of a case, which are the names of the layers here.
LAYERS = (
    "identity_policies permissions_boundary session_policies service_control_policies "
    "resource_control_policies resource_policy vpc_endpoint_policies"
).split()
WITH_PRINCIPAL = LAYERS[-3:]


@dataclass
class Ask:
    """One request, and everything about it that a statement may look at."""

    kind: str  # of caller: user, role, session, federated-user, root, anonymous, service, federated
    caller: str  # its ARN, or the name of a service or an identity provider
    caller_account: str | None
    action: str
    resource: str
    facts: Facts
    resource_account: str | None = None
    context: Context = field(default_factory=dict)
    layers: dict[str, list[Statements]] = field(default_factory=dict)  # level by level; most have one level
    restricts_public: bool = False


def decide(case: Json, facts: Facts = FACTS) -> str:
    """L1 to L11: "allowed", "explicitDeny" or "implicitDeny", for a case whose context is complete."""
    ask = read_case(case, facts)
    if lower(ask.action) in ("sts:getcalleridentity", "sts:getsessiontoken"):
        return "allowed"  # L9: even against a Deny
    for layer, levels in ask.layers.items():  # L1
        if any(matching(ask, layer, level, "Deny") for level in levels):
            return "explicitDeny"
    within = allows(ask, "service_control_policies") and allows(ask, "vpc_endpoint_policies")  # L2, L5
    granted = within and not is_untouchable(ask) and is_granted(ask)
    return "allowed" if granted else "implicitDeny"  # L11


def read_case(case: Json, facts: Facts) -> Ask:
    """R7, U4: the request, whose resource it is, the keys that follow from it, and the layers."""
    request = case["request"]
    given = {lower(key): texts(value) for key, value in (request.get("context") or {}).items()}
    ask = Ask(*read_caller(request["principal"]), request["action"], request["resource"], facts)
    ask.resource_account = request.get("resource_account") or account_in(ask, given)
    ask.context = {key: values for key, values in {**derived_keys(ask), **given}.items() if values}
    ask.layers = {layer: read_levels(case.get(layer)) for layer in LAYERS if binds(ask, layer)}
    ask.restricts_public = bool((case.get("settings") or {}).get("s3_restrict_public_buckets"))
    return ask


def read_caller(principal: Json) -> tuple[str, str, str | None]:
    """P1: the kind, the name and the account of a request's principal."""
    if principal == "*":
        return "anonymous", "*", None
    if isinstance(principal, dict):
        ((kind, name),) = principal.items()
        return kind.lower(), name, None
    account, last = principal.split(":", 5)[4:]
    word = last.split("/")[0]
    return "session" if word == "assumed-role" else word, principal, account


def account_in(ask: Ask, given: Context) -> str | None:
    """R7: the account in the ARN, else in the context, else the caller's."""
    parts = ask.resource.split(":", 5)
    if len(parts) == 6 and parts[4].isdigit():
        return parts[4]
    return given["aws:resourceaccount"][0] if given.get("aws:resourceaccount") else ask.caller_account


def derived_keys(ask: Ask) -> Context:
    """U4: the keys that follow from who asks for what."""
    account = ask.caller_account or "anonymous"
    keys: Context = {"aws:resourceaccount": [ask.resource_account] if ask.resource_account else []}
    if ask.kind == "service":
        return keys | {"aws:principalisawsservice": ["true"]}
    if ask.kind == "federated":
        return keys
    kinds = {"user": "User", "root": "Account", "federated-user": "FederatedUser", "anonymous": "Anonymous"}
    keys |= {"aws:principalaccount": [account], "aws:principaltype": [kinds.get(ask.kind, "AssumedRole")]}
    name = ask.caller.split("/")[-1]
    ids = {"root": account, "anonymous": account, "federated-user": f"{account}:{name}"}
    keys["aws:username"] = [name] if ask.kind == "user" else []
    keys["aws:userid"] = [ids[ask.kind]] if ask.kind in ids else []
    if lower(ask.action).startswith("kms:") and ask.caller_account:
        keys["kms:calleraccount"] = [ask.caller_account]
    if ask.kind != "anonymous":
        keys |= {"aws:principalarn": [role_of(ask) or ask.caller], "aws:principalisawsservice": ["false"]}
    return keys


def role_of(ask: Ask) -> str | None:
    """U4: a session's role, whose path the session's ARN does not tell."""
    if ask.kind != "session":
        return None
    return f"arn:{ask.caller.split(':')[1]}:iam::{ask.caller_account}:role/{ask.caller.split('/')[1]}"


def texts(value: Json) -> list[str]:
    """C3, C5, C9: the values of a key as texts; none at all for null and an empty list."""
    items = value if isinstance(value, list) else [value]
    return [str(item).lower() if isinstance(item, bool) else str(item) for item in items if item is not None]


def lower(text: str) -> str:
    """S2: ASCII letters folded, and no others."""
    return "".join(c.lower() if "A" <= c <= "Z" else c for c in text)


# The layers ---


def read_levels(value: Json) -> list[Statements]:
    """S1, S4: a layer's statements, level by level; no level at all where the layer is not given."""
    items = value if isinstance(value, list) else [value] if value else []
    if any(isinstance(item, list) for item in items):
        return [statements for level in items for statements in read_levels(level) or [[]]]
    found: Statements = []
    for item in items:
        document = json.loads(item) if isinstance(item, str) else item
        variables = document.get("Version") == "2012-10-17"
        found += [(statement, variables) for statement in as_list(document["Statement"])]
    return [found] if items else []


def as_list(value: Json) -> list[Json]:
    """S1: a lone item stands for a list of one."""
    return value if isinstance(value, list) else [value]


def binds(ask: Ask, layer: str) -> bool:
    """L2, L6: whether a layer is about this caller and this action."""
    arn = ask.context.get("aws:principalarn", [""])[0]
    service_linked = ask.kind in ("role", "session") and ":role/aws-service-role/" in arn
    action = lower(ask.action)
    if layer == "resource_control_policies":
        supported = action.split(":")[0] in ask.facts.rcp_services and action != "kms:retiregrant"
        return supported and not service_linked
    if layer == "service_control_policies":
        return ask.caller_account is not None and not service_linked
    return layer in WITH_PRINCIPAL or ask.caller_account is not None


def allows(ask: Ask, layer: str) -> bool:
    """L2, L4, L5: every level of the layer allows; a layer that is not given leaves out nothing."""
    return all(matching(ask, layer, level, "Allow") for level in ask.layers.get(layer, []))


def identity_allows(ask: Ask) -> bool:
    """L4, L9: the identity side, within the boundary and the session policies."""
    if ask.kind == "root":
        return True
    if ask.kind == "federated-user" and not ask.layers["session_policies"]:
        return False
    return bool(ask.layers["identity_policies"]) and allows(ask, "identity_policies") and limits_allow(ask)


def limits_allow(ask: Ask) -> bool:
    """L4: the boundary and the session policies."""
    return allows(ask, "permissions_boundary") and allows(ask, "session_policies")


def is_untouchable(ask: Ask) -> bool:
    """L9: AWS's managed policies, reserved roles and key aliases cannot be made, changed or deleted."""
    service, _, name = lower(ask.action).partition(":")
    parts = [*ask.resource.split(":", 5), "", "", "", "", ""]
    if not name.startswith(("create", "update", "delete", "put", "attach", "detach", "set", "tag", "untag")):
        return False
    if service == "kms":
        return parts[5].startswith("alias/aws/")
    managed = parts[4] == "aws" and parts[5].startswith("policy/")
    return service == "iam" and (managed or parts[5].startswith("role/aws-reserved/"))


def is_granted(ask: Ask) -> bool:
    """L3, L4, L6, L7, L8: the identity side and the resource side together."""
    action, named = lower(ask.action), resource_side(ask)
    is_key = action.startswith("kms:") and ask.resource.split(":", 5)[-1].startswith("key/")
    if ask.kind == "root" and action.startswith("sts:assumerole"):
        return False  # L7
    if ask.caller_account is None:
        return bool(named)  # L6
    if ask.caller_account != ask.resource_account:
        return bool(named) and identity_allows(ask)  # L6
    if named & {"everyone", "self"} or ("role" in named and limits_allow(ask)):
        return True  # L3
    if action.startswith("sts:assumerole") or (is_key and action not in ask.facts.wildcard_only):
        return "account" in named and identity_allows(ask)  # L7, L8
    return identity_allows(ask)  # L4


def resource_side(ask: Ask) -> set[str]:
    """L3, L10: how the resource policy's Allows name the caller; a restricted public bucket serves few."""
    own = ask.kind == "service" or (ask.caller_account and ask.caller_account == ask.resource_account)
    named: set[str] = set()
    for level in ask.layers["resource_policy"]:
        if ask.restricts_public and lower(ask.action).startswith("s3:") and is_public(level) and not own:
            continue
        for statement in matching(ask, "resource_policy", level, "Allow"):
            named |= how_named(ask, statement)
    return named


# Statements ---


def matching(ask: Ask, layer: str, statements: Statements, effect: str) -> list[Json]:
    """S1: the statements with this effect that match the request."""
    found = [(s, variables) for s, variables in statements if s["Effect"] == effect]
    return [s for s, variables in found if statement_matches(ask, layer, s, variables)]


def statement_matches(ask: Ask, layer: str, statement: Json, variables: bool) -> bool:
    """S1, S3, S5, C1: every element must match; of a Not form, no item may."""
    if not element_matches(statement, "Action", lambda item: action_matches(item, ask.action)):
        return False
    if not element_matches(statement, "Resource", lambda item: resource_matches(ask, layer, item, variables)):
        return False
    if layer in WITH_PRINCIPAL:
        silent = "Principal" not in statement and "NotPrincipal" not in statement
        if (silent and layer == "resource_policy") or (not silent and not how_named(ask, statement)):
            return False
    return all(condition_holds(ask, *test, variables) for test in condition_tests(statement))


def element_matches(statement: Json, name: str, test: Any) -> bool:
    """S1, S3: an element, its Not form, or neither: then it is about the policy's own resource."""
    if f"Not{name}" in statement:
        return not any(test(item) for item in as_list(statement[f"Not{name}"]))
    return name not in statement or any(test(item) for item in as_list(statement[name]))


def action_matches(pattern: str, action: str) -> bool:
    """S2: no wildcard in the service, ``*`` and ``?`` in the name, ASCII letters folded."""
    service, _, name = lower(pattern).partition(":")
    asked_service, _, asked_name = lower(action).partition(":")
    return pattern == "*" or (service == asked_service and glob(tokens(name), asked_name))


def resource_matches(ask: Ask, layer: str, pattern: str, variables: bool) -> bool:
    """R4, R5: ``*`` is everything, and an action without resource types wants it; short patterns."""
    if set(pattern) == {"*"}:
        return True
    parts = split(pattern, variables)
    bare = VARIABLE.sub("", pattern) if variables else pattern
    if len(parts) < 6 and layer in WITH_PRINCIPAL and "*" not in bare and "?" not in bare:
        return False
    parts += ["*"] * (6 - len(parts))
    context = ask.context if variables else None
    if lower(ask.action) in ask.facts.wildcard_only:
        return ask.action.lower().startswith("s3:") and arn_matches(parts, f"arn:aws:s3:::{NOWHERE}", context)
    return arn_matches(parts, ask.resource, context)


def how_named(ask: Ask, statement: Json) -> set[str]:
    """P1, P3, P4, L3: how a statement names the caller: as everyone, its account, its role, or itself."""
    if "NotPrincipal" not in statement:
        return named_by(ask, statement["Principal"])
    if statement["Effect"] == "Deny" and ask.layers.get("permissions_boundary") and ask.kind != "root":
        return {"everyone"}  # P3
    # P3: here an account exempts only its root user.
    named = named_by(ask, statement["NotPrincipal"]) - (set() if ask.kind == "root" else {"account"})
    return set() if named else {"everyone"}


def named_by(ask: Ask, element: Json) -> set[str]:
    """P1: how a Principal element names the caller; nobody asks as a canonical user."""
    if element == "*":
        return {"everyone"}
    named = {named_as(ask, entry) for entry in as_list(element.get("AWS", []))}
    for kind in ("Service", "Federated"):
        if ask.kind == kind.lower() and ask.caller in as_list(element.get(kind, [])):
            named.add("self")
    return named - {""}


def named_as(ask: Ask, entry: str) -> str:
    """P1, P2: ``*``, an account, an ARN, a role for its sessions by name, one of them, an id; "" for another's."""
    if entry == "*" or ask.caller_account is None:
        return "everyone" if entry == "*" else ""
    if entry == ask.caller_account or re.fullmatch(rf"arn:[^:]+:iam::{ask.caller_account}:root", entry):
        return "account"
    if entry == ask.caller:
        return "role" if ask.kind == "role" else "self"
    if ask.kind == "session" and ":role/" in entry:
        return "role" if re.sub(":role/.*/", ":role/", entry) == role_of(ask) else ""
    unique_id, _, name = ask.context.get("aws:userid", [""])[0].partition(":")
    as_session = re.sub(":iam:(.*):role/(.*/)?", r":sts:\1:assumed-role/", ask.caller)
    if (ask.kind == "user" and entry == unique_id) or (ask.kind == "role" and entry == f"{as_session}/{name}"):
        return "self"
    return "role" if ask.kind in ("role", "session") and entry == unique_id else ""


# Patterns ---


def tokens(text: str, context: Context | None = None, wildcards: bool = True) -> list[str] | None:
    """V1 to V6, S4, C6: a pattern as tokens (without a context, ``${`` is text); None for a lost variable."""
    found: list[str] = []
    while text:
        variable = None if context is None else VARIABLE.match(text)
        if context is not None and variable is not None:
            value = variable_value(variable.group(1), context)
            if value is None:
                return None
            found += value  # V3: literal, whatever it holds
        else:
            found.append({"*": STAR, "?": ANY}.get(text[0], text[0]) if wildcards else text[0])
        text = text[variable.end() if variable else 1 :]
    return found


def variable_value(inside: str, context: Context) -> str | None:
    """V2, V4, V5, C6: what stands for ``${inside}``."""
    key, comma, default = inside.partition(",")
    values = [inside] if inside in ("*", "?", "$") else context.get(lower(key.strip()), [])
    if len(values) == 1:
        return values[0]
    return default.strip()[1:-1] if comma else None


def glob(pattern: list[str] | None, text: str) -> bool:
    """S2, S6: ``*`` is any run, ``?`` one character; on a mismatch the last star takes one character more."""
    p = t = resume = 0
    star = -1
    while pattern is not None and t < len(text):
        if p < len(pattern) and pattern[p] == STAR:
            star, resume, p = p, t, p + 1
        elif p < len(pattern) and pattern[p] in (ANY, text[t]):
            p, t = p + 1, t + 1
        elif star >= 0:
            resume += 1
            p, t = star + 1, resume
        else:
            return False
    return pattern is not None and all(token == STAR for token in pattern[p:])


def split(pattern: str, variables: bool) -> list[str]:
    """R1: the parts of an ARN pattern, split at the first five colons that stand outside of variables."""
    parts = [""]
    for piece in re.findall(r"\$\{[^}]*\}|." if variables else ".", pattern, re.S):
        if piece == ":" and len(parts) < 6:
            parts.append("")
        else:
            parts[-1] += piece
    return parts


def arn_matches(parts: list[str], arn: str, context: Context | None) -> bool:
    """R1, R2, R3: each part within its own part, case-sensitively."""
    asked = arn.split(":", 5)
    pairs = zip(parts, asked, strict=False)
    return len(parts) == len(asked) == 6 and all(glob(tokens(part, context), text) for part, text in pairs)


# Conditions ---


def condition_tests(statement: Json) -> list[tuple[str, str, list[str]]]:
    """C1: the operators, keys and values of a statement's Condition."""
    block = statement.get("Condition", {})
    return [(operator, key, texts(v)) for operator, keys in block.items() for key, v in keys.items()]


def condition_holds(ask: Ask, operator: str, key: str, wanted: list[str], variables: bool) -> bool:
    """C1 to C5: one key under one operator."""
    qualifier, _, name = operator.lower().rpartition(":")
    base, values = name.removesuffix("ifexists"), ask.context.get(lower(key), [])
    nothing, negated = values in ([], [""]), "not" in base
    positive = base.replace("not", "", 1)
    context = ask.context if variables else None

    def test(value: str) -> bool:
        if base == "null":  # C3
            return ("true" if nothing else "false") in [text.lower() for text in wanted]
        return any(compare(positive, value, text, context) for text in wanted) != negated  # C1

    if not values and name.endswith("ifexists"):
        return True  # C3
    if qualifier == "forallvalues":
        return nothing or all(map(test, values))  # C4
    if qualifier == "foranyvalue":
        return not nothing and any(map(test, values))  # C4
    if base == "null":
        return test("")
    return test(values[0]) if len(values) == 1 else negated and not values  # C3, C5


def compare(base: str, value: str, wanted: str, context: Context | None) -> bool:
    """C2, C6 to C9: one value of the request against one of the policy, under a positive operator."""
    if base.startswith("string"):
        pattern = tokens(wanted, context, wildcards=base == "stringlike")
        if base == "stringequalsignorecase":
            return pattern is not None and "".join(pattern).lower() == value.lower()
        return glob(pattern, value)
    if base.startswith("arn"):
        parts = ["*"] * 6 if wanted == "*" else split(wanted, context is not None)
        return value.startswith("arn:") and arn_matches(parts, value, context)
    if base == "bool":
        return value.lower() in ("true", "false") and value.lower() == wanted.lower()
    left, right = read(base, value), read(base, wanted)
    if left is None or right is None:  # C1
        return False
    if base == "ipaddress":
        return "/" not in value and left.version == right.version and left.subnet_of(right)  # C8
    if "than" in base:
        strictly = left < right if "less" in base else left > right
        return strictly or (left == right and base.endswith("equals"))
    return bool(left == right)


def read(base: str, text: str) -> Any:
    """C1, C7, C8: a text as bytes, a range of addresses, a number, or a date's seconds; else None."""
    try:
        if base == "binaryequals":
            return base64.b64decode(text, validate=True)
        if base == "ipaddress":
            return ipaddress.ip_network(text, strict=False)
        number = re.fullmatch(r"[+-]?[0-9]+(\.[0-9]+)?", text)
        if number or base.startswith("numeric"):
            return Fraction(text) if number else None
        date = datetime.fromisoformat(text)
    except ValueError:
        return None
    since = (date if date.tzinfo else date.replace(tzinfo=UTC)) - datetime(1970, 1, 1, tzinfo=UTC)
    return Fraction(since // timedelta(microseconds=1), 1_000_000)


FIXING_KEYS = (
    "aws:principalarn aws:principalaccount aws:principalorgid aws:principalorgpaths aws:sourcearn "
    "aws:sourcevpc aws:sourcevpce aws:sourceaccount aws:sourceowner aws:userid s3:dataaccesspointarn "
    "s3:dataaccesspointaccount s3:x-amz-server-side-encryption-aws-kms-key-id"
).split()


def is_public(statements: Statements) -> bool:
    """L10: some Allow is for everyone, or for federated identities, and nothing fixes who that may be."""
    for statement in [statement for statement, _ in statements if statement["Effect"] == "Allow"]:
        who, tests = statement.get("Principal", {}), condition_tests(statement)
        anyone = who == "*" or "Federated" in who or "*" in as_list(who.get("AWS", []))
        fixed = any(all(fixes(op.lower(), key.lower(), text) for text in wanted) for op, key, wanted in tests)
        if (anyone or "NotPrincipal" in statement) and not fixed:
            return True
    return False


def fixes(operator: str, key: str, value: str) -> bool:
    """L10: no wildcard and no variable (an access point's name may vary), or a range that is not too wide."""
    operator = operator.removeprefix("foranyvalue:")
    if (operator, key) == ("ipaddress", "aws:sourceip"):
        network = read("ipaddress", value)
        return network is not None and network.prefixlen >= (8 if network.version == 4 else 32)
    if key == "s3:dataaccesspointarn" and ":accesspoint/" in value:
        value = value.split(":accesspoint/")[0]
    positive = ("stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike")
    return operator in positive and key in FIXING_KEYS and not re.search(r"[*?]|\$\{", value)
