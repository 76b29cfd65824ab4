"""Escalation: who can take over whom, or decide what another may do, and who thereby becomes an administrator.

`methods` says how it is done, as data; `search` holds the methods against effective access, with `targets`, `groups`,
`creating` and `passing` for their kinds; `edges` returns what was found, as the values of `model`. The other modules
answer what the search asks, about what `inventory` lists.
"""
