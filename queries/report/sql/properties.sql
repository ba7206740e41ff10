-- Properties: how frames are labelled.
-- Columns:
--   definition: SQL expression over frame_facts that labels a frame
--   bins: how a number becomes a group
--   groups: names of the bins, from below; nothing = whatever the expression gives
--   phones: phones that count; nothing = all
--   without_classes: phone classes that do not count
--   made: how it was declared
SELECT property, definition, bins, labels AS "groups", phones, without_classes, made
FROM properties
WHERE $of_properties
