"""The property screen."""
