"""The schema of the file: its keys, the values behind them, and the check of nodes against them."""
