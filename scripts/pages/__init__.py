"""The generated pages: each module renders one kind of page from its source of truth."""
