"""STP: workers that stop safely and release what they hold."""
