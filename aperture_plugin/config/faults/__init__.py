"""What is wrong with a text that is not YAML: `telling.told` asks all that look for it, one after the other."""
