"""From the document to a Config: built-in values, defaults, presets and schedules laid over each other."""
