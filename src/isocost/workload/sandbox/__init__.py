"""Runs programs that nobody has read, without harm to the machine."""
