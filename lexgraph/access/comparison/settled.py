"""Policies with what is known of a principal put in: its name, its ARN, its tags.

What is proved of such policies holds for this principal, and not only where its tags may be anything. Principals that
a policy does not tell apart share the result.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from lexgraph.account.model import Principal, Snapshot
from lexgraph.conditions.compiled import CompiledTest
from lexgraph.conditions.context import ABSENT, RESOURCE_TAGS, UNKNOWN_CONTEXT, Values
from lexgraph.conditions.variables import Variable, read_template
from lexgraph.evaluation.callers import keys_of, read_caller
from lexgraph.evaluation.request import USER_ID
from lexgraph.evaluation.stack import PolicyStack
from lexgraph.policy.arn import readable
from lexgraph.policy.model import ConditionTest, PatternSet, Policy, Statement

Known = Mapping[str, Values]
TAGS = "aws:principaltag/"
# Stands for the unique id of the role that asks: a role that was made again has another one.
ITSELF = "AROATHEROLEITSELF"


class Told(Mapping[str, Values]):
    """What an account says of the condition keys of a principal's requests, in lower case.

    With `whole_tags` the principal has no tags but those that are here. `role_id` is the id of a role, with which the
    aws:userid of its sessions begins. Of one resource `resource_tags` may be all the tags, and `sent` how the keys
    begin that tell them.
    """

    def __init__(
        self,
        values: Mapping[str, Values],
        *,
        whole_tags: bool = False,
        role_id: str | None = None,
        resource_tags: Mapping[str, str] | None = None,
        sent: tuple[str, ...] = RESOURCE_TAGS,
    ) -> None:
        self.values_ = dict(values)
        self.whole_tags, self.role_id, self.sent = whole_tags, role_id, sent
        self.resource_tags = resource_tags

    def __getitem__(self, key: str) -> Values:
        found = self.values_.get(key)
        if found is not None:
            return found
        if self.whole_tags and key.startswith(TAGS):
            return ABSENT
        if self.resource_tags is not None and key.startswith(RESOURCE_TAGS):
            prefix, _, name = key.partition("/")
            tagged = name in self.resource_tags and f"{prefix}/" in self.sent
            return (self.resource_tags[name],) if tagged else ABSENT
        raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        return iter(self.values_)

    def __len__(self) -> int:
        return len(self.values_)

    def follows(self, key: str) -> bool:
        """Return whether a key follows from who asks, whatever a request states."""
        lower = key.lower()
        return lower in self or (lower == USER_ID and self.role_id is not None)

    def differing(self, other: Told) -> frozenset[str]:
        """Return the keys that another one tells otherwise; `TAGS` for all tags that neither has."""
        found = {key for key in self.values_.keys() | other.values_.keys() if self.get(key) != other.get(key)}
        if self.whole_tags != other.whole_tags:
            found.add(TAGS)
        if self.role_id != other.role_id:
            found.add(USER_ID)
        return frozenset(found)

    def about(self, tags: Mapping[str, str] | None, sent: tuple[str, ...], **more: Values) -> Told:
        """Return the same with the tags of the resource that is asked about, which only some keys tell."""
        found = {**self.values_, **more}
        return Told(found, whole_tags=self.whole_tags, role_id=self.role_id, resource_tags=tags, sent=sent)


def known_keys(snapshot: Snapshot, principal: Principal) -> Told:
    """Return the condition keys that the account says of a principal's own requests, in lower case.

    >>> from lexgraph.account.readers import example_account_path, read_account
    >>> account = read_account(example_account_path())
    >>> known_keys(account, account.principal("user/maria"))["aws:principaltag/department"]
    ('Support',)
    """
    context = snapshot.request_context(principal, UNKNOWN_CONTEXT)
    keys = {**keys_of(read_caller(principal.arn)), **context.known}
    role_id = context.role_id if principal.kind == "role" else None
    return Told(keys, whole_tags=context.whole_tags, role_id=role_id)


def mentioned_keys(policy: Policy) -> frozenset[str]:
    """Return the keys that a policy's conditions and variables speak of, in lower case.

    >>> mine = PatternSet(("arn:aws:s3:::home/${aws:username}/*",))
    >>> sorted(mentioned_keys(Policy("home", (Statement("Allow", PatternSet(("s3:*",)), mine),))))
    ['aws:username']
    """
    return frozenset(key for statement in policy.statements for key in _mentioned(statement, policy))


def settled(policy: Policy, known: Known) -> Policy:
    """Return a policy that says the same of every request for which `known` holds, and speaks of these keys no more.

    A variable in a Resource whose value holds a colon stays, for the colon would begin another part.

    >>> mine = PatternSet(("arn:aws:s3:::home/${aws:username}/*",))
    >>> policy = Policy("home", (Statement("Allow", PatternSet(("s3:*",)), mine),))
    >>> settled(policy, {"aws:username": ("ana",)}).statements[0].resources.patterns
    ('arn:aws:s3:::home/ana/*',)
    """
    found = (_statement(one, known, variables=policy.has_variables) for one in policy.statements)
    return replace(policy, statements=tuple(one for one in found if one is not None))


def settled_stack(snapshot: Snapshot, principal: Principal) -> PolicyStack:
    """Return the layers that go with a principal, with what the account says of it put in: its name, its tags.

    >>> from lexgraph.account.readers import example_account_path, read_account
    >>> account = read_account(example_account_path())
    >>> "${aws:username}" in str(settled_stack(account, account.principal("user/maria")))
    False
    """
    stack, known = snapshot.stack(principal), known_keys(snapshot, principal)
    layers = (tuple(settled(policy, known) for policy in layer) for layer in stack.principal_layers)
    return stack.with_principal_layers(layers)


class Settling:
    """Settles policies for many principals, each policy once for all the values that it tells apart."""

    def __init__(self) -> None:
        self._mentioned: dict[int, tuple[Policy, tuple[str, ...]]] = {}
        self._made: dict[tuple[object, ...], Policy] = {}
        self._same: dict[Policy, Policy] = {}

    def speaks_of(self, policy: Policy) -> tuple[str, ...]:
        """Return :func:`mentioned_keys`, sorted."""
        # By identity: to hash a policy costs as much as to settle it. The memo keeps it, so its id is its own.
        kept = self._mentioned.get(id(policy))
        if kept is None:
            kept = self._mentioned[id(policy)] = (policy, tuple(sorted(mentioned_keys(policy))))
        return kept[1]

    def keys_in(self, policies: Iterable[Policy]) -> frozenset[str]:
        """Return what any of some policies speaks of."""
        return frozenset(key for policy in policies for key in self.speaks_of(policy))

    def layers(self, layers: Iterable[Iterable[Policy]], known: Known) -> tuple[tuple[Policy, ...], ...]:
        """Return policies, layer by layer, each as :meth:`of` gives it."""
        return tuple(tuple(self.of(policy, known) for policy in layer) for layer in layers)

    def of(self, policy: Policy, known: Known) -> Policy:
        """Return :func:`settled`; the same object wherever the same comes out."""
        spoken = self.speaks_of(policy)
        keys = [key for key in spoken if key in known]
        role_id = known.role_id if isinstance(known, Told) and USER_ID in spoken else None
        if not keys and role_id is None:
            return policy
        name = (id(policy), role_id, *((key, known[key]) for key in keys))
        if name not in self._made:
            made = settled(policy, known)
            if role_id is not None:
                made = _of_itself(made, role_id)
                made = self._same.setdefault(made, made)
            self._made[name] = made
        return self._made[name]


def _of_itself(policy: Policy, role_id: str) -> Policy:
    """A policy that asks for the id of the role itself, whichever that is."""
    said = []
    for one in policy.statements:
        tests = tuple(_without_id(test, role_id) if test.key.lower() == USER_ID else test for test in one.conditions)
        said.append(replace(one, conditions=tests))
    return replace(policy, statements=tuple(said))


def _without_id(test: ConditionTest, role_id: str) -> ConditionTest:
    values = (
        ITSELF + value[len(role_id) :] if isinstance(value, str) and value.startswith(role_id) else value
        for value in test.values
    )
    return replace(test, values=tuple(values))


def _mentioned(statement: Statement, policy: Policy) -> Iterator[str]:
    texts = [*(statement.resources or ())] if policy.has_variables else []
    for test in statement.conditions:
        yield test.key.lower()
        texts += [value for value in test.values if isinstance(value, str)] if policy.has_variables else []
    for text in texts:
        if "${" in text:
            yield from read_template(text).keys


def _statement(statement: Statement, known: Known, *, variables: bool) -> Statement | None:
    """A statement with the keys put in; None where it then matches no request."""
    tests: list[ConditionTest] = []
    for test in statement.conditions:
        compiled = CompiledTest(test, variables=variables)
        truth = compiled.holds(known.get)
        if truth is False and statement.unknown is None:
            return None
        if truth is not True:
            tests.append(_test(test, known) if compiled.templates else test)
    resources = statement.resources
    if variables and resources is not None and any("${" in pattern for pattern in resources):
        found = (filled_in(pattern, known, colons=False) for pattern in resources)
        filled = tuple(pattern for pattern in found if pattern is not None)  # Rule V4: an unresolved one is left out.
        if not filled and not resources.negated:
            return None
        resources = PatternSet(filled, resources.negated) if filled else PatternSet(("*",))
    return replace(statement, conditions=tuple(tests), resources=resources)


def _test(test: ConditionTest, known: Known) -> ConditionTest:
    found = (filled_in(value, known) if isinstance(value, str) else value for value in test.values)
    return replace(test, values=tuple(value for value in found if value is not None))


def filled_in(text: str, known: Known, *, colons: bool = True) -> str | None:
    """Return a pattern with the known ones of its variables as literal text; None where one is unresolved.

    >>> filled_in("${aws:username}/${aws:RequestedRegion}*", {"aws:username": ("a*",)})
    'a${*}/${aws:RequestedRegion}*'
    """
    pieces = []
    for part in read_template(text).parts:
        piece = _text(part) if isinstance(part, str) else _value(part, known, colons=colons)
        if piece is None:
            return None
        pieces.append(piece)
    return "".join(pieces)


def _value(variable: Variable, known: Known, *, colons: bool) -> str | None:
    values = known.get(variable.key.lower())
    value = variable.default if values is not None and len(values) != 1 else values and values[0]
    if values is None or (value is not None and ":" in value and not colons):
        default = "" if variable.default is None else f", '{variable.default}'"
        return f"${{{variable.key}{default}}}"
    return value if value is None else _text(value).replace("*", "${*}").replace("?", "${?}")


def _text(text: str) -> str:
    """Literal text as a policy writes it: what would begin a variable does not."""
    return readable(text.replace("${", "${$}{"))
