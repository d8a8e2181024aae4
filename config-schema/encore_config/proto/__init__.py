"""The protobuf document ``encore.runtime.v1.RuntimeConfig`` and everything inside it.

The ``.proto`` files here are the source; ``python -m encore_config.proto.generate`` makes the
modules ``*_pb2.py`` and their stubs from them. May not: know anything but the wire format.
"""
