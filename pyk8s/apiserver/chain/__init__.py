"""What every request goes through before anything answers it, in one order for both doors and for local callers.

In: a `Request` whose `peer` says what the door knows. Out: what the endpoint answers, or an `ApiError`. A filter knows
neither HTTP nor gRPC, and nothing of what the objects mean.
"""
