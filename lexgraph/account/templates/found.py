"""What was found in a template: policies, who holds them, and what was passed over and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from lexgraph.account.templates.filling import Filled, widened
from lexgraph.account.templates.gaps import Gap, Mixed, Node, alternatives, gaps_in, node_of, text_of
from lexgraph.account.templates.load import Format, Template
from lexgraph.errors import DocumentError, PolicyError
from lexgraph.policy.grammar import MAX_CHARACTERS
from lexgraph.policy.jsontext import escape_pointer, load_json, refuse_non_json
from lexgraph.policy.model import Kind, Policy
from lexgraph.policy.reader import PolicyReader

Json = Any
_MOST_LOOKED_AT = 100_000


@dataclass(frozen=True, slots=True)
class Unresolved:
    """A value of a policy that the template does not tell: its place in the template, how it reads with its gaps in
    angle brackets, and why it is open.
    """

    place: str
    text: str
    why: str


@dataclass(frozen=True, slots=True)
class TemplatePolicy:
    """A policy of a template.

    `owner` is the resource (logical id or address), `type` its type, `place` the JSON pointer of the document. Where
    something is `unresolved`, the statements concerned are marked unknown: they hold ``*`` where a value is open (a
    ``Not`` element leaves it out, a condition on it is left out), which is the most that they can match, and answers
    that depend on them are unknown.
    """

    policy: Policy
    place: str
    owner: str
    type: str
    unresolved: tuple[Unresolved, ...] = ()


@dataclass(frozen=True, slots=True)
class TemplateAttachment:
    """Who holds which policy: `principal` and `policy` are names within the template, names, or ARNs; `how` is
    attached, inline or boundary.
    """

    place: str
    principal: str
    policy: str
    how: str


@dataclass(frozen=True, slots=True)
class TemplateSkipped:
    """What was passed over: its place (JSON pointer), its name, and why. Of a policy that is attached, the name is that
    of the resource that attaches it.
    """

    place: str
    what: str
    reason: str


@dataclass(frozen=True, slots=True)
class TemplatePolicies:
    """What a template says about IAM.

    `skipped` names every resource that could hold a policy and from which one could not be read, and every policy that
    is attached by ARN or name and does not stand in the template; `others` counts the resources of types that have
    nothing to do with policies. `parameters` are the names of the template's parameters, `assumptions` what was taken
    for granted, as sentences.
    """

    source: str
    format: Format
    policies: tuple[TemplatePolicy, ...] = ()
    attachments: tuple[TemplateAttachment, ...] = ()
    skipped: tuple[TemplateSkipped, ...] = ()
    others: tuple[tuple[str, int], ...] = ()
    parameters: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """A policy document as it stands in a template, before it is read; `doubts` are reasons why the whole may not be
    there. The node holds a text where the template has the document as JSON text. `aws` marks a document that AWS
    wrote, in which only values are the template's.
    """

    name: str
    kind: Kind
    node: Node
    owner: str
    type: str
    doubts: tuple[str, ...] = ()
    aws: bool = False

    @property
    def text(self) -> str | None:
        """The JSON text that the document is, None where it is an object."""
        return self.node.value if isinstance(self.node.value, str) else None

    def place(self, pointer: str, node: Node | None = None) -> str:
        """Return the place in the template of what a document's pointer points to, in a tree that was made of it."""
        return f"{self.node.place}{pointer}" if self.text is not None else place_in(node or self.node, pointer)


@dataclass(slots=True)
class Collector:
    """Fills while a template is read."""

    template: Template
    documents: list[Document] = field(default_factory=list)
    attachments: dict[TemplateAttachment, None] = field(default_factory=dict)
    skipped: dict[TemplateSkipped, None] = field(default_factory=dict)
    others: Counter[str] = field(default_factory=Counter)
    names: set[str] = field(default_factory=set)
    parameters: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()

    def skip(self, place: str, what: str, reason: str) -> None:
        """Note what is passed over."""
        self.skipped[TemplateSkipped(place, what, reason)] = None

    def attach(self, place: str, principal: str, policy: str, how: str) -> None:
        """Note who holds what."""
        self.attachments[TemplateAttachment(place, principal, policy, how)] = None

    def other(self, kind: str, name: str, value: Json, place: str) -> None:
        """Count a resource that has nothing to do with policies; one that seems to hold or to name one all the same is
        told.
        """
        self.others[kind] += 1
        if (found := policy_within(value)) is not None:
            at, does = found
            self.skip(f"{place}{at}", name, f"policies of {kind} are not read, and it seems to {does} one")

    def document(
        self,
        node: Node,
        name: str,
        kind: Kind | None,
        owner: str,
        of_type: str,
        doubts: tuple[str, ...] = (),
        *,
        aws: bool = False,
    ) -> None:
        """Take a document, an object or JSON text. Where `kind` is None, its elements tell it."""
        if isinstance(node.value, Gap) and node.value.branches:
            for branch, why in alternatives(node, doubts):
                self.document(branch, name, kind, owner, of_type, why, aws=aws)
            return
        if isinstance(node.value, Gap | Mixed):
            gap = node.value if isinstance(node.value, Gap) else node.value.gap
            self.skip(node.place, name, f"the document is not known: {gap.why}")
            return
        while name in self.names:
            name = f"{name} ({node.place})"
        self.names.add(name)
        self.documents.append(Document(name, kind or kind_of(node), node, owner, of_type, doubts, aws))

    def told(self, error: DocumentError, pointer: str) -> str:
        """Return what is wrong, with line and column in the template."""
        line, column = self.template.place(pointer)
        return str(error.into(PolicyError, pointer="", line=line, column=column, source=None, others=()))

    def done(self) -> TemplatePolicies:
        """Return everything that was found, with the documents read."""
        policies = tuple(read for one in self.documents if (read := self.read(one)) is not None)
        return TemplatePolicies(
            source=self.template.source,
            format=self.template.format,
            policies=policies,
            attachments=tuple(self.attachments),
            skipped=tuple(self.skipped),
            others=tuple(sorted(self.others.items())),
            parameters=self.parameters,
            assumptions=self.assumptions,
        )

    def read(self, document: Document) -> TemplatePolicy | None:
        """Return the policy that a document says; None, and a note, where AWS would refuse it."""
        filled = Filled(document.node) if document.text is not None else widened(document.node)
        if filled.refused is not None:
            self.skip(filled.refused[0], document.name, filled.refused[1])
            return None
        policy, problems = self.parsed(document, filled)
        for problem in problems[: 1 if policy is None else None]:
            pointer = document.place(problem.pointer, filled.node)
            reason = self.told(problem, pointer)
            self.skip(pointer, document.name, reason if policy is None else f"a statement is unknown: {reason}")
        if policy is None:
            return None
        open_values = tuple(
            Unresolved(node.place, gap.text if node.value is gap else node.value.text, gap.why)
            for node, gap in gaps_in(document.node)
        )
        marked = _marked(policy, filled.unknown, document.doubts)
        return TemplatePolicy(marked, document.node.place, document.owner, document.type, open_values)

    def parsed(self, document: Document, filled: Filled) -> tuple[Policy | None, Sequence[DocumentError]]:
        """Return the policy, as far as it can be read, and what is wrong with it."""
        reader = PolicyReader(document.kind, self.template.source, lenient=True)
        if document.text is None:
            return reader.policy(filled.document, document.name, None), reader.problems
        try:
            value = _loaded(document.text)
        except DocumentError as error:
            return None, [error]
        policy = reader.policy(value, document.name, None)
        before = len(reader.problems)
        reader.refuse_characters(document.text)
        return (policy if len(reader.problems) == before else None), reader.problems


