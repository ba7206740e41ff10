-- Top segments of a neuron: the phone intervals in the largest share of whose frames it is active.
--
-- Of equal shares the segment with more active frames comes first, then the one in which the neuron ranks higher.
-- Silence has segments, too, whose phone is empty; a layer with one frame an utterance has whole utterances, whose
-- segment is NULL. With p_where only the frames that satisfy it count, on both sides of
-- the share: 'segment_s >= 0.05' leaves out segments of a frame or two.
-- Grain: (model, layer, utterance_id, segment); segment is NULL where a layer has one frame an utterance.
-- Paper: none; what a neuron responds to can be listened to.
-- Parameters: p_model, p_layer, p_neuron, p_corpus, p_lambda, p_where, p_limit
-- Columns:
--   model: name of the model
--   layer: layer, from 1
--   neuron: neuron of the layer, from 0
--   place: 1 = the segment that activates the neuron most, in its model and layer
--   utterance_id: utterance
--   segment: number of the interval in the utterance, from 0
--   phone: phone; empty for silence
--   word: word that the phone is in
--   start_s: start in seconds
--   end_s: end in seconds
--   corpus: name of the corpus
--   utterance: name of the utterance
--   speaker: speaker
--   path: audio file
--   n_active: frames of the segment that activate the neuron
--   n_frames: frames of the segment
--   share: n_active / n_frames
--   best_rank: the neuron's highest rank in these frames, 0 = the strongest of the layer
WITH active AS (
    SELECT a.model, a.layer, a.neuron, f.grid, f.utterance_id, f.segment, count(*) AS n_active, min(a."rank") AS best_rank
    FROM activations AS a
    INNER JOIN layers AS l ON a.model = l.model AND a.layer = l.layer
    INNER JOIN asked_frames(p_corpus := p_corpus, p_where := p_where) AS f ON a.frame_id = f.frame_id
    WHERE
        (p_model IS NULL OR a.model = p_model)
        AND (p_layer IS NULL OR a.layer = CAST(p_layer AS INTEGER))
        AND a.neuron = CAST(p_neuron AS INTEGER)
        AND a."rank" < top_k(CAST(p_lambda AS DOUBLE), l.n_neurons, l.top_k)
    GROUP BY ALL
),
whole AS (
    SELECT grid, utterance_id, segment, min(phone) AS phone, count(*) AS n_frames
    FROM asked_frames(p_corpus := p_corpus, p_where := p_where)
    GROUP BY ALL
),
placed AS (
    SELECT
        a.*,
        w.phone,
        w.n_frames,
        row_number() OVER (
            PARTITION BY a.model, a.layer
            ORDER BY a.n_active / w.n_frames DESC, a.n_active DESC, a.best_rank, a.utterance_id, a.segment
        ) AS place
    FROM active AS a
    INNER JOIN whole AS w
        ON a.grid = w.grid AND a.utterance_id = w.utterance_id AND a.segment IS NOT DISTINCT FROM w.segment
    QUALIFY place <= CAST(p_limit AS BIGINT)
)
SELECT
    p.model,
    CAST(p.layer AS INTEGER) AS layer,
    p.neuron,
    p.place,
    p.utterance_id,
    p.segment,
    p.phone,
    s.word,
    CASE WHEN p.segment IS NULL THEN 0 ELSE s.start_s END AS start_s,
    CASE WHEN p.segment IS NULL THEN u.duration ELSE s.end_s END AS end_s,
    u.corpus,
    u.utterance,
    u.speaker,
    u.path,
    p.n_active,
    p.n_frames,
    p.n_active / p.n_frames AS share,
    p.best_rank
FROM placed AS p
INNER JOIN utterances AS u ON p.utterance_id = u.utterance_id
LEFT JOIN segments AS s ON p.utterance_id = s.utterance_id AND p.segment = s.segment
UNION ALL BY NAME
FROM checked_lookup(
    p_model := p_model, p_layer := p_layer, p_neuron := p_neuron, p_corpus := p_corpus, p_lambda := p_lambda,
    p_limit := p_limit
)
ORDER BY model, layer, place
