"""How a Principal or NotPrincipal element names a caller (rules P1 to P4), and layers whose statements have one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Literal

from lexgraph.conditions.hints import Hint
from lexgraph.conditions.logic import Atom, Formula, all_of, any_of, negate
from lexgraph.errors import shown
from lexgraph.evaluation.callers import Caller, caller_of
from lexgraph.evaluation.index import StatementIndex, session_hints, settled_session
from lexgraph.evaluation.request import USER_ID, Question
from lexgraph.evaluation.stack import Layer
from lexgraph.policy.arn import is_arn, literal, split_arn
from lexgraph.policy.model import PatternSet, Policy, Statement

# As everyone, as its account, as its role, or as itself (a user, a session, a service, an identity provider).
Way = Literal["everyone", "self", "role", "account"]
WAYS: tuple[Way, ...] = ("everyone", "self", "role", "account")
Named = dict[Way, Formula]
FEW = 8  # patterns that are sooner looked at one by one


def ways(element: PatternSet, question: Question) -> Named:
    """Return how the patterns of a Principal element name the caller, each way with the formula under which it does."""
    found: Named = {}
    patterns = element.patterns
    for pattern in patterns if len(patterns) <= FEW else _worth_asking(element, question.caller):
        for way, formula in _named_as(pattern, question):
            found[way] = any_of((found.get(way, False), formula))
    return found


def _worth_asking(element: PatternSet, caller: Caller) -> list[str]:
    """Those of many patterns that may name the caller, in their order."""
    by_text = _by_text(element)
    role = without_path(str(caller.arn)) if caller.kind == "role" else caller.role
    own = (caller.arn, role, caller.account, f"Service:{caller.name}", f"Federated:{caller.name}", "")
    places = {place for text in own if text is not None for place in by_text.get(text, ())}
    return [element.patterns[place] for place in sorted(places)]


@lru_cache(1024)
def _by_text(element: PatternSet) -> Mapping[str, tuple[int, ...]]:
    """Where the patterns stand, by the text of a caller that they name; by none those that may name any."""
    found: dict[str, list[int]] = {}
    for place, pattern in enumerate(element.patterns):
        for text in _texts_of(pattern):
            found.setdefault(text, []).append(place)
    return {text: tuple(places) for text, places in found.items()}


def _texts_of(pattern: str) -> set[str]:
    kind, _, value = pattern.partition(":")
    if kind in ("Service", "Federated"):
        return {pattern}
    if kind != "AWS" or not (value.isdigit() or is_arn(value)):
        return {""}
    if value.isdigit():
        return {value}
    account = split_arn(value)[4]
    session = named_session(value)
    named = {value, without_path(value)} if session is None else {value, str(session.role)}
    return named | ({account} if _is_root_of(value, account) else set())


def _named_as(pattern: str, question: Question) -> Iterator[tuple[Way, Formula]]:
    caller = question.caller
    if pattern in ("*", "AWS:*"):
        yield "everyone", True
        return
    kind, _, value = pattern.partition(":")
    if kind in ("Service", "Federated"):
        if caller.kind == kind.lower() and caller.name == value:
            yield "self", True
    elif kind == "AWS" and caller.account is not None:
        if value == caller.account or _is_root_of(value, caller.account):
            yield "account", True
        elif value == caller.arn:
            yield ("role" if caller.kind == "role" else "self"), True
        elif caller.kind == "session" and ":role/" in value and without_path(value) == caller.role:
            yield "role", True
        elif caller.kind == "role" and ":assumed-role/" in value:
            if (called := _is_called(value, question)) is not False:
                yield "self", called
        elif not is_arn(value) and not value.isdigit() and caller.kind in ("user", "role", "session"):
            yield ("self" if caller.kind == "user" else "role"), _has_id(value, question)


def _is_root_of(value: str, account: str) -> bool:
    if not is_arn(value):
        return False
    _, _, service, region, owner, resource = split_arn(value)
    return (service, region, owner, resource) == ("iam", "", account, "root")


def without_path(role: str) -> str:
    """Return the ARN of a role as its sessions tell it (rule P2); another ARN as it is.

    >>> without_path("arn:aws:iam::111122223333:role/desk/front")
    'arn:aws:iam::111122223333:role/front'
    """
    front, word, path = role.partition(":role/")
    return f"{front}{word}{path.rpartition('/')[2]}"


def _has_id(unique_id: str, question: Question) -> Formula:
    """Whether the caller has a unique id (``AIDA…``, ``AROA…``), which only aws:userid tells, or its account."""
    role_id = question.request.context.role_id
    values = question.known.get(USER_ID, None if role_id is None else (role_id,))
    if values is None:
        values = question.lookup(USER_ID)
    if values is not None:
        return values[:1] != () and values[0].partition(":")[0] == unique_id
    return Atom(
        identity=(USER_ID, unique_id),
        keys=frozenset({USER_ID}),
        holds=lambda assigned: _begins(assigned(USER_ID), unique_id),
        hints=(Hint(USER_ID, "Literal", (unique_id,)), Hint(USER_ID, "Like", (f"{unique_id}:*",))),
        tell=lambda opposite: f"aws:userid {'does not begin' if opposite else 'begins'} with {shown(unique_id)}",
        names=(USER_ID,),
    )


@lru_cache(4096)
def named_session(arn: str) -> Caller | None:
    """Return the session of a role that an ARN names, as a Principal element holds it.

    >>> named_session("arn:aws:sts::111122223333:assumed-role/bot-runner/s1").name
    's1'
    """
    if ":assumed-role/" not in arn:
        return None
    found = caller_of(arn)
    return found if found is not None and found.kind == "session" else None


def _is_called(arn: str, question: Question) -> Formula:
    """Whether the caller, a role, is the session that an ARN names: who asks as a role is one of its sessions, and only
    aws:userid tells how that is called.
    """
    session = None if question.sessions_apart else named_session(arn)
    if session is None or session.role != without_path(str(question.caller.arn)):
        return False
    ending, own = f":{session.name}", question.lookup(USER_ID)
    if own is not None:
        return len(own) == 1 and own[0].endswith(ending)
    atom = Atom(
        identity=(USER_ID, ending),
        keys=frozenset({USER_ID}),
        holds=lambda assigned: _ends(assigned(USER_ID), ending),
        hints=(Hint(USER_ID, "Like", (f"*{literal(ending)}",)), *session_hints(frozenset({USER_ID}), question)),
        tell=lambda opposite: f"aws:userid {'does not end' if opposite else 'ends'} with {shown(ending)}",
        names=(USER_ID,),
    )
    return settled_session(atom, question)


def _ends(values: tuple[str, ...] | None, ending: str) -> bool | None:
    return None if values is None else len(values) == 1 and values[0].endswith(ending)


def _begins(values: tuple[str, ...] | None, unique_id: str) -> bool | None:
    if values is None:
        return None
    return len(values) == 1 and values[0].partition(":")[0] == unique_id


def named_ways(statement: Statement, question: Question, *, bounded: bool, silent: bool) -> Named:
    """Return how a statement names the caller.

    `bounded`: the caller has a permissions boundary (rule P3). `silent`: a statement without Principal is about
    everyone (rule S5).
    """
    element = statement.principals
    if element is None:
        return {"everyone": True} if silent else {}
    if not element.negated:
        return ways(element, question)
    root = question.caller.kind == "root"
    if not statement.allows and bounded and not root and question.caller.account is not None:
        return {"everyone": True}  # Rule P3: with a boundary, NotPrincipal with Deny always denies.
    named = ways(element, question)
    if not root:
        named.pop("account", None)  # Rule P3: an account among NotPrincipal exempts only its root user.
    return {"everyone": negate(any_of(named.values()))}


class PrincipalIndex(StatementIndex):
    """A layer whose statements name principals: a resource policy, an RCP, an endpoint policy."""

    def __init__(self, policies: Sequence[Policy], layer: Layer, *, bounded: bool) -> None:
        super().__init__(policies, layer)
        self.bounded = bounded
        self.silent = layer != "resource"

    def named_sides(self, question: Question) -> tuple[Named, Formula]:
        """Return, per way of naming the caller, whether some Allow matches; and whether some Deny does."""
        certain, maybe = self.match(question)
        formulas = dict(maybe)
        while certain:
            low = certain & -certain
            certain ^= low
            formulas[low] = True
        allowed: dict[Way, list[Formula]] = {}
        denied: list[Formula] = []
        for bit, formula in sorted(formulas.items()):
            statement = self.entries[bit.bit_length() - 1].statement
            named = named_ways(statement, question, bounded=self.bounded, silent=self.silent)
            if statement.allows:
                for way, who in named.items():
                    allowed.setdefault(way, []).append(all_of((who, formula)))
            else:
                denied.append(all_of((any_of(named.values()), formula)))
        return {way: any_of(parts) for way, parts in allowed.items()}, any_of(denied)

    def sides(self, question: Question) -> tuple[Formula, Formula]:
        """Return whether some Allow names the caller in any way, and whether some Deny does."""
        allowed, denied = self.named_sides(question)
        return any_of(allowed.values()), denied
