"""How long guessing a password takes."""

import pytest

from chassis.problems import TooManyRequests
from gateway.directory.sessions.throttle import Throttle, Throttles


def test_after_so_many_attempts_a_login_waits() -> None:
    throttle = Throttle(3, window_seconds=60)
    for _ in range(3):
        throttle.attempt("anna")
    with pytest.raises(TooManyRequests) as refused:
        throttle.attempt("anna")
    assert 1 <= int(refused.value.headers["Retry-After"]) <= 60


def test_other_logins_do_not_wait() -> None:
    throttle = Throttle(1, window_seconds=60)
    throttle.attempt("anna")
    throttle.attempt("boris")


def test_a_success_forgets_the_failures_before_it() -> None:
    throttle = Throttle(2, window_seconds=60)
    for _ in range(5):
        throttle.attempt("anna")
        throttle.forget("anna")


def test_a_success_takes_back_no_failure_of_its_address() -> None:
    throttles = Throttles(Throttle(9, 60), Throttle(2, 60))
    throttles.attempt("anna", "192.0.2.1")
    for _ in range(5):
        throttles.attempt("boris", "192.0.2.1")
        throttles.succeeded("boris", "192.0.2.1")
    throttles.attempt("clara", "192.0.2.1")
    with pytest.raises(TooManyRequests):
        throttles.attempt("daria", "192.0.2.1")
    throttles.attempt("daria", "192.0.2.2")


def test_attempts_are_forgotten_after_a_while() -> None:
    throttle = Throttle(1, window_seconds=0.0)
    throttle.attempt("anna")
    throttle.attempt("anna")


def test_memory_is_bounded() -> None:
    throttle = Throttle(1, window_seconds=60)
    for number in range(Throttle.REMEMBERED + 10):
        throttle.attempt(number)
    throttle.attempt(0)
