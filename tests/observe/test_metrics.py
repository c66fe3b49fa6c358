"""Metrics: what is counted is what a scrape reads."""

from pyk8s.observe import metrics


def test_a_counter_appears_in_the_exposition():
    requests = metrics.counter("test_requests", "Requests of this test.", "verb")
    requests.labels("get").inc(3)
    assert b'test_requests_total{verb="get"} 3.0' in metrics.exposition()
