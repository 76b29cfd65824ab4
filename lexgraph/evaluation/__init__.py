"""What AWS would answer: requests, the layers of policies, decisions and their explanations."""
