"""Rules on which exception ends where, and what that costs (ERR)."""
