"""Expectations of a file about itself (`expect`), proved over the coming year, or refuted with the date."""
