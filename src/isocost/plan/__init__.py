"""Decisions learned from records: which system for which question, and what to measure next."""
