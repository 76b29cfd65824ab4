"""Comparison of two snapshots of an account: what stands in one only, and who gained or lost which access.

`compare` returns the values of `model`. `listed` tells what stands there; `gains` and `named` find the access that
policies of one's own and policies that name principals brought, and `decider` confirms it request by request.
"""
