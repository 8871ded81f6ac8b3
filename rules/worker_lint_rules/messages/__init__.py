"""Rules on the acknowledgement and delivery of messages (MSG)."""
