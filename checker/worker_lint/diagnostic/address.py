"""The public address of the project: the one place that knows it."""

# Not known yet. The top-level domain is reserved, so that nobody else's page can stand behind a link.
PUBLIC_ADDRESS = "https://worker-lint.example"


def rule_url(name: str) -> str:
    """The page of the rule with this name, such as `abstract-class-instantiated`."""
    return f"{PUBLIC_ADDRESS}/rules/{name}.html"
