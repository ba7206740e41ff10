"""What F1 says of the card of a neuron."""

CARD = """
# Neuron

The card of one neuron: **ctrl+g** goes to any by `layer:neuron`; *Enter* on a row that has a neuron opens it, too.

**Phones**: *p(j | k, group)*, the share of the frames of phone *k* in a group that activate the neuron ([A] eq. 3). The
brighter (on light ground: the darker) a cell, the larger p; a dot • says that the neuron *responds*: p exceeds the
baseline, which is chance, k/D, unless it was set. To the right every group's p with its interval, and the baseline as a
dotted line. The cursor, or the mouse, tells of a cell its frames and its Wilson interval. Where a phone has one group
only, as with phone classes, there is one column.

**Sets**: for every property the groups i whose *group neurons* G_i and *candidates* N_i the neuron is in ([A] §4.1,
eq. 4), and the group that it is nearest to: of how many of its phones it responds. Below, the named sets of the basket.

**Peers**: p over all frames of each group, its place among the neurons of the layer (1 = the largest), the percentile
on a line, and the layer's median, 95th percentile and largest p. Then in every layer the neuron most like it: by the
*correlation* of p over all cells (group, phone), beside the *cosine*. *Enter* opens that neuron.

**Segments**: the phone intervals in the largest share of whose frames the neuron is active.

| key | what it does |
|---|---|
| w, W | the next panel, the one before |
| s | phones by class, or the largest p first |
| p, enter | play the segment of the cursor, with 0.25 s around it (aplay, afplay or ffplay) |
| c | copy the command that plays it, for another machine |
| [ and ] | the neuron before, after |
| o, O | the next property, the one before |
| escape | stop playing and reading |
| F8, F9 | the question behind the table that has the focus |
| b | add the neuron to a named set; in the list of those like it, add these |
"""
