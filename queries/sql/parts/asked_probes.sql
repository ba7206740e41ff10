-- The probes that a question is about.
-- Grain: (probe).
-- Paper: [B] §3.
-- Needs: probe_runs
-- Types: probe VARCHAR, label VARCHAR, model VARCHAR, kind VARCHAR, statistics VARCHAR
-- Parameters: p_probe, p_label, p_model, p_kind
SELECT probe, label, model, kind, statistics
FROM probe_runs
WHERE
    (p_probe IS NULL OR probe = p_probe)
    AND (p_label IS NULL OR label = p_label)
    AND (p_model IS NULL OR model = p_model)
    AND (p_kind IS NULL OR kind = p_kind)
