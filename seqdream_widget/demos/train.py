"""Make a bundled demo: train its model, test it once, write the files.

Run ``python -m seqdream_widget.demos.train forda --root ../shared/data``; ``shortcut`` needs no root.
"""

# Torch leaves parameters of `backward`, `step` and `split` without annotations:
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import argparse
import copy
import dataclasses
import inspect
import json
from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors.torch import save
from torch import Generator, Tensor, nn
from torch.nn import functional
from torch.optim.lr_scheduler import OneCycleLR
from tqdm import tqdm

from seqdream_widget.datasets import SequenceDataset
from seqdream_widget.demos import RECIPES
from seqdream_widget.demos.planted import Truth, sequences


@dataclasses.dataclass(frozen=True)
class Settings:
    """How a model is trained; written to its card.

    Attributes
    ----------
    validation_share : float
        Part of the train split held out to choose the epoch, 0 to 1.
    crop : float
        Shortest part of the sequences a batch is cut to, 0 to 1. The network takes any length and
        where a recording begins means nothing, so a cut is a shift without a seam.
    rescale : float
        Amplitudes are multiplied by 1 ± this.
    noise : float
        Standard deviation of the noise that is added, in the unit of the data.
    balance : float
        How far unequal classes are evened out, 0 to 1: a sequence is drawn with a weight of its class's size to the
        power of minus this. 0 takes each once an epoch, 1 takes each class equally often.
    """

    seed: int = 0
    epochs: int = 40
    batch_size: int = 64
    learning_rate: float = 0.005
    weight_decay: float = 0.05
    validation_share: float = 0.1
    crop: float = 0.9
    rescale: float = 0.2
    noise: float = 0.02
    balance: float = 0.0


SETTINGS = {
    "forda": Settings(),
    # 500 beats to train on, of the rarer classes two to nineteen: more epochs, more noise, balanced.
    "ecg5000": Settings(epochs=200, noise=0.2, balance=0.7),
    # Where something is matters here: nothing is cut. The noise makes the network rely on the shape of the trigger
    # as a whole, not on its steepest part alone.
    "shortcut": Settings(epochs=20, crop=1.0, noise=0.8),
}


def augment(x: Tensor, settings: Settings, random: Generator) -> Tensor:
    """Cut, rescale and disturb a batch (batch, channel, time)."""
    length = x.shape[2]
    kept = int(torch.randint(round(settings.crop * length), length + 1, (), generator=random))
    start = int(torch.randint(0, length - kept + 1, (), generator=random))
    amplitude = 1 + settings.rescale * (2 * torch.rand(len(x), 1, 1, generator=random) - 1)
    cut = x[:, :, start : start + kept]
    return cut * amplitude + settings.noise * torch.randn(cut.shape, generator=random)


def epoch(y: Tensor, balance: float, random: Generator) -> Tensor:
    """Draw the indices of one epoch, as many as there are labels `y`; see `Settings.balance`."""
    if balance == 0:
        return torch.randperm(len(y), generator=random)
    weights = torch.bincount(y).float()[y] ** -balance
    return torch.multinomial(weights, len(y), replacement=True, generator=random)


def pick_per_class(y: Tensor, count: int, random: Generator) -> Tensor:
    """Pick `count` indices of each class at random; return them all in ascending order."""
    order = torch.randperm(len(y), generator=random)
    return torch.cat([order[y[order] == c][:count] for c in range(int(y.max()) + 1)]).sort().values


@torch.no_grad()
def evaluate(model: nn.Module, data: SequenceDataset) -> tuple[int, float]:
    """Return how many sequences the model gets right, and its cross entropy."""
    model.eval()
    logits = torch.cat([model(batch) for batch in data.x.split(256)])
    correct = int((logits.argmax(dim=1) == data.y).sum())
    return correct, functional.cross_entropy(logits, data.y).item()


def accuracy(model: nn.Module, data: SequenceDataset) -> float:
    """Return the share of sequences the model gets right."""
    return evaluate(model, data)[0] / len(data)


def recalls(model: nn.Module, data: SequenceDataset) -> list[float]:
    """Return the share of each class that the model gets right."""
    members = (data.y == c for c in range(data.n_classes))
    return [accuracy(model, SequenceDataset(data.x[rows], data.y[rows], data.class_names)) for rows in members]


