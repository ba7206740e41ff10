"""What F1 says of the probes."""

PROBES = """
# Probes

A **probe** predicts a label, such as the speaker's gender, from the means of a model's features over utterances or
segments ([B] §3). `neurons probe` makes one; the list has the newest first. The kind says what the features are: *ffn*
= the inputs of second linears, which are the neurons of all other screens; *block* = the coordinates of the outputs of
blocks, as in the paper.

**Accuracy**: for each layer, and for ALL layers together, the percent of the test rows that the *linear* probe tells
right, and the one with a *hidden* layer: mean ± standard deviation over the seeds. │ in the bar stands at the
*majority*, the largest class. *twin* is the same probe on a model of random weights, *control* on permuted labels, and
*selectivity* the accuracy less that. *Enter* on a row looks at the rankings of that layer.

**Ranking**: the features by which the probe tells the classes, or one class, the most salient first, with their
weights. ● marks those that **b** takes into the basket: as many as the smallest minimal set, unless *top* says
otherwise: `smallest`, `paper`, a number of features, or a percentage of all.

**Shares**: the percent right of probes trained anew on the *top*, *random* or *bottom* features of the ranking. ◀ marks
the two minimal sets: of the shares at most 1 point below all features the *paper* takes the most accurate one; the
*smallest* one is given, too.

**Layers**: where the features of the minimal sets lie, beside the share that features drawn by lot would have there.

| key | what it does |
|---|---|
| ↑ ↓ | in the list: the probe that is shown |
| w, W | the next panel, the one before |
| [ and ] | the rankings of the layer before, after; ALL comes last |
| c, C | the ranking for the next class, the one before |
| n | say how many neurons to take |
| b | add the top neurons to a named set, where the kind is ffn |
| enter | in the ranking: the card of the neuron; in the list: read again what was stopped |
| F8, F9 | the question behind the table that has the focus |
"""
