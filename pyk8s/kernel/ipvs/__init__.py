"""The kernel's load balancer, IPVS: virtual servers, the real servers behind them, its sysctls; through netlink."""
