"""The runtime beside its peers: the same handler behind each of them, on the same broker, in one run."""
