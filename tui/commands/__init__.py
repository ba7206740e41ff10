"""The commands of ``neurons``, a module each; what is heavy to import is imported when a command runs."""
