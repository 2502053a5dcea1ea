"""Notifications and pings: what leaves this machine, and the rules when it does."""
