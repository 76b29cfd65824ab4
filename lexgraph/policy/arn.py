"""ARNs, and patterns of ARNs matched part by part (rules R1 to R4, V3).

An ARN has six parts: ``arn:partition:service:region:account:resource``. A pattern's first five parts each match
within their own part; in the sixth ``*`` crosses ``/`` and ``:``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lexgraph.policy.patterns import compile_glob, is_pattern

PARTS = 6
Parts = Sequence[str]
ArnMatcher = Callable[[Parts], bool]

# A wildcard character that is meant literally (``${*}``, or the value of a variable, rule V3) becomes one of two
# noncharacters in the pattern and in the text alike, so that it can only match itself.
_LITERAL = {ord("*"): "\ufdd0", ord("?"): "\ufdd1"}


def literal(text: str) -> str:
    """Return `text` with its ``*`` and ``?`` made ordinary characters, for a pattern and for the text it is held
    against.
    """
    return text.translate(_LITERAL) if is_pattern(text) else text


def unliteral(text: str) -> str:
    """Return `text` with what :func:`literal` did undone."""
    return text.replace("\ufdd0", "*").replace("\ufdd1", "?")


def readable(pattern: str) -> str:
    """Return `pattern` with the characters that :func:`literal` made put back."""
    return pattern.replace("\ufdd0", "${*}").replace("\ufdd1", "${?}")


def split_arn(text: str, *, variables: bool = False) -> tuple[str, ...]:
    """Return the up to six parts of an ARN or a pattern of one; with `variables`, a colon inside ``${…}`` does not
    count (rule R1; in a policy without them, ``${…}`` is text like any other, rule S4).

    >>> split_arn("arn:aws:lex:us-east-1:111122223333:bot:Orders:prod")[5]
    'bot:Orders:prod'
    """
    if not variables or "${" not in text:
        return tuple(text.split(":", PARTS - 1))
    parts: list[str] = []
    start = at = 0
    while len(parts) < PARTS - 1 and (colon := text.find(":", at)) >= 0:
        variable = text.find("${", at, colon)
        end = text.find("}", variable) if variable >= 0 else -1
        if end >= 0:
            at = end + 1
            continue
        parts.append(text[start:colon])
        start = at = colon + 1
        if variable >= 0:  # A "${" without an end is text, and so are all that follow.
            rest = text[start:].split(":", PARTS - 1 - len(parts))
            return (*parts, *rest)
    return (*parts, text[start:])


def is_arn(text: str) -> bool:
    """Return whether `text` has the six parts of an ARN.

    >>> is_arn("arn:aws:s3:::transcripts"), is_arn("transcripts")
    (True, False)
    """
    return text.startswith("arn:") and text.count(":") >= PARTS - 1


def account_of(arn: str) -> str | None:
    """Return the account id in an ARN, or None where it has none (S3 buckets, AWS's own policies)."""
    parts = split_arn(arn)
    account = parts[4] if len(parts) == PARTS else ""
    return account if account.isdigit() else None


def short_name(arn: str) -> str:
    """Return the friendly name: ``user/maria`` for ``arn:aws:iam::111122223333:user/support/maria``.

    >>> short_name("arn:aws:iam::111122223333:role/service/bot-runner")
    'role/bot-runner'
    """
    parts = split_arn(arn)
    if len(parts) < PARTS:
        return arn
    kind, slash, rest = parts[5].partition("/")
    if parts[2] not in ("iam", "sts") or not slash or kind in ("assumed-role", "federated-user"):
        return parts[5]
    return f"{kind}/{rest.rpartition('/')[2]}"


def pad(parts: Parts, *, kind: str) -> tuple[str, ...] | None:
    """Return the six parts of a pattern that has fewer, as policies of `kind` read it; None where it then matches
    nothing (rule R4).
    """
    if len(parts) == PARTS:
        return tuple(parts)
    whole = len(parts) == 1 and parts[0] == "*"
    strict = kind in ("resource", "endpoint", "trust") and not any(map(is_pattern, parts))
    if strict and not whole:
        return None
    return (*parts, *("*" for _ in range(PARTS - len(parts))))


def compile_arn(pattern: str, *, kind: str = "identity") -> ArnMatcher:
    """Return a test on the six parts of an ARN.

    >>> compile_arn("arn:aws:lex:*:*:bot/*")(split_arn("arn:aws:lex:eu-west-1:111122223333:bot/ABC"))
    True
    """
    parts = pad(split_arn(pattern), kind=kind)
    if parts is None:
        return lambda asked: False
    literals = tuple((i, part) for i, part in enumerate(parts) if not is_pattern(part))
    globs = tuple((i, compile_glob(part)) for i, part in enumerate(parts) if is_pattern(part) and part.strip("*"))

    def matches(asked: Parts) -> bool:
        for i, part in literals:
            if asked[i] != part:
                return False
        for i, glob in globs:  # noqa: SIM110 - a loop costs half of any() with a generator, and this is the hot path
            if not glob(asked[i]):
                return False
        return True

    return matches
