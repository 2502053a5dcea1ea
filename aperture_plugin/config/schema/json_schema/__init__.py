"""The description of the file for editors: a JSON Schema with a description of every key."""
