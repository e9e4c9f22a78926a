"""Mechanisms that both apps use. They know nothing about pages or requests."""
