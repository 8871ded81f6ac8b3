"""The brokers: one module each, loaded when they are first used."""
