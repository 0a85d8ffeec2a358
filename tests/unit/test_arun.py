"""``await session.arun()``: steps on an event loop, which sees to everything else in between."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

import seqdream_widget as sd
from tests.unit.loops import awaited, in_thread
from tests.unit.programs import new, state_of

C = sd.commands


def test_arun_takes_the_steps_of_run():
    one, two = new(), new()
    asyncio.run(one.arun(40))
    two.run(40)
    assert state_of(one) == state_of(two)
    asyncio.run(one.arun(0))
    assert one.step_count == 40


def test_the_callback_hears_of_every_step_the_last_one_included():
    session, heard = new(), []
    session.run(5, lambda session: heard.append(session.step_count))
    asyncio.run(session.arun(5, lambda session: heard.append(session.step_count)))
    session.run(5, lambda session: heard.append(session.step_count) or session.step_count < 12)
    assert heard == list(range(1, 13))


def test_arun_goes_on_until_the_callback_says_no():
    session = new()
    asyncio.run(session.arun(callback=lambda session: session.step_count < 30))
    assert session.step_count == 30
    with pytest.raises(ValueError, match="steps = -1 is not allowed"):
        asyncio.run(session.arun(-1))


def test_other_tasks_have_their_turns_and_many_steps_are_taken_between_them():
    async def main():
        beats = []

        async def heart():
            while True:
                beats.append(session.step_count)
                await asyncio.sleep(0)

        beating = asyncio.create_task(heart())
        await session.arun(600)
        beating.cancel()
        return sorted(set(beats))

    session = new()
    turns = asyncio.run(main())
    assert len(turns) > 3
    assert len(turns) < 300


def test_what_is_submitted_meanwhile_by_a_task_or_a_thread_comes_between_two_steps():
    async def main():
        running = asyncio.create_task(session.arun())
        await awaited(lambda: session.step_count > 10)
        at = session.submit(C.Edit(0, [2.0]))
        assert at == session.step_count + 1
        also_at = await asyncio.wrap_future(in_thread(lambda: session.submit(C.Edit(1, [-2.0]))))
        await awaited(lambda: session.step_count > also_at + 5)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert session.sequence_at(at)[0, 0, 0] != session.sequence_at(at - 1)[0, 0, 0]
        return at, also_at

    session = new(regularizers=())
    at, also_at = asyncio.run(main())
    again = new(regularizers=())
    again.run(at - 1)
    again.submit(C.Edit(0, [2.0]))
    again.run(also_at - at)
    again.submit(C.Edit(1, [-2.0]))
    again.run(session.step_count - also_at + 1)
    assert state_of(again) == state_of(session)


def test_a_cancelled_arun_is_whole_and_goes_on_to_the_same_bits():
    async def main():
        for _ in range(10):
            running = asyncio.create_task(session.arun())
            steps = session.step_count
            await awaited(lambda: session.step_count > steps)  # noqa: B023 - awaited here
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running
        return session.step_count

    session, alone = new(), new()
    steps = asyncio.run(main())
    alone.run(steps)
    assert state_of(session) == state_of(alone)


def test_while_arun_goes_the_session_is_nobody_elses():
    async def main():
        running = asyncio.create_task(session.arun())
        await awaited(lambda: session.step_count > 3)
        for other in (session.undo, session.branch, lambda: session.run(1)):
            with pytest.raises(RuntimeError, match="running already; pause it first"):
                other()
        with pytest.raises(RuntimeError, match="running already"):
            await session.arun(1)
        running.cancel()

    session = new()
    asyncio.run(main())
    session.run(1)


def test_a_step_that_goes_wrong_in_arun_is_told_and_the_session_is_free():
    session = new()
    arrange, session.scene.probe._arrange = session.scene.probe._arrange, None
    with pytest.raises(sd.StepError):
        asyncio.run(session.arun(5))
    session.scene.probe._arrange = arrange
    session.run(2)
    assert session.step_count == 2
