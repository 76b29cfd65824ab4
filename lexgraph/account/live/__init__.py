"""Collects an account from AWS itself, with calls that only read, into a folder that ``read_account`` reads.

`plan` says what is asked, as data; `session` asks; `collector` sees to pages, retries and what to ask next; `store`
keeps every page as it comes, so that a later run goes on where an earlier one stopped.
"""
