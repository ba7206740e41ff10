"""What F1 says of the patterns."""

PATTERNS = """
# Patterns

An **activation pattern** S_k is the set of neurons that respond to phone *k* in a group: p(j | k, group) exceeds the
baseline ([A] eq. 3). As a vector of 0 and 1 over all neurons of the layer that respond to anything, every phone of
every group is a point; **MDS** places the points in a plane so that their distances agree with those of the vectors
([A] fig. 3). Only distances mean something: not where the origin is, and not which way is up. Colour and mark are the
group's.

To the right, layer by layer as they are computed: the **silhouette** of the points ([A] fig. 4; 1 = groups far apart,
0 and below = mixed) and the **Davies-Bouldin** index (DB; 0 = far apart, more = mixed); the same two of the binary
patterns themselves (silh. S, DB S); how many patterns there are, and over how many neurons. ◀ stands at the
layer with the highest silhouette ([A] fig. 5).

| key | what it does |
|---|---|
| [ and ] | the layer before, after |
| o, O | the next property, the one before |
| arrows, h j k l | in the picture: the nearest pattern in that direction |
| n, N | the next pattern by group and phone, the one before |
| + and - | nearer to the cursor, away again |
| t | names of phones, or marks alone |
| enter | in the table: draw that layer |
| escape | stop; another layer or property goes on, and so does coming back here |
| b | add the neurons of the pattern of the cursor to a named set; from the table, those of all patterns of the layer |
"""