def _loaded(text: str) -> Json:
    if len(text) > MAX_CHARACTERS:
        message = f"{len(text):,} characters are more than AWS takes for a policy ({MAX_CHARACTERS:,})"
        raise DocumentError(message, code="TOO_LARGE")
    value = load_json(text)
    refuse_non_json(value)  # it knows a limit of nesting
    return value


def _marked(policy: Policy, unknown: dict[int, str], doubts: tuple[str, ...]) -> Policy:
    """The policy, with the statements marked of which something is not known."""
    if not unknown and not doubts:
        return policy
    whole = doubts[0] if doubts else None
    statements = tuple(
        replace(statement, unknown=statement.unknown or unknown.get(i) or whole)
        for i, statement in enumerate(policy.statements)
    )
    return replace(policy, statements=statements)


def place_in(node: Node, pointer: str) -> str:
    """Return the place in the template of what a document's pointer points to."""
    for part in pointer.split("/")[1:]:
        children = node.value
        if isinstance(children, dict):
            child = children.get(part.replace("~1", "/").replace("~0", "~"))
        elif isinstance(children, list) and part.isdigit() and int(part) < len(children):
            child = children[int(part)]
        else:
            child = None
        if child is None:
            return node.place
        node = child
    return node.place


def policy_within(value: Json) -> tuple[str, Literal["hold", "name"]] | None:
    """Return the pointer of the first object that looks like a policy document, else of the first text that holds the
    ARN of a policy; None where there is neither.

    >>> policy_within({"Access": [{"Statement": [{"Effect": "Allow"}]}]})
    ('/Access/0', 'hold')
    >>> policy_within({"Attach": "arn:aws:iam::aws:policy/AmazonLexReadOnly"})
    ('/Attach', 'name')
    """
    named: str | None = None
    waiting: list[tuple[str, Json]] = [("", value)]
    for _ in range(_MOST_LOOKED_AT):
        if not waiting:
            break
        pointer, item = waiting.pop()
        if isinstance(item, Mapping):
            statements = item.get("Statement")
            first = statements[0] if isinstance(statements, list) and statements else statements
            if isinstance(first, Mapping) and "Effect" in first:
                return pointer, "hold"
            waiting += [(pointer + pointer_to(key), inner) for key, inner in item.items()]
        elif isinstance(item, list):
            waiting += [(f"{pointer}/{i}", inner) for i, inner in enumerate(item)]
        elif isinstance(item, str):
            if '"Statement"' in item and '"Effect"' in item:
                return pointer, "hold"
            if ":iam::" in item and ":policy/" in item:
                named = pointer
    return None if named is None else (named, "name")


def kind_of(value: Node) -> Kind:
    """Return the kind of a document that does not say it: without Principal it is an identity policy, with Principal
    and without Resource a trust policy.
    """
    if isinstance(value.value, str):
        try:
            value = node_of(_loaded(value.value), "")
        except DocumentError:
            return "identity"
    found = value.get("Statement")
    statements = [one for one in (found.items if found else ()) if isinstance(one.value, dict)]
    if not any("Principal" in one.value or "NotPrincipal" in one.value for one in statements):
        return "identity"
    return "resource" if any("Resource" in one.value or "NotResource" in one.value for one in statements) else "trust"


def label_of(node: Node) -> str:
    """Return what an attachment calls a principal or a policy: a resource of the template by its logical id."""
    value = node.value
    if isinstance(value, Gap | Mixed):
        gap = value if isinstance(value, Gap) else value.gap
        return gap.target or value.text
    text = text_of(value)
    return text if isinstance(text, str) else "…"


def pointer_to(*parts: str | int) -> str:
    """Return the JSON pointer of a path.

    >>> pointer_to("Resources", "a/b", 0)
    '/Resources/a~1b/0'
    """
    return "".join(f"/{escape_pointer(str(part))}" for part in parts)
