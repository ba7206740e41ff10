-- Layers that were recorded.
SELECT DISTINCT m.layer
FROM layers AS m
WHERE $of_models
ORDER BY m.layer
