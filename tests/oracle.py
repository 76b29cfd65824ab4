"""An independent oracle for containment: two identity policies as a formula of z3, "does only the first allow?".

It works on raw JSON and takes nothing from the package but the facts of a catalogue, which are handed in. Known actions
are sorted into classes that no pattern tells apart; for each, and for a name that no catalogue has, z3 looks for a
resource and a context. What it cannot express raises Unsupported, and what takes too long raises TimedOut: such pairs
are not counted. :mod:`tests.against_z3` holds the two against each other.
"""

from __future__ import annotations

import base64
import ipaddress
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fractions import Fraction
from functools import cache
from time import monotonic
from typing import Any

import z3

Json = Any
VARIABLE = re.compile(r"\$\{([^}]*)\}")
TEXT = ("String", "Arn")
CHANGES = ("create", "update", "delete", "put", "attach", "detach", "set", "tag", "untag")
ALWAYS = ("sts:getcalleridentity", "sts:getsessiontoken")
STRINGS = z3.ReSort(z3.StringSort())
ANY, ALL = z3.AllChar(STRINGS), z3.Full(STRINGS)
NOT_COLON = z3.Intersect(ANY, z3.Complement(z3.Re(":")))


class Unsupported(Exception):
    """The oracle has no words for something in the policies."""


class TimedOut(Exception):
    """z3 did not decide in time."""


@dataclass(frozen=True, eq=False)
class Facts:
    """What only a catalogue knows: its actions in lower case, those without resources, and which keys go with which."""

    actions: tuple[str, ...]
    wildcard_only: frozenset[str]
    fits: Callable[[str, str], bool | None]
    several: Callable[[str], bool]


def listed(value: Json) -> list[Json]:
    return value if isinstance(value, list) else [value]


def tests_of(statement: Json) -> Iterator[tuple[str, str, list[str]]]:
    """Operator, lower-cased key, and values as text."""
    for operator, block in (statement.get("Condition") or {}).items():
        for key, values in block.items():
            yield (
                operator,
                key.lower(),
                [("true" if v else "false") if isinstance(v, bool) else str(v) for v in listed(values)],
            )


def read_operator(text: str) -> tuple[str, str, bool, bool]:
    """Qualifier, lower-cased base without its negation, whether negated, whether IfExists."""
    qualifier, _, base = text.lower().rpartition(":")
    if_exists = base.endswith("ifexists")
    base = base.removesuffix("ifexists")
    negated = "not" in base
    return qualifier, base.replace("not", "", 1), negated, if_exists


FAMILIES = ("string", "arn", "numeric", "date", "bool", "binary", "ip", "null")


def family(base: str) -> str:
    found = next(name for name in FAMILIES if base.startswith(name))
    return "string" if found == "arn" else found


# Texts as regular expressions of z3 ---


def glob(pattern: str, any_char: Any = ANY) -> Any:
    """A pattern's language; a star takes `any_char`."""
    pieces = [z3.Star(any_char) if c == "*" else any_char if c == "?" else z3.Re(c) for c in pattern]
    return z3.Re("") if not pieces else pieces[0] if len(pieces) == 1 else z3.Concat(*pieces)


def any_case(text: str) -> Any:
    pieces = [z3.Union(z3.Re(c.lower()), z3.Re(c.upper())) if c.lower() != c.upper() else z3.Re(c) for c in text]
    return z3.Re("") if not pieces else pieces[0] if len(pieces) == 1 else z3.Concat(*pieces)


def arn_language(pattern: str) -> Any:
    parts = ["*"] * 6 if pattern == "*" else pattern.split(":", 5)
    if len(parts) != 6 or not re.fullmatch(as_regex(parts[0]), "arn"):
        return None
    pieces = [z3.Re("arn:")]
    for part in parts[1:5]:
        pieces += [glob(part, NOT_COLON), z3.Re(":")]
    return z3.Concat(*pieces, glob(parts[5]))


def as_regex(pattern: str) -> str:
    return "".join(".*" if c == "*" else "." if c == "?" else re.escape(c) for c in pattern)


