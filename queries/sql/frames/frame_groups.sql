-- Frame groups: the group of every frame that has one, property by property.
--
-- Silence and spoken noise have none, nor has a frame for which the property is NULL, such as an unvoiced one for pitch.
-- Grain: (property, frame_id).
-- Paper: [A] §2, §3.2.
-- Columns:
--   property: name of the property
--   frame_id: frame
--   group: group of the property that the frame belongs to
SELECT CAST(NULL AS VARCHAR) AS property, CAST(NULL AS BIGINT) AS frame_id, CAST(NULL AS VARCHAR) AS "group"
WHERE false
-- for each property
UNION ALL
$group_select
-- end
