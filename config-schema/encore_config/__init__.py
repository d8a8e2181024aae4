"""The versioned documents that the parts of encore-infra hand to each other.

Leaf package: it imports nothing else of this project. Each document has a module of frozen
types, a strict codec in :mod:`encore_config.codec`, and a JSON Schema under ``schemas/``.
"""
