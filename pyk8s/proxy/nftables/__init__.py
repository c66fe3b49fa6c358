"""The mode "nftables": the plan as elements of maps, in one table and one transaction a change.

`names` says what everything is called, `rules` makes the elements and chains of one service port, `shared` those that
all use, `ruleset` joins them and knows what a change takes, `backend` adds the hands of `kernel.nftables`, `trace`
walks a table as the kernel would.

Most services have no chain of their own: an element of `service-ips` leads to the chain for so many endpoints, and that
one looks the endpoint up in a map. docs/decisions/0041-services-as-elements.md says why.
"""
