-- How many groups each property has in the frames that count, and how many pairs of group and phone.
SELECT property, count(DISTINCT "group") AS n_groups, count(DISTINCT ("group", phone)) AS n_cells
FROM $counted_cells
WHERE $of_properties
GROUP BY property
