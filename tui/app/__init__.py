"""The terminal app: screens over the queries, which compute nothing themselves."""
