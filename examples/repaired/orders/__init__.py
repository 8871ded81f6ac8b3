"""An order system's background workers."""
