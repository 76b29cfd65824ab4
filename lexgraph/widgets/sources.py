"""What an explorer explores: the users and roles of an account, or policies each held by a pretended user."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol

from lexgraph.account.model import Snapshot, labels
from lexgraph.catalog.actions import catalog
from lexgraph.catalog.nearest import nearest
from lexgraph.conditions.context import UNKNOWN_CONTEXT, Context
from lexgraph.conditions.variables import read_template
from lexgraph.errors import LexgraphError, shown
from lexgraph.evaluation.callers import keys_of, read_caller
from lexgraph.policy.model import ConditionTest, Policy, Statement
from lexgraph.policy.patterns import is_pattern
from lexgraph.widgets.pretended import SOMEONE, policy_account
from lexgraph.workbench import Account, PolicySet

MOST_SUGGESTIONS = 200


class Source(Protocol):
    """What can be asked about, and how the questions are put."""

    noun: str
    everyone: str | None
    everywhere: str
    names: tuple[str, ...]
    ordered: tuple[str, ...]  # in which an explorer looks for one to begin with
    notes: tuple[str, ...]

    def named(self, subject: str) -> str:
        """Return a subject as `names` has it; raise LexgraphError where there is none such."""

    def account(self, subject: str | None, actions: tuple[str, ...]) -> Account:
        """Return the account to ask."""

    def asked(self, subject: str | None) -> str | None:
        """Return the principal to ask about; None for all."""

    def policies(self, subject: str | None) -> tuple[Policy, ...]:
        """Return the policies that bear on the answers."""

    def known(self, subject: str | None) -> Mapping[str, str]:
        """Return what is known of the principal, by lower-cased condition key."""

    def code(self, subject: str | None, actions: Any) -> tuple[list[str], str]:
        """Return lines of Python that come first, and the expression for the account to ask."""


class AccountSource:
    """The users and roles of an account; users first."""

    noun = "principal"
    everyone: str | None = "every user and role"
    everywhere = "every known resource"
    notes: tuple[str, ...] = ()

    def __init__(self, account: Account, name: str | None) -> None:
        self._account = account
        self._name = name or "account"
        short = labels(principal.arn for principal in account.snapshot.principals)
        ordered = sorted(account.snapshot.principals, key=lambda p: (p.kind != "user", p.name.lower(), p.arn))
        self.names = tuple(short[principal.arn] for principal in ordered)
        self.ordered = tuple(short[arn] for arn in sorted(short))
        self._short = short

    def named(self, subject: str) -> str:
        """Return the short name of a user or role, given in any form."""
        return subject if subject == self.everyone else self._short[self._account.snapshot.principal(subject).arn]

    def account(self, subject: str | None, actions: tuple[str, ...]) -> Account:
        """Return the account itself."""
        del subject, actions
        return self._account

    def asked(self, subject: str | None) -> str | None:
        """Return the user or role."""
        return subject

    def policies(self, subject: str | None) -> tuple[Policy, ...]:
        """Return what a principal holds, its boundary too; of everyone, all policies."""
        snapshot = self._account.snapshot
        if subject is None:
            return snapshot.identity_policies()
        held = (policy for _, _, _, policy in snapshot.holdings(snapshot.principal(subject)))
        return tuple(policy for policy in held if policy is not None)

    def known(self, subject: str | None) -> Mapping[str, str]:
        """Return the principal's tags and what follows from its ARN."""
        return {} if subject is None else _known(self._account.snapshot, subject)

    def code(self, subject: str | None, actions: Any) -> tuple[list[str], str]:
        """Return the account's name."""
        del subject, actions
        return [], self._name


class PolicySource:
    """Policies, each asked about as if one pretended user held it alone."""

    noun = "policy"
    everyone: str | None = None
    everywhere = "an example of every resource"
    notes: tuple[str, ...] = (f"evaluated as the only identity policy of a pretended user, {SOMEONE}",)

    def __init__(self, policies: PolicySet | Policy, name: str | None) -> None:
        self._lone = isinstance(policies, Policy)
        self._policies = {policies.name: policies} if isinstance(policies, Policy) else dict(policies)
        self._name = name or ("policy" if self._lone else "policies")
        self._made: dict[tuple[str | None, tuple[str, ...]], Account] = {}
        self.names = self.ordered = tuple(self._policies)

    def named(self, subject: str) -> str:
        """Return the policy's name."""
        return self.policies(subject)[0].name

    def account(self, subject: str | None, actions: tuple[str, ...]) -> Account:
        """Return an account of the pretended user, with resources that the actions can be about."""
        key = (subject, actions)
        if key not in self._made:
            made = policy_account(self.policies(subject), actions)
            self._made = {key: made}  # only the last one: it serves the many questions that differ in context
        return self._made[key]

    def asked(self, subject: str | None) -> str | None:
        """Return the pretended user."""
        del subject
        return "user/someone"

    def policies(self, subject: str | None) -> tuple[Policy, ...]:
        """Return the policy."""
        if subject not in self._policies:
            raise LexgraphError(
                f"there is no policy {shown(subject or '')} here{nearest(subject or '', self._policies)}",
                code="UNKNOWN_POLICY",
            )
        return (self._policies[subject],)

    def known(self, subject: str | None) -> Mapping[str, str]:
        """Return what follows from the pretended user's ARN."""
        return _known(self.account(subject, ("lex:*",)).snapshot, SOMEONE)

    def code(self, subject: str | None, actions: Any) -> tuple[list[str], str]:
        """Return how the pretended account is made."""
        which = self._name if self._lone else f"{self._name}[{subject!r}]"
        lines = ["from lexgraph.widgets import policy_account", f"someone = policy_account({which}, {actions!r})"]
        return lines, "someone"


