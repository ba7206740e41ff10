"""What F1 says of the basket."""

HELP = """
# Basket

Named sets of neurons of this warehouse. On every screen **b** adds the neurons that are listed there to a set of the
basket, keeps only those, or takes them away. Sets are kept on this computer, one self-describing JSON mask a set, and
are there when the app is opened again; `Basket.of(warehouse)["name"].mask` has one in Python.

Above are the sets: neurons, how they fall on the layers, the model, and where they came from. Below is what a mask of
the set under the cursor would take from every layer:

* **erase the set**: its neurons are taken, all others stay;
* **keep the set alone**: all others are taken;
* **prune around the set**: a share of all neurons stays; first the set, then the most often active ones, or ones
  drawn by lot. *uniform* leaves the same share in every layer, otherwise it is counted over the model.
  Filling by the norms of the weights needs the model: export *keep the set alone*, then
  `neurons export --mask FILE --density 0.5 --fill l1 --spec …`.

| key | does |
|---|---|
| x, enter | export the mask below, in any format |
| u, i, d | union, intersection, difference with another set, as a new one |
| r, c | rename, copy |
| delete | remove |
| ctrl+z | take the last change back |
| p | go to the choice of what a mask takes; tab goes on, escape back |
| F8, F9 | copy the neurons of the set as SQL, as Python |
"""
