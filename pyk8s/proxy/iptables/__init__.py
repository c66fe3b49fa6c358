"""The mode "iptables": the plan as iptables rules, by deltas, on the legacy and nf_tables backends alike.

`rules` makes the chains of one service port, `shared` those that all services share, `ruleset` what a change takes,
`backend` joins them with the hands of `kernel.iptables`, `trace` walks them as the kernel would.
"""
