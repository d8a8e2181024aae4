"""The door to Pulumi: what runs a provider's program, and what is learnt from it.

The only package of the core that imports ``pulumi``. A provider's program knows nothing of it.
"""
