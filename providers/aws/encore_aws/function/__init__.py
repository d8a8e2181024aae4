"""The function that does what only somebody inside the network can do. It runs in AWS Lambda.

In: an event, as ``documents`` has it. Out: an answer, as ``documents`` has it, never with a
secret's value. It makes roles and logical databases, runs migrations, says what has run, and
connects to databases and caches as the app would.

Its zip holds this package, ``encore_provisioner.postgres``, pg8000 and what that needs, and nothing
else: so no module here may import another one of ours. boto3 is part of Lambda's own runtime.
"""
