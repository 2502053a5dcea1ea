"""What editors are told of the file: a JSON Schema with a description of every key."""
