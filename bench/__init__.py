"""What the cluster costs, as ratios against the raw thing in the same run: `./scripts/bench [NAME…]`.

A measurement is a module with `async def measure(stage) -> Iterable[Figure]`; `bench.__main__` lists them in order.
They speak plain Kubernetes REST with aiohttp, so what is measured is what any client sees.
"""
