"""A real kernel, and what a front end does with it: run cells, speak to a widget's comm, interrupt, restart."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jupyter_client import KernelManager
from jupyter_client.kernelspec import KernelSpec

ROOT = Path(__file__).parents[2]
SETUP = """
import asyncio, threading, time
import ipykernel, torch
import seqdream_widget as sd
from seqdream_widget import pages
demo = sd.load_demo("ecg5000")
def make(driver="auto"):
    return sd.SeqDream(demo.model, sd.objectives.Logit(0), data=demo.data, start=3, threads=1, driver=driver)
def same_bits(session):
    "Whether the session has the bits of one that was never interrupted."
    alone = sd.Session(demo.model, sd.objectives.Logit(0), data=demo.data, start=3)
    alone.run(session.step_count)
    return torch.equal(alone.sequence, session.sequence)
def edited(w):
    return any(hasattr(event, "command") for event in w.session.timeline.events())
"""
Message = dict[str, Any]


class FrontEnd:
    """One kernel and its messages. Nothing runs in the background: waiting for something is what reads messages."""

    def __init__(self, python: Path | str) -> None:
        self.manager = KernelManager()
        self.manager._kernel_spec = KernelSpec(
            argv=[str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"],
            display_name="",
            language="python",
        )
        self.manager.start_kernel(env={**os.environ, "PYTHONPATH": str(ROOT)}, cwd=str(ROOT))
        self._connect()

    def _connect(self) -> None:
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)
        self.told: list[Message] = []  # all that the kernel published, in order
        self.replies: dict[str, Message] = {}  # by the message that was replied to

    def restart(self) -> None:
        self.client.stop_channels()
        self.manager.restart_kernel()
        self._connect()

    def shut_down(self) -> int:
        """Ask the kernel to end, and return the code with which it does."""
        process = self.manager.provisioner.process
        self.control("shutdown_request", restart=False)
        code = process.wait(timeout=20)
        self.close()
        return code

    def close(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)

    # ---- waiting ------------------------------------------------------------------------------------------------

    def until(self, condition: Callable[[], Any], what: str = "", seconds: float = 30.0) -> Any:
        """Read messages until the condition holds, and return what it gave."""
        end = time.monotonic() + seconds
        while not (value := condition()):
            assert time.monotonic() < end, f"waited in vain {what}"
            self._read()
        return value

    def _read(self) -> None:
        for channel in (self.client.iopub_channel, self.client.shell_channel, self.client.control_channel):
            while channel.msg_ready():
                message = channel.get_msg(timeout=1)
                if channel is self.client.iopub_channel:
                    self.told.append(message)
                else:
                    self.replies[message["parent_header"].get("msg_id", "")] = message["content"]
        time.sleep(0.002)

    # ---- cells --------------------------------------------------------------------------------------------------

    def start(self, code: str, *, subshell: str | None = None) -> str:
        """Run a cell, and do not wait for it."""
        message = self.client.session.msg("execute_request", {"code": code, "silent": False, "allow_stdin": False})
        message["header"]["subshell_id"] = subshell
        self.client.shell_channel.send(message)
        return message["header"]["msg_id"]

    def finish(self, cell: str, status: str = "ok") -> str:
        """Wait until a cell has ended as it should, and return what it printed."""
        reply = self.until(lambda: self.replies.get(cell), "for a cell to end")
        assert reply["status"] == status, reply.get("traceback", reply)
        self.until(lambda: any(m["content"].get("execution_state") == "idle" for m in self.about(cell)))
        return "".join(m["content"]["text"] for m in self.about(cell) if m["msg_type"] == "stream")

    def run(self, code: str, **where: Any) -> str:
        """Run a cell to its end, and return what it printed."""
        return self.finish(self.start(code, **where))

    def begun(self, cell: str) -> str:
        """Wait until a cell has begun, and return it."""
        self.until(lambda: any(m["msg_type"] == "execute_input" for m in self.about(cell)), "for a cell to begin")
        return cell

    def about(self, message: str) -> list[Message]:
        return [m for m in self.told if m["parent_header"].get("msg_id") == message]

    def ask(self, expression: str) -> Any:
        """Ask Python what it holds."""
        return eval(self.run(f"print(repr({expression}))"))

    def control(self, kind: str, **content: Any) -> Message:
        """Send a request on the control channel, and return the reply."""
        message = self.client.session.msg(kind, content)
        self.client.control_channel.send(message)
        return self.until(lambda: self.replies.get(message["header"]["msg_id"]), f"for {kind}")


class View:
    """A view of a widget: speaks to its comm and hears what it says."""

    def __init__(self, front_end: FrontEnd, name: str, subshell: str | None = None) -> None:
        self.front_end = front_end
        self.comm = front_end.ask(f"{name}.comm.comm_id")
        self.subshell = subshell
        self._next = 0
        self.send(kind="hello", protocol=1)
        before = len(self.heard("snapshot"))
        front_end.until(lambda: len(self.heard("snapshot")) > before, "for the snapshot")

    def send(self, **content: Any) -> None:
        """Send a custom message."""
        self._send({"method": "custom", "content": content})

    def set(self, **state: Any) -> None:
        """Set traits, as a linked control does."""
        self._send({"method": "update", "state": state, "buffer_paths": []})

    def edit(self, start: int, value: float = 2.5) -> int:
        """Edit one sample and return the command's id."""
        self._next += 1
        self.send(kind="command", id=self._next, command={"type": "edit", "start": start, "values": [value]})
        return self._next

    def _send(self, data: Message) -> None:
        session = self.front_end.client.session
        message = session.msg("comm_msg", {"comm_id": self.comm, "data": data})
        message["header"]["subshell_id"] = self.subshell
        self.front_end.client.shell_channel.send(message)

    def heard(self, kind: str | None = None) -> list[Message]:
        """List what the widget has said, of one kind if given."""
        said = [
            m["content"]["data"]
            for m in self.front_end.told
            if m["msg_type"] == "comm_msg" and m["content"]["comm_id"] == self.comm
        ]
        told = [data["content"] for data in said if data["method"] == "custom"]
        return [content for content in told if kind in (None, content["kind"])]

    def answers(self, numbers: list[int]) -> list[int]:
        """Wait until commands are acknowledged, and return their steps."""

        def steps() -> dict[int, int]:
            return {told["id"]: told["step"] for told in self.heard("acknowledgement")}

        self.front_end.until(lambda: set(numbers) <= set(steps()), "for answers")
        return [steps()[number] for number in numbers]

    def see(self, frames: int = 3) -> None:
        """Wait until so many more frames have come."""
        goal = len(self.heard("frame")) + frames
        self.front_end.until(lambda: len(self.heard("frame")) >= goal, "for frames")

    @property
    def settings(self) -> Message:
        """The settings that were told last."""
        told = [message for message in self.heard() if message["kind"] in ("settings", "snapshot")]
        return told[-1]["settings"]