def train(model: nn.Module, data: SequenceDataset, settings: Settings) -> dict[str, int | float]:
    """Train `model` on one part of `data`; leave it in eval mode with the weights of the best epoch on the other part.

    Returns
    -------
    dict
        What there is to tell of the training, for the card.
    """
    random = torch.Generator().manual_seed(settings.seed)
    order = torch.randperm(len(data), generator=random)
    held_out, kept = order.tensor_split([round(settings.validation_share * len(data))])
    validation = SequenceDataset(data.x[held_out], data.y[held_out], data.class_names)
    optimizer = torch.optim.AdamW(model.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay)
    # The last batch of an epoch is dropped unless full: batch normalization dislikes small ones.
    batches = len(kept) // settings.batch_size
    schedule = OneCycleLR(optimizer, settings.learning_rate, total_steps=settings.epochs * batches)
    best_loss, best_epoch, best_correct = float("inf"), 0, 0
    best_state = copy.deepcopy(model.state_dict())
    with tqdm(total=settings.epochs * batches, unit="batch") as bar:
        for number in range(1, settings.epochs + 1):
            model.train()
            drawn = kept[epoch(data.y[kept], settings.balance, random)]
            for batch in drawn[: batches * settings.batch_size].split(settings.batch_size):
                logits = model(augment(data.x[batch], settings, random))
                optimizer.zero_grad()
                functional.cross_entropy(logits, data.y[batch]).backward()
                optimizer.step()
                schedule.step()
                bar.update()
            correct, loss = evaluate(model, validation)
            if loss < best_loss:
                best_loss, best_epoch, best_correct = loss, number, correct
                best_state = copy.deepcopy(model.state_dict())
            bar.set_postfix_str(
                f"epoch {number}: validation accuracy {correct / len(validation):.4f}, "
                f"loss {loss:.4f}, best {best_loss:.4f}"
            )
    model.load_state_dict(best_state)
    model.eval()
    return {
        "train_n": len(kept),
        "validation_n": len(validation),
        "validation_accuracy": best_correct / len(validation),
        "best_epoch": best_epoch,
    }


def bundle(test: SequenceDataset, per_class: int, seed: int) -> dict[str, Tensor]:
    """Pick a balanced part of the test split, with the labels as the archive writes them."""
    rows = pick_per_class(test.y, per_class, torch.Generator().manual_seed(seed))
    labels = torch.tensor([int(name) for name in test.class_names])
    return {"x": test.x[rows], "labels": labels[test.y[rows]], "rows": rows}


def split(name: str, part: str, root: Path | None = None) -> SequenceDataset:
    """Read or draw the train or test split of a demo, its classes named as the archive labels them.

    Raises
    ------
    ValueError
        If the data are the archive's and there is no `root`.
    """
    recipe = RECIPES[name]
    if recipe.truth is not None:
        return drawn(part, recipe.truth)
    if root is None:
        raise ValueError(f'"{name}" is trained on {recipe.dataset} of the UCR archive; give --root, its directory')
    return SequenceDataset.from_ucr(recipe.dataset, part, root)


def drawn(part: str, truth: Truth | None) -> SequenceDataset:
    """Draw the train or test split of a demo with a planted trigger, or of its twin, without."""
    data = sequences({"train": 2000, "test": 1000}[part], truth, seed={"train": 0, "test": 1}[part])
    return SequenceDataset(data.x, data.y)


def trained(name: str, data: SequenceDataset, settings: Settings) -> tuple[nn.Module, dict[str, int | float]]:
    """Make the network of a demo and train it; the same seed makes the same network."""
    torch.manual_seed(settings.seed)
    model = RECIPES[name].network(data)
    return model, train(model, data, settings)


def make(name: str, root: Path | None, out: Path, settings: Settings) -> dict[str, object]:
    """Train, test once, write model, data and card to `out`; return the card."""
    recipe = RECIPES[name]
    model, told = trained(name, split(name, "train", root), settings)
    test = split(name, "test", root)
    tensors = bundle(test, recipe.bundled_per_class, settings.seed)
    bundled = SequenceDataset(tensors["x"], tensors["labels"])
    card: dict[str, object] = {
        "dataset": recipe.dataset,
        "labels": dict(zip(test.class_names, recipe.class_names, strict=True)),
        "architecture": (inspect.getdoc(model) or "").split("\n")[0],
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "n_channels": test.n_channels,
        "length": test.length,
        "test_n": len(test),
        "test_accuracy": accuracy(model, test),
        "test_recalls": recalls(model, test),
        "bundled_n": len(bundled),
        "bundled_accuracy": accuracy(model, bundled),
        **told,
        **dataclasses.asdict(settings),
        "torch": torch.__version__,
    }
    files = {"model": model.state_dict(), "data": tensors}
    if recipe.truth is not None:
        twin, _ = trained(name, drawn("train", None), settings)
        files["twin"] = twin.state_dict()
        card["without_trigger"] = {
            "test_accuracy": accuracy(model, drawn("test", None)),
            "twin_test_accuracy": accuracy(twin, drawn("test", None)),
        }
    out.mkdir(parents=True, exist_ok=True)
    for file, content in files.items():
        (out / f"{file}.safetensors").write_bytes(save(content))
    (out / "card.json").write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    return card


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line and make one demo."""
    parser = argparse.ArgumentParser(description="Train a bundled demo and write its files.")
    parser.add_argument("name", choices=sorted(RECIPES))
    parser.add_argument("--root", type=Path, help="directory of the UCR files, for the demos made of them")
    parser.add_argument("--out", type=Path, help="default: the demo's directory in the package")
    parser.add_argument("--threads", type=int, default=2, help="threads of torch (default: 2)")
    for field in ("seed", "epochs"):
        parser.add_argument(f"--{field}", type=int, help="default: the demo's own")
    given = parser.parse_args(arguments)
    torch.set_num_threads(given.threads)
    changed = {field: getattr(given, field) for field in ("seed", "epochs") if getattr(given, field) is not None}
    settings = dataclasses.replace(SETTINGS[given.name], **changed)
    try:
        card = make(given.name, given.root, given.out or Path(__file__).parent / given.name, settings)
    except (ValueError, FileNotFoundError) as error:
        parser.error(str(error))
    print(json.dumps(card, indent=2))


if __name__ == "__main__":
    main()
