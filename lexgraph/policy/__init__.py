"""What a policy says: frozen values, a strict parser, patterns, ARNs, and the way back to JSON."""
