"""The patterns screen."""
