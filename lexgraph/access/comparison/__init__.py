"""Comparison of two snapshots of an account: what stands in one only, and who gained or lost which access.

`compare` returns the values of `model`. `listed` tells what stands there; `gains` finds the access that policies of
one's own brought, `ruled` what resource control policies did, `pairs` what principals may do with resources and roles
whose policies name principals, and `strangers` what others may. `decider` confirms it request by request; the two
accounts go from hand to hand as `sides`.
"""
