"""The servers behind a local environment: PostgreSQL, Valkey, and one for S3, SNS and SQS.

    process    finds, starts, ends and remembers processes that outlive the command
    ports      chooses ports and says who holds a taken one
    postgres, valkey, aws   one server each, all with the interface of ``server.Server``

No process of ours watches them. Each is found again by its pid, start time and data folder.
"""
