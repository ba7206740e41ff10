"""How the screen of probes is laid out."""

PROBES_CSS = """
ProbesScreen #probes { height: 5; }
ProbesScreen #none { height: 1fr; padding: 1 2; display: none; }
ProbesScreen.-empty #none { display: block; }
ProbesScreen.-empty #probes, ProbesScreen.-empty #which { display: none; }
ProbesScreen.-empty #panels, ProbesScreen.-empty #card { display: none; }
ProbesScreen #which { height: 1; padding: 0 1; text-style: bold; color: $primary; background: $surface; }
ProbesScreen #card { height: 1fr; }
ProbesScreen #card.-old { opacity: 60%; }
ProbesScreen .panel { height: 1fr; }
ProbesScreen .panel AnswerTable { height: 1fr; }
ProbesScreen .title { height: 1; padding: 0 1; color: $text-muted; }
ProbesScreen.-wide .title { color: $primary; text-style: bold; }
ProbesScreen #choices { height: 1; padding: 0 1; }
ProbesScreen #choices Label { width: auto; margin: 0 1 0 0; color: $text-muted; }
ProbesScreen #class { width: 1fr; max-width: 30; margin: 0 1 0 0; }
ProbesScreen #top { width: 12; }
ProbesScreen #take { height: auto; max-height: 3; padding: 0 1; color: $text-muted; }
ProbesScreen.-narrow .panel { display: none; }
ProbesScreen.-narrow .panel.-here { display: block; }
ProbesScreen.-wide #panels { display: none; }
ProbesScreen.-wide #card { layout: grid; grid-size: 2 2; grid-columns: 8fr 5fr; grid-rows: 1fr 1fr; }
ProbesScreen.-wide #ranking, ProbesScreen.-wide #places { border-left: solid $panel; }
"""
