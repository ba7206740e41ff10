-- The segments that a neuron is most active in, with what it takes to hear them.
-- Grain: (utterance_id, segment).
-- Paper: none.
SELECT
    place, phone, word, speaker, utterance, start_s, end_s, n_active, n_frames, share, best_rank, corpus, path,
    utterance_id, segment
FROM $top_segments
ORDER BY place
