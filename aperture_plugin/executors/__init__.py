"""Where handlers and commands run."""
