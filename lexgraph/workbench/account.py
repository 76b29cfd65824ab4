"""An AWS account: who is in it, and what its policies allow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from lexgraph.access import decide as bulk
from lexgraph.account.model import Principal, Snapshot, labels
from lexgraph.account.parts import coverage_of
from lexgraph.conditions.context import Context
from lexgraph.errors import AccountError, RequestError, counted, shown
from lexgraph.evaluation.decision import Decision
from lexgraph.policy.model import Policy
from lexgraph.workbench.everybody import Everybody
from lexgraph.workbench.policies import html_of

if TYPE_CHECKING:
    import networkx as nx
    import pandas as pd

    from lexgraph.access.compressed import Access

ContextLike = Context | Mapping[str, Any] | None


class Account(Everybody):
    """An AWS account: its principals, policies and resources, and what the policies allow.

    It is iterated over by its principals' names; ``account["user/maria"]`` is one of them.

    >>> from lexgraph.workbench import example_account
    >>> example_account()["user/maria"].arn
    'arn:aws:iam::111122223333:user/maria'
    """

    def __init__(self, snapshot: Snapshot) -> None:
        super().__init__()
        self.snapshot = snapshot

    def __repr__(self) -> str:
        found = self.snapshot
        users = sum(p.kind == "user" for p in found.principals)
        roles = len(found.principals) - users
        text = f"Account {found.account_id}: {counted(users, 'user')}, {counted(roles, 'role')}"
        text += f", {counted(len(found.policies), 'managed policy', 'managed policies')}"
        missing = [shown(lack)[1:-1] for one in coverage_of(found) for lack in one.missing]
        more = f" (and {len(missing) - 1} more, see coverage)" if len(missing) > 1 else ""
        return f"{text}; missing: {missing[0]}{more}" if missing else text

    def _repr_html_(self) -> str:
        return html_of(self.principals)

    def _ipython_key_completions_(self) -> list[str]:
        return list(self)

    def __getitem__(self, name: str) -> Principal:
        if not isinstance(name, str):
            raise AccountError("a user or role is found by its name or ARN, given as text", code="UNKNOWN_PRINCIPAL")
        return self.snapshot.principal(name)

    def __contains__(self, name: object) -> bool:
        try:
            return isinstance(name, str) and bool(self[name])
        except AccountError:
            return False

    def __iter__(self) -> Iterator[str]:
        return iter(labels(principal.arn for principal in self.snapshot.principals).values())

    def __len__(self) -> int:
        return len(self.snapshot.principals)

    def __bool__(self) -> bool:
        return True  # an account without a user is an account

    def _origin(self) -> tuple[Mapping[str, str], str | None]:
        return {policy.arn: policy.default_version for policy in self.snapshot.policies}, self.snapshot.source

    def _policies(self) -> tuple[Policy, ...]:
        return self.snapshot.identity_policies()

    @property
    def principals(self) -> pd.DataFrame:
        """A row per user and role (schema ``principals``)."""
        from lexgraph import tables

        found: pd.DataFrame = self._kept("principals", lambda: tables.principals_table(self.snapshot))
        return found

    @property
    def attachments(self) -> pd.DataFrame:
        """A row per policy that a principal holds, and how it comes by it (schema ``attachments``)."""
        from lexgraph import tables

        found: pd.DataFrame = self._kept("attachments", lambda: tables.attachments_table(self.snapshot))
        return found

    @property
    def coverage(self) -> pd.DataFrame:
        """What was read of the account and what could not be, a row per part (schema ``coverage``).

        >>> from lexgraph.workbench import example_account
        >>> example_account().coverage[["part", "read"]].values.tolist()
        [['authorization details', 59]]
        """
        from lexgraph import tables

        found: pd.DataFrame = self._kept("coverage", lambda: tables.coverage_table(self.snapshot))
        return found

    @property
    def credentials(self) -> pd.DataFrame:
        """A row per user of the credential report (schema ``credentials``); none where no report was read."""
        from lexgraph import tables

        found: pd.DataFrame = self._kept("credentials", lambda: tables.credentials_table(self.snapshot))
        return found

    @property
    def organization(self) -> pd.DataFrame:
        """The tree of the account's organization and what is attached where (schema ``organization``)."""
        from lexgraph import tables

        found: pd.DataFrame = self._kept("organization", lambda: tables.organization_table(self.snapshot))
        return found

    def tags(self, resource: str) -> dict[str, str]:
        """Return the known tags of one of the account's resources as context: ``{"aws:ResourceTag/Department":
        "Support"}``.

        >>> from lexgraph.workbench import example_account
        >>> example_account().tags("arn:aws:lex:us-east-1:111122223333:bot:BillingBot:prod")["aws:ResourceTag/Stage"]
        'Production'
        """
        found = next((known for known in self.snapshot.resources if known.arn == resource), None)
        if found is None:
            raise AccountError(f"{shown(resource)} is not among the account's resources", code="UNKNOWN_RESOURCE")
        return {f"aws:ResourceTag/{key}": value for key, value in found.tags}

    def can(self, principal: str, action: str, resource: str, context: ContextLike = None) -> Decision:
        """Return the decision on one request; what `context` does not give is unknown.

        >>> from lexgraph.workbench import example_account
        >>> example_account().can("user/ines", "lex:ListBots", "*").outcome
        'implicitDeny'
        """
        return bulk.decide(self.snapshot, principal, action, resource, context=_context(context))

    def who_can(
        self, action: str | Iterable[str], resource: str | Iterable[str], context: ContextLike = None
    ) -> pd.DataFrame:
        """Return who may perform `action` on `resource`, and under which condition (schema ``access``).

        Several actions or resources are asked about in every combination. Callers from outside the account are in
        :attr:`shared_access`.

        >>> from lexgraph.workbench import example_account
        >>> rows = example_account().who_can("lex:ListBots", "*")
        >>> sorted(set(rows["outcome"]))
        ['allowed', 'conditional']
        """
        from lexgraph import tables

        rows = bulk.who_can(self.snapshot, action, resource, context=_context(context))
        return self._stated(tables.access_table(rows))

    def what_can(
        self,
        principal: str,
        actions: str | Iterable[str] = "*",
        resources: str | Iterable[str] | None = None,
        context: ContextLike = None,
        *,
        through_roles: bool = False,
    ) -> pd.DataFrame:
        """Return what a principal may do to the account's known resources (schema ``access``).

        Without `resources` its users, roles, groups and own policies are among them: which roles it may assume stands
        here, too. An action that takes no resource is one row, on ``*``. With `through_roles` there are the rows of the
        roles that it may become, too: the column principal says as whom. Of another account's role only that it can be
        reached is known, and a conditional row says so.

        >>> from lexgraph.workbench import example_account
        >>> example_account().what_can("user/maria", "lex:ListBots")[["resource", "outcome"]].values.tolist()
        [['*', 'allowed']]
        """
        from lexgraph import tables

        known = _context(context)
        if through_roles:
            from lexgraph.access.chaining import what_can_through_roles as what_can
        else:
            what_can = bulk.what_can
        rows = what_can(self.snapshot, principal, actions=actions, resources=resources, context=known)
        return self._stated(tables.access_table(rows))

    def access(
        self,
        principals: str | Iterable[str] | None = None,
        actions: str | Iterable[str] = "lex:*",
        resources: str | Iterable[str] | None = None,
        context: ContextLike = None,
    ) -> pd.DataFrame:
        """Return a row for every combination that is asked about, denies included (schema ``access``).

        Without `actions` these are the actions of Lex, ``lex:*``; without `principals` and `resources`, all that the
        account knows, but for its own users, roles, groups and policies, which are asked about where they are named:
        see :meth:`what_can` and :attr:`assumable_roles`. An action that takes no resource is one row, on ``*``.

        >>> from lexgraph.workbench import example_account
        >>> example_account().access("user/ines", "lex:ListBots")[["resource", "outcome"]].values.tolist()
        [['*', 'implicitDeny']]
        """
        from lexgraph.access import compressed

        found = compressed.access(self.snapshot, principals, actions, resources, context=_context(context))
        return self.table_of(found)

    def table_of(self, found: Access) -> pd.DataFrame:
        """Return what :mod:`lexgraph.access.compressed` found out about the account (schema ``access``)."""
        from lexgraph import tables

        return self._stated(tables.access_table(found))

    def graph(
        self,
        principals: str | Iterable[str] | None = None,
        actions: str | Iterable[str] = "lex:*",
        resources: str | Iterable[str] | None = None,
        context: ContextLike = None,
    ) -> nx.DiGraph[Any]:
        """Return the access graph of the principals: a path principal → action on a resource → resource is a
        permission.

        Without `actions` these are the actions of Lex, ``lex:*``. An action that takes no resource is one
        permission, on ``*``.
        """
        from lexgraph.graph import access_graph

        rows = bulk.access_rows(self.snapshot, principals, actions, resources, context=_context(context))
        return access_graph(rows)

    def policy_graph(self) -> nx.DiGraph[Any]:
        """Return how access comes about: principal → group → policy → statement → patterns."""
        from lexgraph.graph import policy_graph

        return policy_graph(self.snapshot)

    @property
    def escalation(self) -> pd.DataFrame:
        """A row per way in which a principal can take over another, or decide what it may do (schema
        ``escalation``).
        """
        from lexgraph import tables
        from lexgraph.access.escalation.edges import escalation_edges

        table = tables.escalation_table
        found: pd.DataFrame = self._kept("escalation", lambda: table(escalation_edges(self.snapshot)))
        return found

    def escalation_graph(self) -> nx.DiGraph[Any]:
        """Return who can take over whom: principal → principal, each edge with its reasons and their requests."""
        from lexgraph.graph import escalation_graph

        return escalation_graph(self.snapshot)


def _context(values: Any) -> Context:
    if values is None or isinstance(values, Context):
        return values or Context()
    if not isinstance(values, Mapping):
        message = f"a context says the values of condition keys, {{key: value}}; this is {shown(type(values).__name__)}"
        raise RequestError(message, code="INVALID_CONTEXT", pointer="/context")
    return Context(values)
