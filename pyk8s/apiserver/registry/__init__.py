"""Every object of the cluster: read, written, watched and removed here and nowhere else, for both doors alike.

Enters: an authorised `Request` (a value that knows neither HTTP nor gRPC). Leaves: an `Answer`, `ListAnswer` or
`WatchAnswer`, or an `ApiError` in Kubernetes' form. A kind is a row of `api.resources` plus, where the schema cannot
say all, a `Strategy` (strategies/); the order of a write is always the same: decode, default, mutate (admission),
prepare, validate, admit, write. It must not know who carries a request, nor how bytes are stored.
"""
