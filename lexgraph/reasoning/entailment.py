"""What follows from a formula by its shape alone: the quick way to most proofs."""

from __future__ import annotations

from lexgraph.conditions.logic import All, Any, Formula, Negation


def plainly_implies(premise: Formula, conclusion: Formula) -> bool:
    """Return whether `conclusion` follows from `premise` whatever their atoms mean; False where it may follow, too.

    >>> plainly_implies(True, True), plainly_implies(True, False)
    (True, False)
    """
    if premise is False or conclusion is True or premise == conclusion:
        return True
    if premise is True or conclusion is False:
        return False
    if isinstance(premise, Any):
        return all(plainly_implies(part, conclusion) for part in premise.parts)
    if isinstance(conclusion, All):
        return all(plainly_implies(premise, part) for part in conclusion.parts)
    if isinstance(conclusion, Any) and any(plainly_implies(premise, part) for part in conclusion.parts):
        return True
    if isinstance(premise, All):
        return any(plainly_implies(part, conclusion) for part in premise.parts)
    if isinstance(premise, Negation) and isinstance(conclusion, Negation):
        return plainly_implies(conclusion.part, premise.part)
    return False
