"""The whole account at once: who can do what, with the condition and the statement that decided.

`decide` answers row by row, `compressed` many questions at once; `effective` tells which actions somebody has at all,
`chaining` who becomes whom by assuming roles, `shared` what others are granted. `escalation` and `comparison` build on
them.
"""
