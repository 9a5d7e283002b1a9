"""A made-up shop and its made-up visitors: a believable week of history, then a live trickle.

Everything here is drawn from one seeded generator: the same seed, the same people.
"""
