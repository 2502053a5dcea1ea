"""What a file expects of itself (`expect`), proved over the coming year, or refuted with the date."""
