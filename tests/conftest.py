"""What holds for every test."""

from hypothesis import HealthCheck, settings

# Not a promise of any code: how long an example takes on a machine that others use too.
settings.register_profile("shared", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared")
