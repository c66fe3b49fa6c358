"""The mode "ipvs": the plan as virtual servers of the kernel's load balancer.

A service port is a virtual server for each address that leads to it, with its endpoints as real servers; the addresses
are on the link `kube-ipvs0`, so that the kernel takes packets to them for its own. What a virtual server cannot say
(whose source to replace, whom to refuse, who takes the short cut to all endpoints) is said by iptables rules whose
number does not depend on the services: they look packets up in ipsets.

`sets` names the sets, `rules` says what one service port needs, `chains` the rules over the sets, `ruleset` what all
ports together need and what a change takes, `draining` which endpoints wait for their last connections, `backend` joins
them with the hands, `trace` walks it all as the kernel would.
"""
