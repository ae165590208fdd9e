"""Small pipelines whose verdict is known beforehand: wrong ones with one bug each that real code has, and right ones.

They measure the harness: each wrong one must be refuted for its own bug, and no right one touched. A specimen says
nothing about how it is judged; what kills it stands beside it as data, and is judged elsewhere.
"""
