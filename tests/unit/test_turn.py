"""Whose turn it is: jobs are done one at a time, in order, by whoever has the turn, and none is forgotten."""

from __future__ import annotations

import threading

import pytest

from seqdream_widget.turn import Turn


@pytest.fixture
def turn():
    return Turn()


@pytest.fixture
def done():
    return []


def on_thread(call):
    thread = threading.Thread(target=call)
    thread.start()
    return thread


def test_where_nobody_has_the_turn_a_job_is_done_here_and_now(turn, done):
    turn.post(lambda: done.append((threading.get_ident(), turn.mine)))
    assert done == [(threading.get_ident(), True)]
    assert not turn.mine


def test_jobs_wait_for_whoever_has_the_turn_who_does_them_in_order(turn, done):
    with turn:
        for k in range(5):
            on_thread(lambda job=(lambda k=k: done.append((k, threading.get_ident()))): turn.post(job)).join()
        assert done == []
        turn.serve()
        assert done == [(k, threading.get_ident()) for k in range(5)]
        turn.post(lambda: done.append("mine"))
        assert done[-1] == "mine"


def test_what_came_in_at_the_last_moment_is_done_when_the_turn_is_given_back_also_after_an_error(turn, done):
    def step():
        with turn:
            on_thread(lambda: turn.post(lambda: done.append(1))).join()
            raise OSError

    with pytest.raises(OSError):  # noqa: PT011 - any will do
        step()
    assert done == [1]


def test_what_comes_in_while_a_job_is_done_is_done_after_it(turn, done):
    def long_job():
        on_thread(lambda: turn.post(lambda: done.append("second"))).join()
        done.append("first")

    turn.post(long_job)
    assert done == ["first", "second"]


def test_whoever_asks_is_answered_with_what_comes_of_it(turn):
    def refuse():
        raise ValueError("no")

    answers = []
    with turn:
        asking = on_thread(lambda: answers.append(turn.ask(lambda: 3)))
        while not answers:
            turn.serve()
    asking.join()
    assert answers == [3]
    with pytest.raises(ValueError, match="no"):
        turn.ask(refuse)
    assert turn.ask(lambda: turn.ask(lambda: turn.mine))


def test_a_turn_within_a_turn_is_the_same_turn(turn, done):
    with turn:
        with turn:
            pass
        on_thread(lambda: turn.post(lambda: done.append("later"))).join()
        assert turn.mine
        assert done == []
    assert not turn.mine
    assert done == ["later"]
