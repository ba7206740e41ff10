-- Accuracies of probes, layer by layer, beside what they are to be compared with.
--
-- That is the largest class, the same probe of a model with random weights, and a control task: labels permuted among
-- the rows. Selectivity is accuracy less the accuracy on control labels. Means and sample standard deviations are over
-- the seeds; of one seed there is no standard deviation.
-- Grain: (probe, layer, architecture).
-- Paper: [B] §3.
-- Needs: probe_runs
-- Types: probe VARCHAR, label VARCHAR, model VARCHAR, kind VARCHAR, layer INTEGER, architecture VARCHAR,
--   accuracy DOUBLE, accuracy_sd DOUBLE, majority DOUBLE, twin DOUBLE, twin_sd DOUBLE, control DOUBLE,
--   control_sd DOUBLE, selectivity DOUBLE, selectivity_sd DOUBLE, balanced_accuracy DOUBLE, n_seeds BIGINT,
--   n_test DOUBLE
-- Parameters: p_probe, p_label, p_model, p_kind
-- Columns:
--   probe: identifier of the probe
--   label: name of the label that it predicts
--   model: name of the model
--   kind: ffn or block: what its features are
--   layer: layer that was probed, from 1; NULL = all layers concatenated
--   architecture: linear, or hidden = with a hidden layer
--   accuracy: mean accuracy on the test part
--   accuracy_sd: its standard deviation
--   majority: mean accuracy of the largest class of the training part
--   twin: mean accuracy of the same probe of the twin of random weights; NULL = there was none
--   twin_sd: its standard deviation
--   control: mean accuracy on control labels; NULL = there were none
--   control_sd: its standard deviation
--   selectivity: mean of accuracy less control, seed by seed
--   selectivity_sd: its standard deviation
--   balanced_accuracy: mean over seeds of the accuracy averaged over classes
--   n_seeds: seeds
--   n_test: rows of the test part, on average
WITH by_seed AS (
    SELECT
        r.probe,
        r.label,
        r.model,
        r.kind,
        s.layer,
        s.architecture,
        s.seed,
        max(s.value) FILTER (s.source = 'model' AND s.labels = 'true' AND s.measure = 'accuracy') AS accuracy,
        max(s.value) FILTER (s.source = 'twin' AND s.labels = 'true' AND s.measure = 'accuracy') AS twin,
        max(s.value) FILTER (s.source = 'model' AND s.labels = 'control' AND s.measure = 'accuracy') AS control,
        max(s.value) FILTER (s.source = 'model' AND s.labels = 'true' AND s.measure = 'balanced_accuracy') AS balanced,
        max(s.n) FILTER (s.source = 'model' AND s.labels = 'true' AND s.measure = 'accuracy') AS n
    FROM probe_scores AS s
    INNER JOIN asked_probes(p_probe := p_probe, p_label := p_label, p_model := p_model, p_kind := p_kind) AS r
        ON s.probe = r.probe
    WHERE s.architecture IN ('linear', 'hidden') AND s.neurons = 'all' AND s.treatment = 'trained' AND s.by_column IS NULL
    GROUP BY ALL
),
largest AS (
    SELECT probe, value
    FROM mean_scores(p_probe := p_probe, p_label := p_label, p_model := p_model, p_kind := p_kind)
    WHERE architecture = 'majority' AND measure = 'accuracy' AND source = 'model' AND by_column IS NULL
)
SELECT
    s.probe,
    s.label,
    s.model,
    s.kind,
    CAST(s.layer AS INTEGER) AS layer,
    s.architecture,
    round(avg(s.accuracy), 12) AS accuracy,
    stddev_samp(s.accuracy) AS accuracy_sd,
    any_value(m.value) AS majority,
    round(avg(s.twin), 12) AS twin,
    stddev_samp(s.twin) AS twin_sd,
    round(avg(s.control), 12) AS control,
    stddev_samp(s.control) AS control_sd,
    round(avg(s.accuracy - s.control), 12) AS selectivity,
    stddev_samp(s.accuracy - s.control) AS selectivity_sd,
    round(avg(s.balanced), 12) AS balanced_accuracy,
    count(s.accuracy) AS n_seeds,
    avg(s.n) AS n_test
FROM by_seed AS s
LEFT JOIN largest AS m ON s.probe = m.probe
GROUP BY s.probe, s.label, s.model, s.kind, s.layer, s.architecture
UNION ALL BY NAME
FROM checked_probes(p_probe := p_probe, p_label := p_label, p_model := p_model, p_kind := p_kind)
