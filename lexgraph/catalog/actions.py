"""The catalogue of actions, as bitsets: bit *i* stands for the *i*-th name in alphabetical order.

Names are one sorted text, so a pattern that ends in its only star is a range found by bisection. Only the
names are read at first; access levels, and each service's facts, when something asks for them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, cached_property
from itertools import compress
from typing import TYPE_CHECKING, Any

from lexgraph.bundled import bundled_path
from lexgraph.errors import CatalogError, shown
from lexgraph.policy.patterns import ascii_lower, compile_glob

if TYPE_CHECKING:
    from .facts import ActionFacts, Service
    from .keys import KeyIndex

_LEVELS = {"P": "Permissions management", "T": "Tagging", "W": "Write", "L": "List", "R": "Read"}
# Bits 0 and 1 of an int, written as digits, to bytes that itertools.compress reads as false and true.
_DIGITS = bytes(digit == ord("1") for digit in range(256))
# Statements of an account; at the bound the memo is emptied, which costs microseconds for each that comes back.
_REMEMBERED_SETS = 16_384
_REMEMBERED_PATTERNS = 131_072
_NOTHING = (0, 0)
# Places are rounded down to this many, so that sets of neighbours meet as small ints.
_BLOCK = ~255
# Where fewer than one name in so many is meant, looking for the next costs less than passing over all.
_SPARSE = 16


class Catalog:
    """AWS's actions and what its service reference says about them; the one in use comes from `catalog`.

    Attributes: `names` (every action as ``service:Action`` in AWS's spelling, in index order) and
    `everything` (the bitset of all). Action names and patterns compare without regard to ASCII case.
    """

    def __init__(self) -> None:
        text = bundled_path("catalog", "actions.txt").read_bytes().decode("ascii")
        self.names: tuple[str, ...] = tuple(text.split("\n")[:-1])
        self._lower = text.lower().split("\n")[:-1]
        self._places = {name: place for place, name in enumerate(self._lower)}
        self.everything: int = (1 << len(self.names)) - 1
        self._ranges: dict[str, tuple[int, int]] = {}
        self._patterns: dict[str, tuple[int, int]] = {}
        self._sets: dict[tuple[str, ...], int] = {}
        self._levels: dict[str, int] = {}
        self._services: dict[str, tuple[Service, dict[str, ActionFacts]]] = {}
        self._action_keys: dict[str, frozenset[str]] = {}

    # What it is

    @property
    def date(self) -> str:
        """The day of AWS's service reference that it was built from, such as ``2026-10-27``."""
        return str(self._meta["date"])

    @property
    def source(self) -> str:
        """The package and version that it was built from."""
        return str(self._meta["source"])

    @property
    def rcp_services(self) -> frozenset[str]:
        """The prefixes of the services whose actions resource control policies apply to."""
        return frozenset(self._meta["rcpSupportedServices"])

    @property
    def service_prefixes(self) -> tuple[str, ...]:
        """The prefixes of all services, sorted."""
        return tuple(self._service_places)

    # Bitsets

    def index_of(self, action: str) -> int | None:
        """Return the place of `action` in `names`, or None for an action that the catalogue does not know."""
        return self._places.get(ascii_lower(action))

    def indexes_of(self, actions: Sequence[str]) -> list[int | None]:
        """Return the same for many actions."""
        lowered = ascii_lower("\n".join(actions)).split("\n") if actions else []
        one_by_one = len(lowered) != len(actions)  # some go over several lines
        return list(map(self.index_of, actions)) if one_by_one else list(map(self._places.get, lowered))

    def bits(self, pattern: str) -> int:
        """Return the set of actions that `pattern` matches.

        It is empty for a pattern that AWS would refuse, such as ``*:Get*``.

        >>> catalog().names_in(catalog().bits("LEX:post*"))
        ('lex:PostContent', 'lex:PostText')
        """
        shift, small = self._find(pattern)
        return small << shift

    def bits_of(self, patterns: Iterable[str], negated: bool = False) -> int:
        """Return the set that some of `patterns` match; when `negated`, the rest."""
        key = patterns if type(patterns) is tuple else tuple(patterns)
        found = self._sets.get(key)
        if found is None:
            found = self._union(key)
            if len(self._sets) >= _REMEMBERED_SETS:
                self._sets.clear()
            self._sets[key] = found
        return self.everything ^ found if negated else found

    def names_in(self, bits: int) -> tuple[str, ...]:
        """Return the names of the actions in a set, in order."""
        if not bits:
            return ()
        first = (bits & -bits).bit_length() - 1
        digits = f"{bits >> first:b}"[::-1]
        if bits.bit_count() * _SPARSE > len(digits):
            return tuple(compress(self.names[first : first + len(digits)], digits.encode("ascii").translate(_DIGITS)))
        return tuple(self._sparse_names(digits, first))

    def _sparse_names(self, digits: str, first: int) -> Iterator[str]:
        at = digits.find("1")
        while at >= 0:
            yield self.names[first + at]
            at = digits.find("1", at + 1)

    def count(self, bits: int) -> int:
        """Return how many actions are in a set."""
        return bits.bit_count()

    def expand(self, pattern: str) -> tuple[str, ...]:
        """Return the names of the actions that `pattern` matches, in order."""
        return self.names_in(self.bits(pattern))

    def _union(self, patterns: tuple[str, ...]) -> int:
        # Neighbours are joined as small ints, and only their union is shifted to its place among all actions.
        parts: dict[int, int] = {}
        known = self._patterns
        for pattern in patterns:
            shift, small = known.get(pattern) or self._find(pattern)
            if small:
                parts[shift] = parts.get(shift, 0) | small
        result = 0
        for shift, small in parts.items():
            result |= small << shift
        return result

    def _find(self, pattern: str) -> tuple[int, int]:
        """The set of a pattern as a place at or before its first action, and the bits from there."""
        found = self._patterns.get(pattern)
        if found is None:
            found = self._match(ascii_lower(pattern))
            if len(self._patterns) >= _REMEMBERED_PATTERNS:
                self._patterns.clear()
            self._patterns[pattern] = found
        return found

    def _match(self, pattern: str) -> tuple[int, int]:
        found = self._places.get(pattern)
        if found is not None:
            block = found & _BLOCK
            return block, 1 << (found - block)
        service, colon, name = pattern.partition(":")
        start, stop = self._service_range(service)
        # AWS takes no wildcard in the service prefix: such a prefix is no service's, so its range is empty.
        if start == stop or not colon:
            return (0, self.everything) if pattern == "*" else _NOTHING
        head, star, rest = name.partition("*")
        if "?" in name or rest:
            fits = compile_glob(name)
            skip = len(service) + 1
            places = (place for place in range(start, stop) if fits(self._lower[place][skip:]))
            return start, sum(1 << (place - start) for place in places)
        if not star:
            return _NOTHING
        low, high = self._between(f"{service}:{head}", start, stop)
        block = low & _BLOCK
        return block, ((1 << (high - low)) - 1) << (low - block)

    def _service_range(self, service: str) -> tuple[int, int]:
        found = self._ranges.get(service)
        if found is None:
            found = self._between(f"{service}:", 0, len(self._lower))
            if found[0] != found[1]:
                self._ranges[service] = found
        return found

    def _between(self, head: str, start: int, stop: int) -> tuple[int, int]:
        """The range of the names that begin with `head`; no name has a character as high as the last."""
        low = bisect_left(self._lower, head, start, stop)
        return low, bisect_left(self._lower, head + "\x7f", low, stop)

    # Access levels

    def levels(self, action: str) -> tuple[str, ...]:
        """Return the access levels of an action, the primary one first; none for an unknown action.

        >>> catalog().levels("lex:TagResource")
        ('Tagging', 'Write')
        """
        place = self.index_of(action)
        return () if place is None else tuple(_LEVELS[letter] for letter in self._traits[place] if letter in _LEVELS)

    def level(self, action: str) -> str | None:
        """Return the primary access level of an action in AWS's words, or None where AWS gives none."""
        return next(iter(self.levels(action)), None)

    def level_bits(self, level: str) -> int:
        """Return the set of actions of an access level, those included that have it beside another."""
        found = self._levels.get(level)
        if found is None:
            letter = next((letter for letter, name in _LEVELS.items() if name == level), None)
            if letter is None:
                expected = ", ".join(_LEVELS.values())
                raise CatalogError(
                    f"{shown(level)} is no access level; expected one of {expected}", code="UNKNOWN_LEVEL"
                )
            found = self._levels[level] = self._trait_bits(letter)
        return found

    @cached_property
    def wildcard_only_bits(self) -> int:
        """The set of actions that support no resource types."""
        return self._trait_bits("*")

    def wildcard_only(self, action: str) -> bool:
        """Return whether an action supports no resource types (rule R5); False for an unknown action."""
        place = self.index_of(action)
        return place is not None and "*" in self._traits[place]

    @cached_property
    def _traits(self) -> list[str]:
        return bundled_path("catalog", "traits.txt").read_text(encoding="ascii").split("\n")[:-1]

    def _trait_bits(self, letter: str) -> int:
        return int("".join("1" if letter in trait else "0" for trait in reversed(self._traits)), 2)

    # Facts of a service

    def service(self, prefix: str) -> Service:
        """Return what the catalogue says about a service, given by its prefix (``lex``).

        Raises
        ------
        CatalogError
            With the code ``UNKNOWN_SERVICE`` and the nearest prefixes.
        """
        return self._service(prefix)[0]

    def action(self, name: str) -> ActionFacts | None:
        """Return what the catalogue says about an action, or None for an unknown one.

        >>> catalog().action("lex:PostText").generation
        'V1'
        """
        low = ascii_lower(name)
        return self._service(low.partition(":")[0])[1][low] if low in self._places else None

    def _service(self, prefix: str) -> tuple[Service, dict[str, ActionFacts]]:
        low = ascii_lower(prefix)
        found = self._services.get(low)
        if found is None:
            from .facts import service_from_json

            service = service_from_json(self._read_service(low))
            found = self._services[low] = (
                service,
                {ascii_lower(action.name): action for action in service.actions},
            )
        return found

    def _read_service(self, prefix: str) -> Any:
        import json
        import zlib

        if prefix not in self._service_places:
            from .nearest import nearest

            hint = nearest(prefix, self._service_places)
            raise CatalogError(f"There is no service {shown(prefix)} in the catalogue{hint}", code="UNKNOWN_SERVICE")
        start, length = self._service_places[prefix]
        with bundled_path("catalog", "services.bin").open("rb") as file:
            file.seek(start)
            return json.loads(zlib.decompress(file.read(length)))

    # Condition keys

    def condition_keys(self, action: str) -> frozenset[str] | None:
        """Return the condition keys that an action supports, lower-cased, or None for an unknown action."""
        low = ascii_lower(action)
        found = self._action_keys.get(low)
        if found is None:
            facts = self.action(low)
            if facts is None:
                return None
            found = self._action_keys[low] = frozenset(map(ascii_lower, facts.condition_keys))
        return found

    def knows_key(self, key: str) -> bool:
        """Return whether `key` is a global key or one that some service lists.

        >>> [catalog().knows_key(key) for key in ("aws:ResourceTag/Department", "lex:ResourceTag/Department")]
        [True, False]
        """
        return self.is_global_key(key) or bool(self._key_index.names_of(key))

    def is_global_key(self, key: str) -> bool:
        """Return whether AWS may send `key` for any action; of the keys about tags see `key_fits`."""
        return bool(self._global_index.names_of(key))

    def key_fits(self, key: str, action: str) -> bool | None:
        """Return whether AWS may send a condition key with a request for `action` (rule C10).

        True for a global key, and for one that the catalogue lists for the action. False for one that the
        catalogue lists, but not for this action: AWS does not send it. None where the catalogue cannot
        tell: nobody lists the key, the action is unknown, or the action's own service lists the key without
        naming any action. ``aws:ResourceTag/…``, ``aws:RequestTag/…`` and ``aws:TagKeys`` are judged like a
        service's keys, since the service reference lists them action by action.

        >>> [
        ...     catalog().key_fits("aws:ResourceTag/Team", action)
        ...     for action in ("lex:PostText", "s3:ListAllMyBuckets", "lex:NoSuch")
        ... ]
        [True, False, None]
        """
        if self.is_global_key(key):
            return True
        names = self._key_index.names_of(key)
        listed = self.condition_keys(action)
        if not names or listed is None:
            return None
        if not listed.isdisjoint(names):
            return True
        service = ascii_lower(action).partition(":")[0]
        loose = self._loose_keys
        return None if any(service in loose.get(name, ()) for name in names) else False

    def takes_several(self, key: str) -> bool:
        """Return whether a condition key may have several values in one request.

        >>> catalog().takes_several("aws:TagKeys"), catalog().takes_several("aws:SourceIp")
        (True, False)
        """
        return bool(self._several_index.names_of(key))

    @cached_property
    def _several_index(self) -> KeyIndex:
        from .keys import SEVERAL_VALUES, KeyIndex

        return KeyIndex([*self._key_file["severalValues"], *SEVERAL_VALUES])

    @cached_property
    def _key_index(self) -> KeyIndex:
        from .keys import TAG_KEYS, KeyIndex

        return KeyIndex([*self._key_file["keys"], *TAG_KEYS])

    @cached_property
    def _global_index(self) -> KeyIndex:
        from .keys import GLOBAL_KEYS, KeyIndex

        return KeyIndex(GLOBAL_KEYS)

    @cached_property
    def _loose_keys(self) -> dict[str, list[str]]:
        return {ascii_lower(key): services for key, services in self._key_file["withoutActions"].items()}

    # Reading

    @cached_property
    def _meta(self) -> dict[str, Any]:
        return dict(_read_json("meta.json"))

    @cached_property
    def _service_places(self) -> dict[str, list[int]]:
        return dict(_read_json("index.json"))

    @cached_property
    def _key_file(self) -> dict[str, dict[str, list[str]]]:
        return dict(_read_json("condition_keys.json"))


@cache
def catalog() -> Catalog:
    """Return the bundled catalogue, read on the first call.

    >>> catalog().date
    '2026-10-27'
    """
    return Catalog()


def _read_json(name: str) -> Any:
    import json

    return json.loads(bundled_path("catalog", name).read_text(encoding="ascii"))
