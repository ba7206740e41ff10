"""What F1 says on the property screen."""

TEXT = """
# Property

Which neurons respond to one group of a property and to no other, in every layer ([A] = *Property Neurons in
Self-Supervised Speech Transformers*, SLT 2024).

- A frame **activates** the λ % of a layer's neurons with the largest values. **p** is the share of the frames of a
  phone, in a group, that activate a neuron.
- A neuron **responds** to a phone when p exceeds the **baseline**: chance, k/D, unless another is given; with **z**
  the lower bound of Wilson's interval at z standard errors must exceed it.
- It is a **candidate** of a group (N_i) when it responds to at least the share **σ** of the group's phones, and a
  **group neuron** (G_i, eq. 4) when it is a candidate of that group alone. The **property neurons** are those of all
  groups.
- **Frames**: *all*; *middle* = the middle frame of every run of equal phones; *reference* = the same without the last
  run of an utterance, over the declared phones, as the authors' code reads them.
- **frames ≥**: a phone with fewer frames in a group counts as not seen. **where**: only frames that satisfy it count:
  SQL over the columns of `frame_facts` (speaker, duration, phone, f0_hz, every metadata column).

**On the left** the group neurons of each layer; of more than eight groups all together. **On the right** those of the
chosen layer: *phones of* = phones of the group that the neuron responds to, and how many there are; *p F*, *p M* … =
the mean of p over the phones of each group (of more than eight groups: of its own, and of the group that comes next).
Those that tell their group most clearly stand first. **Overlap**: how many of these neurons another property has too,
as share of either, and of both together (Jaccard; [A] fig. 8).

Numbers follow at every letter; λ and the condition read the activations, and are asked at *enter*. What is wrong is
said below the fields, and the last good answer stays.

| key | |
|---|---|
| tab, shift+tab | to the next field, the one before |
| ↑ ↓ | in a number: more, less |
| [ ] | layer before, next layer; ← → on the slider |
| f | the neurons of one group after the other |
| r | back to the default parameters |
| enter | in the list: the card of the neuron; in the overlaps: the other property |
| b, B | add the list to a named set; that of all layers |
| F8, F9 | the list as SQL, as Python; on the slider the numbers by layer, in the overlaps those |
"""
