"""The whole account at once: who can do what, with the condition and the statement that decided."""
