-- Edges: where the bins of a property that is cut at quantiles meet, in the unit of its definition.
--
-- They were frozen for each corpus when counting began; a value on an edge belongs below.
-- Columns:
--   hop_ms: distance between two frames of the grid, ms
--   edges: from below
SELECT e.property, e.corpus, e.hop_us / 1000 AS hop_ms, e.offset_us / 1000 AS offset_ms, e.edges
FROM property_edges AS e
INNER JOIN (SELECT DISTINCT corpus FROM utterances AS u WHERE $of_corpora) AS u ON e.corpus = u.corpus
WHERE $of_properties
ORDER BY e.property, e.corpus, hop_ms, offset_ms
