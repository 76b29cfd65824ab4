"""What `run.py` consists of."""
