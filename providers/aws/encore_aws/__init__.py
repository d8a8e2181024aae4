"""The provider ``aws``: an app's infrastructure in a person's own AWS account.

In: a graph and an environment. Out: plans, and the bindings of what was made. See ARCHITECTURE.md.
"""

from encore_aws.provider import AwsProvider

__all__ = ["AwsProvider"]
