"""How the card of a neuron is laid out."""

CARD_CSS = """
NeuronScreen #head { height: 1; background: $surface; }
NeuronScreen #which { width: auto; padding: 0 1; text-style: bold; color: $primary; }
NeuronScreen #total { width: 1fr; color: $text-muted; }
NeuronScreen #prop { width: 20; }
NeuronScreen #card { height: 1fr; }
NeuronScreen #none { height: 1fr; padding: 1 2; display: none; }
NeuronScreen.-empty #none { display: block; }
NeuronScreen.-empty #head, NeuronScreen.-empty #card, NeuronScreen.-empty #panels { display: none; }
NeuronScreen .title { height: 1; padding: 0 1; color: $text-muted; }
NeuronScreen.-wide .title { color: $primary; text-style: bold; }
NeuronScreen .panel AnswerTable { height: 1fr; }
NeuronScreen #cell { height: 2; padding: 0 1; }
NeuronScreen #named { height: 2; padding: 0 1; }
NeuronScreen.-narrow .panel { display: none; height: 1fr; }
NeuronScreen.-narrow .panel.-here { display: block; }
NeuronScreen #standing { max-height: 50%; }
NeuronScreen.-wide #panels { display: none; }
NeuronScreen.-wide #card { layout: grid; grid-size: 2 3; grid-columns: 9fr 11fr; grid-rows: 10 1fr 1fr; }
NeuronScreen.-wide #responses { row-span: 3; border-right: solid $panel; }
NeuronScreen.-wide .panel { height: 1fr; }
"""
