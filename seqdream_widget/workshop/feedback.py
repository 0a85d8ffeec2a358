"""What a checker answers: what was asked for, what was seen, why it is not there yet, and what to try."""

from __future__ import annotations

import dataclasses
import html


@dataclasses.dataclass(frozen=True)
class Finding:
    """One thing that an exercise asks for, held against what was seen.

    Attributes
    ----------
    claim : str
        What is asked for, as a sentence.
    holds : bool
    seen : str
        The values that tell.
    why : str
        Why it does not hold yet; empty where it does.
    advice : str
        What to try; empty where it holds.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> finding = sd.workshop.Finding("The dream has begun.", False, "0 steps", "it never moved.", "press play")
    >>> finding.lines
    [('seen', '0 steps'), ('why', 'it never moved.'), ('try', 'press play')]
    """

    claim: str
    holds: bool
    seen: str = ""
    why: str = ""
    advice: str = ""

    @property
    def lines(self) -> list[tuple[str, str]]:
        """What is to be said beside the claim, each with its heading."""
        said = [("seen", self.seen)]
        if not self.holds:
            said += [("why", self.why), ("try", self.advice)]
        return [(heading, text) for heading, text in said if text]


@dataclasses.dataclass(frozen=True)
class Feedback:
    """What a checker says of a run.

    Attributes
    ----------
    number : int
        Of the exercise.
    title : str
    findings : tuple of Finding
        In the order in which they are best seen to.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> begun = sd.workshop.Finding("The dream has begun.", True, "150 steps")
    >>> likely = sd.workshop.Finding("The network takes it for abnormal.", False, "0.12", "too early.", "go on")
    >>> feedback = sd.workshop.Feedback(1, "First dream", (begun, likely))
    >>> feedback
    Exercise 1, First dream: not yet
      ✓ The dream has begun.
          seen: 150 steps
      ✗ The network takes it for abnormal.
          seen: 0.12
          why: too early.
          try: go on
    >>> feedback.summary
    'not yet, 1 of 2: The network takes it for abnormal.'
    """

    number: int
    title: str
    findings: tuple[Finding, ...]

    @property
    def passed(self) -> bool:
        """Whether all that is asked for holds."""
        return all(finding.holds for finding in self.findings)

    @property
    def summary(self) -> str:
        """The result in a line: passed, or what comes next."""
        if self.passed:
            return "passed"
        done = sum(finding.holds for finding in self.findings)
        following = next(finding for finding in self.findings if not finding.holds)
        return f"not yet, {done} of {len(self.findings)}: {following.claim}"

    def __repr__(self) -> str:
        """Say it in plain text."""
        lines = [f"Exercise {self.number}, {self.title}: {'passed' if self.passed else 'not yet'}"]
        for finding in self.findings:
            lines.append(f"  {'✓' if finding.holds else '✗'} {finding.claim}")
            lines += [f"      {heading}: {text}" for heading, text in finding.lines]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        head = f"Exercise {self.number}, {self.title}: {'passed' if self.passed else 'not yet'}"
        return f"<div><strong>{html.escape(head)}</strong>{self.list_in_html()}</div>"

    def list_in_html(self) -> str:
        """Return the findings as a list for a page; all words are text there."""
        items: list[str] = []
        for finding in self.findings:
            said = "".join(
                f"<br><span style='opacity:.7'>{heading}:</span> {html.escape(text)}" for heading, text in finding.lines
            )
            items.append(f"<li>{'✓' if finding.holds else '✗'} {html.escape(finding.claim)}{said}</li>")
        return f"<ul style='list-style:none;padding-left:.5em;text-align:left'>{''.join(items)}</ul>"
