"""The workers: what users derive from, and the engines that drive them."""
