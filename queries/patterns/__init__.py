"""Activation patterns as matrices and pictures: how well they tell groups apart, and which neurons act together."""

from queries.patterns.matrix import Patterns, pattern_matrices
from queries.patterns.points import pattern_points, points_of
from queries.patterns.projection import MDS_SETTINGS, Projection, project, projections
from queries.patterns.separation import best_layers, davies_bouldin, separation, separation_of, silhouette

__all__ = [
    "MDS_SETTINGS",
    "Patterns",
    "Projection",
    "best_layers",
    "davies_bouldin",
    "pattern_matrices",
    "pattern_points",
    "points_of",
    "project",
    "projections",
    "separation",
    "separation_of",
    "silhouette",
]
