"""Activation patterns as matrices and pictures: how well they tell groups apart, and which neurons act together."""

from queries.patterns.clusters import cluster_groups, neuron_clusters
from queries.patterns.matrix import Patterns, pattern_matrices
from queries.patterns.of_layer import LayerPatterns, PatternPoint, best_of, layer_patterns
from queries.patterns.points import pattern_points, points_of
from queries.patterns.projection import MDS_SETTINGS, Projection, project, projections
from queries.patterns.separation import best_layers, davies_bouldin, separation, separation_of, silhouette

__all__ = [
    "MDS_SETTINGS",
    "LayerPatterns",
    "PatternPoint",
    "Patterns",
    "Projection",
    "best_layers",
    "best_of",
    "cluster_groups",
    "davies_bouldin",
    "layer_patterns",
    "neuron_clusters",
    "pattern_matrices",
    "pattern_points",
    "points_of",
    "project",
    "projections",
    "separation",
    "separation_of",
    "silhouette",
]