def filled(text: str, values: Callable[[str], Slot]) -> tuple[list[Any], Any]:
    """A text with variables as pieces, texts (with live wildcards) and terms of z3; and whether all are resolved."""
    pieces: list[Any] = []
    resolved, at = z3.BoolVal(True), 0
    for match in VARIABLE.finditer(text):
        pieces.append(text[at : match.start()])
        at = match.end()
        inside = match.group(1)
        if inside in ("*", "?", "$"):
            pieces.append(z3.StringVal(inside))
            continue
        name, _, default = inside.partition(",")
        slot = values(name.strip().lower())
        single = slot.is_single()
        if default:
            pieces.append(z3.If(single, slot.text(), z3.StringVal(default.strip()[1:-1])))
        else:
            resolved = z3.And(resolved, single)
            pieces.append(slot.text())
    pieces.append(text[at:])
    return [piece for piece in pieces if not (isinstance(piece, str) and piece == "")], resolved


def text_matches(asked: Any, text: str, values: Callable[[str], Slot] | None, *, wild: bool) -> Any:
    """Whether `asked` is, or matches, a text that may hold variables."""
    if values is None or not VARIABLE.search(text):
        if wild and ("*" in text or "?" in text):
            return z3.InRe(asked, glob(text))
        return asked == z3.StringVal(text)
    pieces, resolved = filled(text, values)
    head = tail = False
    if wild and pieces and isinstance(pieces[0], str) and pieces[0].startswith("*"):
        head, pieces[0] = True, pieces[0].lstrip("*")
    if wild and pieces and isinstance(pieces[-1], str) and pieces[-1].endswith("*"):
        tail, pieces[-1] = True, pieces[-1].rstrip("*")
    if wild and any(isinstance(piece, str) and ("*" in piece or "?" in piece) for piece in pieces):
        raise Unsupported("wildcards between variables")
    terms = [z3.StringVal(piece) if isinstance(piece, str) else piece for piece in pieces]
    whole = z3.StringVal("") if not terms else terms[0] if len(terms) == 1 else z3.Concat(*terms)
    how = {(False, False): lambda: asked == whole, (False, True): lambda: z3.PrefixOf(whole, asked)}
    how |= {(True, False): lambda: z3.SuffixOf(whole, asked), (True, True): lambda: z3.Contains(asked, whole)}
    return z3.And(resolved, how[head, tail]())


# The values of a key ---


def number(text: str) -> Fraction | None:
    return Fraction(text) if re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,4})?", text) else None


def moment(text: str) -> Fraction | None:
    if (plain := number(text)) is not None:
        return plain
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return None
    read = read if read.tzinfo else read.replace(tzinfo=UTC)
    return Fraction(int(read.timestamp())) + Fraction(read.microsecond, 10**6)


