"""Rules on the contracts of abstract classes (ABS)."""
