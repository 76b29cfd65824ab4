"""Who holds what in an account: users, groups, roles, their policies, and the resources it can be asked
about.
"""
