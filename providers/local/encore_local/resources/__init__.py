"""The kinds of resources of a local environment, one file each: what is wanted, what is really
there, and how it is made, changed and removed. Each knows its own door (SQL, SNS, SQS, S3) and
no other kind; ``plan`` and ``apply`` put them in order.
"""
