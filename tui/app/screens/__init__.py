"""The screens, one package each; a screen is imported when it is opened."""
