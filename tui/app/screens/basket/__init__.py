"""The basket screen."""
