"""From bytes to nodes: decoding, the YAML subset that people write, strictyaml for the rest, syntax errors in words."""
