-- Overlap of labels: what the smallest minimal sets of two labels have in common, beside sets of these sizes drawn by lot.
FROM probe_label_overlap
WHERE probe_a IN ($probes) AND probe_b IN ($probes)
ORDER BY model, kind, of_layer NULLS FIRST, jaccard DESC, label_a, label_b, probe_a, probe_b