def source_of(given: Account | PolicySet | Policy, name: str | None) -> Source:
    """Return what an explorer is to explore; `name` is how the code calls it."""
    source: Source
    if isinstance(given, Account):
        source = AccountSource(given, name)
    elif isinstance(given, PolicySet | Policy):
        source = PolicySource(given, name)
    else:
        raise LexgraphError(
            f"an explorer takes an Account, a PolicySet or a Policy, not {type(given).__name__}", code="NO_SOURCE"
        )
    if not source.names:
        raise LexgraphError(f"there is no {source.noun} to ask about", code="NOTHING_TO_ASK")
    return source


def _known(snapshot: Snapshot, subject: str) -> dict[str, str]:
    principal = snapshot.principal(subject)
    return known_of(principal.arn, snapshot.request_context(principal, UNKNOWN_CONTEXT))


def known_of(caller: str, context: Context) -> dict[str, str]:
    """Return what is known of a caller in words, by lower-cased condition key: what follows from its ARN, and what
    `context` says.
    """
    found = {**keys_of(read_caller(caller)), **context.known}
    return {key: ", ".join(values) if values else "absent" for key, values in found.items()}


def mentioned_keys(policies: tuple[Policy, ...], actions: Iterable[str] = ()) -> dict[str, tuple[str, ...]]:
    """Return the condition keys that policies mention, in the first spelling met, sorted, each with plain values that
    they ask for; with `actions`, those of statements about one of these.

    >>> from lexgraph.workbench import find_policy
    >>> list(mentioned_keys((find_policy("AmazonLexFullAccess"),)))[:2]
    ['iam:AWSServiceName', 'iam:PassedToService']
    """
    spelled: dict[str, str] = {}
    values: dict[str, dict[str, None]] = {}
    for key, suggestions in _mentions(policies, tuple(actions)):
        low = key.lower()
        spelled.setdefault(low, key)
        values.setdefault(low, {}).update(dict.fromkeys(suggestions))
    return {spelled[low]: tuple(values[low])[:MOST_SUGGESTIONS] for low in sorted(spelled)}


def _mentions(policies: tuple[Policy, ...], actions: tuple[str, ...]) -> Iterator[tuple[str, list[str]]]:
    about = _is_about(actions)
    for policy in policies:
        for statement in filter(about, policy.statements):
            templates = list(statement.resources.patterns) if statement.resources else []
            for test in statement.conditions:
                yield test.key, _plain_values(test)
                templates += [value for value in test.values if isinstance(value, str)]
            if policy.has_variables:
                for text in filter(lambda text: "${" in text, templates):
                    yield from ((variable.key, []) for variable in read_template(text).variables)


def _is_about(actions: tuple[str, ...]) -> Callable[[Statement], bool]:
    """A test for statements about one of the actions; about any where one is not in the catalogue."""
    cat = catalog()
    bits = cat.bits_of(actions)
    if not actions or any(not cat.bits_of((action,)) for action in actions):
        return lambda statement: True
    return lambda statement: bool(bits & cat.bits_of(statement.actions.patterns, statement.actions.negated))


def _plain_values(test: ConditionTest) -> list[str]:
    if "null" in test.operator.lower():
        return []
    texts = (str(value).lower() if isinstance(value, bool) else str(value) for value in test.values)
    if "ipaddress" in test.operator.lower():
        texts = (text.partition("/")[0] for text in texts)
    return [text for text in texts if text and not is_pattern(text) and "${" not in text]


def suggested_actions(policies: tuple[Policy, ...]) -> tuple[str, ...]:
    """Return patterns worth asking about: the services that policies name, and their own patterns."""
    patterns = (statement.actions.patterns for policy in policies for statement in policy.statements)
    named = {pattern for some in patterns for pattern in some if ":" in pattern}
    services = {name.partition(":")[0].lower() for name in named} & set(catalog().service_prefixes)
    found = dict.fromkeys(["lex:*", *sorted(f"{service}:*" for service in services), *sorted(named)])
    return tuple(found)[:MOST_SUGGESTIONS]
