"""What the file may hold: its keys, the values behind them, and the check of nodes against them."""
