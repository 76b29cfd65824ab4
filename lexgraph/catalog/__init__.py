"""What AWS offers: its services and its managed policies.

Services have actions, resource types and condition keys; managed policies have a history. Everything is
read from bundled files, on first use and only as far as it is needed.
"""
