"""One typed door for each outside system: SNS, SQS and S3, without a cloud SDK.

A door takes its endpoint, region and credentials as arguments, never from the environment,
and the world (transport, clock) is injected, so that tests need no patches. Importing one
costs a few milliseconds more than the standard library's ``http.client``.

    sigv4      signs requests, pure
    transport  HTTP/1.1 over kept-alive connections
    safe_xml   reads XML, refuses a DOCTYPE
    aws        signs, sends, and turns answers into ``AwsError``
    sns, sqs, s3   what they offer, call by call
"""
