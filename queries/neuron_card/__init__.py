"""All that is known of one neuron: what it responds to, its sets, its place in the layer, its like, what to hear."""

from queries.neuron_card.alike import Alike, alike, alike_sql
from queries.neuron_card.memberships import Membership, memberships, memberships_sql
from queries.neuron_card.question import Neuron
from queries.neuron_card.responses import Cell, Responses, responses, responses_sql
from queries.neuron_card.segments import Segment, segments_sql, top_segments
from queries.neuron_card.standing import Standing, standing, standing_sql

__all__ = [
    "Alike",
    "Cell",
    "Membership",
    "Neuron",
    "Responses",
    "Segment",
    "Standing",
    "alike",
    "alike_sql",
    "memberships",
    "memberships_sql",
    "responses",
    "responses_sql",
    "segments_sql",
    "standing",
    "standing_sql",
    "top_segments",
]
