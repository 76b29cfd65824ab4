"""What a condition asks of a request: operators, context, variables, and formulas over condition tests."""
