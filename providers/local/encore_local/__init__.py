"""The provider `local`: PostgreSQL, Valkey and a server for S3, SNS and SQS on this machine.

The whole way of an apply, each stage with its input and output:

    site          settings, secrets, state and servers of one environment
    desired       graph → wanted resources                                  pure
    observe       servers that run, else the state → actual resources
    migrations    files + what databases say → what is to run                pure
    plan          wanted + actual → steps                                    pure
    apply         steps → deeds (``hands``), each written down (``journal``)
    outputs       state → endpoints, names, ports                            pure
    bindings      outputs + secrets → what the app is handed                 pure

Importing this package imports nothing else: the command line stays fast.
"""

from encore_local.provider import LocalProvider

__all__ = ["LocalProvider"]
