"""Real brokers, a link that can be cut, and a load whose effects are counted: what `reliability.py` is made of."""