def decoded(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return None


@dataclass
class Slot:
    """A key in the request: up to `size` values of one sort; `blank` where it holds a single empty text."""

    key: str
    sort: str
    size: int
    count: Any = None
    values: list[Any] = field(default_factory=list)
    kinds: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        make = {"string": z3.String, "numeric": z3.Real, "date": z3.Real}.get(self.sort, z3.Int)
        self.count = z3.Int(f"count {self.key}")
        self.values = [make(f"{self.key} #{i}") for i in range(self.size)]
        # For sorts other than texts: 0 is not readable, -1 is the empty text, 1 is read; 4 and 6 are addresses.
        self.kinds = [z3.Int(f"kind {self.key} #{i}") for i in range(self.size)]

    def facts(self) -> Iterator[Any]:
        yield z3.And(self.count >= 0, self.count <= self.size)
        for value, kind in zip(self.values, self.kinds, strict=True):
            if self.sort == "ip":
                yield z3.Or(kind == 0, kind == -1, kind == 4, kind == 6)
                yield z3.And(value >= 0, value < z3.If(kind == 4, z3.IntVal(2**32), z3.IntVal(2**128)))
            elif self.sort != "string":
                yield z3.Or(kind == 0, kind == -1, kind == 1)
            if self.sort == "bool":
                yield z3.Or(value == 0, value == 1)

    def blank(self) -> Any:
        first = self.values[0] == z3.StringVal("") if self.sort == "string" else self.kinds[0] == -1
        return z3.And(self.count == 1, first)

    def is_single(self) -> Any:
        return self.count == 1

    def text(self) -> Any:
        if self.sort != "string":
            raise Unsupported("a variable whose key is no text")
        return self.values[0]


class Encoder:
    """Two policies about one action, as a formula."""

    def __init__(self, documents: Sequence[Json], facts: Facts) -> None:
        self.catalogue = facts
        self.documents = [(listed(d["Statement"]), d.get("Version") == "2012-10-17") for d in documents]
        self.slots: dict[str, Slot] = {}
        self.parts = [z3.String(f"part {i}") for i in range(1, 6)]
        for key, (sort, sets) in self.sorts().items():
            size = sets + 1 if sets else 2 if facts.several(key) else 1
            self.slots[key] = Slot(key, sort, min(size, 4))

    def sorts(self) -> dict[str, tuple[str, int]]:
        """The sort of every key, and how many set tests look at it."""
        found: dict[str, set[str]] = {}
        sets: dict[str, set[Any]] = {}
        for statements, modern in self.documents:
            for statement in statements:
                for operator, key, values in tests_of(statement):
                    qualifier, base, _, _ = read_operator(operator)
                    found.setdefault(key, set()).add(family(base))
                    if qualifier:
                        sets.setdefault(key, set()).add((operator, tuple(values)))
                    if modern and family(base) == "string":
                        self.note_variables(values, found)
                for name in ("Resource", "NotResource") if modern else ():
                    self.note_variables(listed(statement.get(name, [])), found)
        for key, kinds in found.items():
            if len(kinds - {"null"}) > 1:
                raise Unsupported(f"{key} is of several sorts")
        return {key: (next(iter(kinds - {"null"}), "string"), len(sets.get(key, ()))) for key, kinds in found.items()}

    @staticmethod
    def note_variables(texts: Sequence[str], found: dict[str, set[str]]) -> None:
        for text in texts:
            for inside in VARIABLE.findall(text):
                if inside not in ("*", "?", "$"):
                    found.setdefault(inside.partition(",")[0].strip().lower(), set()).add("string")

    # Statements ---

    def only_first(self, action: str | None, term: Any = None) -> Any:
        """Whether only the first policy allows: a known action, or whatever name `term` is."""
        allowed = [self.allowed(statements, modern, action, term) for statements, modern in self.documents]
        rest: list[Any] = [fact for slot in self.slots.values() for fact in slot.facts()]
        for part in self.parts[:4]:
            rest.append(z3.Not(z3.Contains(part, z3.StringVal(":"))))
        for part in self.parts:
            rest += [z3.Not(z3.Contains(part, z3.StringVal(c))) for c in "*?"]
        if action is not None:
            rest += [slot.count == 0 for key, slot in self.slots.items() if self.catalogue.fits(key, action) is False]
            rest.append(z3.Not(self.untouchable(action)))
        return z3.And(allowed[0], z3.Not(allowed[1]), *rest)

    def untouchable(self, action: str) -> Any:
        service, _, name = action.partition(":")
        if service not in ("iam", "kms") or not name.startswith(CHANGES):
            return z3.BoolVal(False)
        account, last = self.parts[3:]
        if service == "kms":
            return z3.PrefixOf(z3.StringVal("alias/aws/"), last)
        managed = z3.And(account == z3.StringVal("aws"), z3.PrefixOf(z3.StringVal("policy/"), last))
        return z3.Or(managed, z3.PrefixOf(z3.StringVal("role/aws-reserved/"), last))

    def allowed(self, statements: Sequence[Json], modern: bool, action: str | None, term: Any) -> Any:
        sides: dict[str, list[Any]] = {"Allow": [], "Deny": []}
        for statement in statements:
            named = self.names_action(statement, action, term)
            if named is not False:
                rest = [self.resource(statement, modern, action), *self.conditions(statement, modern)]
                sides[statement["Effect"]].append(z3.And(named, *rest))
        return z3.And(z3.Or(*sides["Allow"]), z3.Not(z3.Or(*sides["Deny"])))

    def names_action(self, statement: Json, action: str | None, term: Any) -> Any:
        negated = "NotAction" in statement
        patterns = [lower(p) for p in listed(statement["NotAction" if negated else "Action"])]
        if action is not None:
            return matches_action(patterns, action) is not negated
        found = z3.Or(*(z3.InRe(term, ALL) if p.strip("*") == "" else self.action_like(p, term) for p in patterns))
        return z3.Not(found) if negated else found

    @staticmethod
    def action_like(pattern: str, term: Any) -> Any:
        return z3.InRe(term, glob(pattern, NOT_COLON)) if "*" in pattern or "?" in pattern else term == pattern

    def resource(self, statement: Json, modern: bool, action: str | None) -> Any:
        negated = "NotResource" in statement
        patterns = listed(statement["NotResource" if negated else "Resource"])
        if action in self.catalogue.wildcard_only:
            every = ("arn:aws:s3:::*",) if str(action).startswith("s3:") else ()
            wide = any(p.strip("*") == "" or any(arn_covers(p, one) for one in every) for p in patterns)
            return z3.BoolVal(wide is not negated)
        found = z3.Or(*(self.arn(pattern, modern) for pattern in patterns))
        return z3.Not(found) if negated else found

    def arn(self, pattern: str, modern: bool) -> Any:
        if pattern.strip("*") == "":
            return z3.BoolVal(True)
        masked = VARIABLE.sub(lambda m: m.group().replace(":", "\0"), pattern) if modern else pattern
        parts = [part.replace("\0", ":") for part in masked.split(":", 5)]
        parts += ["*"] * (6 - len(parts))
        if not re.fullmatch(as_regex(parts[0]), "arn"):
            return z3.BoolVal(False)
        values = self.slot if modern else None
        pairs = zip(self.parts, parts[1:], strict=True)
        return z3.And(
            *(text_matches(asked, part, values, wild=True) for asked, part in pairs if part.strip("*") or not part)
        )

    def slot(self, key: str) -> Slot:
        return self.slots[key]

    # Conditions ---

    def conditions(self, statement: Json, modern: bool) -> list[Any]:
        return [self.condition(*test, modern=modern) for test in tests_of(statement)]

    def condition(self, operator: str, key: str, wanted: list[str], *, modern: bool) -> Any:
        qualifier, base, negated, if_exists = read_operator(operator)
        slot = self.slots[key]
        if base == "null":
            gone = z3.Or(slot.count == 0, slot.blank())
            choices = {"true": gone, "false": z3.Not(gone)}
            answer = z3.Or(*(choices[w] for w in {w.lower() for w in wanted} & {"true", "false"}))
            if qualifier:
                return z3.If(gone, z3.BoolVal(qualifier == "forallvalues"), answer)
            return answer
        each = [self.compare(slot, i, base, wanted, modern) for i in range(slot.size)]
        each = [z3.Not(one) if negated else one for one in each]
        if not qualifier:
            return z3.If(slot.count == 0, z3.BoolVal(if_exists or negated), z3.And(slot.count == 1, each[0]))
        inside = [slot.count > i for i in range(slot.size)]
        if qualifier == "forallvalues":
            every = z3.And(*(z3.Implies(there, one) for there, one in zip(inside, each, strict=True)))
            return z3.Or(slot.count == 0, slot.blank(), every)
        some = z3.And(z3.Not(slot.blank()), z3.Or(*(z3.And(t, o) for t, o in zip(inside, each, strict=True))))
        return z3.If(slot.count == 0, z3.BoolVal(if_exists), some)

    def compare(self, slot: Slot, i: int, base: str, wanted: list[str], modern: bool) -> Any:
        return z3.Or(*(self.compare_one(slot, i, base, text, modern) for text in wanted))

    def compare_one(self, slot: Slot, i: int, base: str, text: str, modern: bool) -> Any:
        value, kind = slot.values[i], slot.kinds[i]
        if base.startswith(("string", "arn")):
            return self.compare_text(value, base, text, self.slot if modern else None)
        if base.startswith("ip"):
            return self.in_network(value, kind, text)
        if base == "bool":
            known = text.lower() in ("true", "false")
            return z3.And(kind == 1, value == int(text.lower() == "true")) if known else z3.BoolVal(False)
        if base.startswith("binary"):
            data = decoded(text)
            if data is None:
                return z3.BoolVal(False)
            return z3.And(kind == 1, value == int.from_bytes(b"\x01" + data))
        limit = (number if base.startswith("numeric") else moment)(text)
        if limit is None:
            return z3.BoolVal(False)
        other = z3.RealVal(f"{limit.numerator}/{limit.denominator}")
        how = base.removeprefix("numeric").removeprefix("date")
        answers = {"equals": value == other, "lessthan": value < other, "lessthanequals": value <= other}
        answers |= {"greaterthan": value > other, "greaterthanequals": value >= other}
        return z3.And(kind == 1, answers[how])

    @staticmethod
    def compare_text(value: Any, base: str, text: str, values: Callable[[str], Slot] | None) -> Any:
        if values is not None and VARIABLE.search(text):
            if base in ("stringequals", "stringlike"):
                return text_matches(value, text, values, wild=base == "stringlike")
            raise Unsupported("variables in ARNs, or without regard to case")
        if base == "stringequalsignorecase":
            return z3.InRe(value, any_case(text))
        if base.startswith("arn"):
            language = arn_language(text)
            return z3.BoolVal(False) if language is None else z3.InRe(value, language)
        return text_matches(value, text, None, wild=base == "stringlike")

    @staticmethod
    def in_network(value: Any, kind: Any, text: str) -> Any:
        try:
            network = ipaddress.ip_network(text, strict=False)
        except ValueError:
            return z3.BoolVal(False)
        first, last = int(network.network_address), int(network.broadcast_address)
        return z3.And(kind == network.version, value >= first, value <= last)


def lower(text: str) -> str:
    return "".join(chr(ord(c) + 32) if "A" <= c <= "Z" else c for c in text)


def matches_action(patterns: Sequence[str], action: str) -> bool:
    return any(re.fullmatch(as_regex(pattern), action, re.S) for pattern in patterns)


def arn_covers(pattern: str, wide: str) -> bool:
    """Whether a pattern matches all of ``arn:aws:s3:::*``."""
    parts = pattern.split(":", 5)
    parts += ["*"] * (6 - len(parts))
    asked = [part.replace("*", "\ue000") for part in wide.split(":", 5)]
    return all(re.fullmatch(as_regex(p), a) for p, a in zip(parts, asked, strict=True))


# The question ---


def action_classes(first: Json, second: Json, keys: Sequence[str], facts: Facts) -> Iterator[str]:
    """One known action for every way in which the policies' patterns, and AWS's keys, tell actions apart."""
    patterns = dict.fromkeys(
        lower(p)
        for document in (first, second)
        for statement in listed(document["Statement"])
        for p in listed(statement.get("Action", statement.get("NotAction")))
    )
    text = "\n".join(facts.actions)
    found = [
        {m.group() for m in re.finditer(f"^{as_regex(p)}$", text, re.M)} if p.strip("*") else None for p in patterns
    ]
    named = set().union(*(one for one in found if one is not None))
    withheld = [not_sent(key, facts) for key in keys]
    seen: set[Any] = set()
    for action in facts.actions:
        signs = tuple(one is None or action in one for one in found) if action in named else None
        sign = (signs, action in facts.wildcard_only, tuple(action in some for some in withheld))
        service = action.partition(":")[0]
        special = action in ALWAYS or (service in ("iam", "kms") and action.partition(":")[2].startswith(CHANGES))
        if (sign, special and service) not in seen:
            seen.add((sign, special and service))
            yield action


@cache
def not_sent(key: str, facts: Facts) -> frozenset[str]:
    """The actions for which AWS does not send a key."""
    return frozenset(action for action in facts.actions if facts.fits(key, action) is False)


def only_first_allows(first: Json, second: Json, facts: Facts, *, seconds: float = 5.0) -> str | None:
    """Return an action for which only the first policy allows something, or None where there is none."""
    encoder = Encoder((first, second), facts)
    until = monotonic() + seconds
    for action in action_classes(first, second, tuple(encoder.slots), facts):
        if action not in ALWAYS and solve(encoder.only_first(action), until) is not None:
            return action
    term = z3.String("action")
    shape = z3.InRe(term, z3.Concat(z3.Plus(NOT_COLON), z3.Re(":"), z3.Plus(NOT_COLON)))
    wanted = z3.And(shape, encoder.only_first(None, term))
    # The classes have answered for what is known; an unknown name is told by a character that no AWS name has.
    wanted = z3.And(wanted, z3.Not(z3.Contains(term, z3.StringVal("*"))), z3.Not(z3.Contains(term, z3.StringVal("?"))))
    known = frozenset(facts.actions)
    while (model := solve(wanted, until)) is not None:
        name = model.eval(term, model_completion=True).as_string()
        if lower(name) not in known and lower(name) == name:
            return str(name)
        wanted = z3.And(wanted, term != z3.StringVal(name))
    return None


def solve(wanted: Any, until: float) -> Any:
    """Return a model, or None where there is none."""
    left = until - monotonic()
    if left <= 0:
        raise TimedOut
    wanted = z3.simplify(wanted)
    if z3.is_false(wanted):
        return None
    solver = z3.Solver()
    solver.set("timeout", max(1, int(left * 1000)))
    solver.add(wanted)
    answer = solver.check()
    if answer == z3.unknown:
        raise TimedOut
    return solver.model() if answer == z3.sat else None
