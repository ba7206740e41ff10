"""The sql screen."""
