"""Ten thousand commands of many hands at once while it plays: none lost or done twice, and every answer is true."""

from __future__ import annotations

import collections
import math
import sys
import threading
import time

import pytest
import torch
from torch import nn

import seqdream_widget as sd
from seqdream_widget import traits
from seqdream_widget.events import Done
from tests.unit.loops import EventLoop, until

C = sd.commands
HANDS, COMMANDS = 6, 1667  # half of the hands send messages, half call submit
FROZEN = 30


@pytest.fixture(params=["thread", "asyncio"])
def w(request):
    """A widget that plays, with threads that give way to each other as often as they can."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv1d(1, 4, 5, padding=2), nn.Tanh(), nn.Flatten(), nn.Linear(160, 2))
    loop, interval = EventLoop(), sys.getswitchinterval()
    settings = {"length": 40, "threads": 1, "driver": request.param}
    widget = loop.do(lambda: sd.SeqDream(model, sd.objectives.Logit(0), **settings))
    sys.setswitchinterval(1e-6)
    yield widget
    sys.setswitchinterval(interval)
    widget.close()
    loop.close()


class Hand:
    """Steers one sample, which it holds all along; every fifth command is a bad one."""

    def __init__(self, widget, number):
        self.widget, self.sample = widget, number
        self.first = number * COMMANDS  # of its ids
        self.given = []  # the values that are good, in order
        self.answers = []  # (value, step), in order of the answers
        self.refused = 0
        self.bad = 0

    def commands(self):
        """Make all commands, with the value of each, or None where it is to be refused."""
        yield C.MovePoint(self.sample, 0.5, radius=1, gesture=self.sample + 1), 0.5
        for k in range(1, COMMANDS):
            value = self.sample + k / 4096  # exact in float32
            if k % 5:
                yield C.Edit(self.sample, [value]), value
            else:
                yield C.Edit(FROZEN if k % 2 else 39, [1.0, 1.0]), None  # frozen, and beyond the end

    def note(self, value):
        if value is None:
            self.bad += 1
        else:
            self.given.append(value)


class Submitting(Hand):
    def work(self):
        for command, value in self.commands():
            self.note(value)
            try:
                step = self.widget.session.submit(command)
            except ValueError:
                assert value is None
                self.refused += 1
            else:
                assert value is not None, "a bad command was accepted"
                self.answers.append((value, step))


class Messaging(Hand):
    """Sends messages as a page does: many on their way at once."""

    def work(self):
        self.values = {}
        for k, (command, value) in enumerate(self.commands()):
            self.note(value)
            self.values[self.first + k] = value
            until(lambda: k - len(self.answers) - self.refused < 30)  # noqa: B023 - waited for here
            self.widget._handle_custom_msg({"kind": "command", "id": self.first + k, "command": told(command)}, [])

    def hear(self, message):
        value = self.values[message["id"]]
        if message["kind"] == "refusal":
            assert value is None, message
            self.refused += 1
        else:
            assert value is not None, "a bad command was accepted"
            self.answers.append((value, message["step"]))


def told(command):
    if isinstance(command, C.MovePoint):
        move = {"index": command.index, "value": command.value, "radius": 1, "gesture": command.gesture}
        return {"type": "move_point", **move}
    return {"type": "edit", "start": command.start, "values": list(command.values)}


def test_ten_thousand_commands_of_many_hands_are_each_carried_out_once_in_order_and_truly_answered(w):
    hands = [(Messaging if number % 2 else Submitting)(w, number) for number in range(HANDS)]
    answered = []

    def hear(message, buffers=None):
        if message["kind"] in ("acknowledgement", "refusal"):
            answered.append(message["id"])
            hands[message["id"] // COMMANDS].hear(message)

    w.send = hear
    w._pages.tell_settings = lambda: None  # most of what a command costs, and not what is asked here
    w.session.submit(C.Freeze(FROZEN, FROZEN + 1))
    w.play()
    threads = [threading.Thread(target=hand.work) for hand in hands]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):  # a run that begins and ends loses nothing either
        time.sleep(0.02)
        w.pause()
        w.play()
    until(lambda: all(len(hand.answers) + hand.refused == COMMANDS for hand in hands))
    w.pause()

    assert len(answered) == len(set(answered)) == COMMANDS * HANDS // 2
    done = collections.defaultdict(list)
    for event in w.session.timeline.events():
        if isinstance(event, Done) and isinstance(event.command, C.Edit | C.MovePoint):
            edit = event.command
            where, value = (edit.start, edit.values[0]) if isinstance(edit, C.Edit) else (edit.index, edit.value)
            done[where].append(value)
    assert set(done) == set(range(HANDS))
    for hand in hands:
        assert done[hand.sample] == hand.given == [value for value, _ in hand.answers]
        assert hand.refused == hand.bad == (COMMANDS - 1) // 5
        steps = [step for _, step in hand.answers]
        assert steps == sorted(steps)
        for step, value in {step: value for value, step in hand.answers}.items():
            if step <= w.session.step_count:
                assert w.session.sequence_at(step)[0, 0, hand.sample] == value
        assert w.sequence[0, 0, hand.sample] == hand.given[-1]
    assert len({step for hand in hands for _, step in hand.answers}) > 20  # it did run meanwhile


def test_what_the_run_publishes_and_the_front_end_sets_at_the_same_time_is_neither_lost_nor_mixed(w, monkeypatch):
    monkeypatch.setattr(traits, "TRAIT_RATE", math.inf)
    state, sent, seen = {}, [], []

    def hear(message, buffers=None):
        if message["method"] == "update":
            state.update(message["state"])
            sent.extend(message["state"][name] for name in ["step_count"] if name in message["state"])

    w._send = hear
    w.observe(lambda change: seen.append(change["new"]), "step_count")
    w.observe(lambda change: wrong.append(change["new"]) if "<" in change["new"] else None, "status")
    wrong = []
    w.play()
    tries = [0]

    def set_state():
        while w.session.step_count < 400:
            w.set_state({"playing": True, "step_count": -7, "status": "<b>", "score": "high", "frozen": [[1]]})
            w.set_state({"playing": "no", "steps_per_second": None})
            tries[0] += 1

    setting = threading.Thread(target=set_state)
    setting.start()
    setting.join()
    w.pause()
    assert tries[0] > 400
    assert wrong == []
    assert seen == list(range(1, w.session.step_count + 1)) == sent
    assert set(state) >= {"playing", "step_count", "score", "probabilities", "status"}
    until(lambda: "_saved" in state)  # the loop sees to it after the run
    assert state == {name: getattr(w, name) for name in state}
    assert (w.playing, w.frozen, w.score) == (False, [], w.session.history["score"][-1])
