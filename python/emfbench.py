# SPDX-License-Identifier: Apache-2.0
"""Records of emfbench for Python: lists of plain dicts, from a run folder, a result.json, a report, or a store.

    import emfbench, pandas
    run = emfbench.load("store/reports/smoke")       # or emfbench.load("store", "smoke")
    rows = pandas.DataFrame(run.rows)                # one line a score
    items = pandas.DataFrame(run.items)              # one line a prompt and cell

It needs the standard library alone (Python 3.9 and later), reads and never writes. One file: copy it beside a notebook,
or put this folder on PYTHONPATH. Values stand as the record has them; nothing is rounded, and what a
record does not hold is an empty list, not an error.
"""

from __future__ import annotations

import json
import math
import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Iterable, List, Optional, Tuple, Union

__all__ = ["Run", "RecordError", "load", "runs", "mean_over_seeds"]

Row = Dict[str, Any]
PathLike = Union[str, Path]

SCHEMA = "emf.result/1"


class RecordError(ValueError):
    """A path that is no record, or a record that this file cannot read; the message names it and what to do."""


@dataclass(frozen=True)
class Run:
    """One finished run. Every list holds flat dicts, which pandas.DataFrame and csv.DictWriter take as they are."""

    name: str
    """The suite's name, or the one that the run was given by --as."""
    path: Path
    """The result.json that was read."""
    result: Row
    """The whole record (reports/schema/result.schema.json)."""
    provenance: Row
    """Commit, machine, versions, times (reports/schema/provenance.schema.json); empty where the record came without."""

    @property
    def rows(self) -> List[Row]:
        """A dict a score: encoder, objective, steps, seed, metric, value, low, high, n, run, checkpoint, official,
        warnings, why. `value` is None where there is none (`why` says why), `low` and `high` are the 95 % interval's
        ends or None. Scores of real pictures have the encoder "real". Seconds a picture, which the provenance holds,
        come last as the metric "seconds_per_picture"."""
        timed = [
            {**row, "metric": "seconds_per_picture", "ci95": None, "n": len(self.result["prompts"])}
            for row in self.provenance.get("seconds_per_picture", [])
        ]
        return [self._row(row) for row in [*self.result.get("rows", []), *timed]]

    @staticmethod
    def _row(row: Row) -> Row:
        low, high = row.get("ci95") or (None, None)
        return {
            **{key: row.get(key) for key in ("encoder", "objective", "steps", "seed", "metric", "value")},
            "low": low,
            "high": high,
            "n": row.get("n"),
            "run": row.get("run"),
            "checkpoint": row.get("checkpoint"),
            "official": bool(row.get("official", False)),
            "warnings": "; ".join(row.get("warnings", [])),
            "why": row.get("why"),
        }

    @property
    def items(self) -> List[Row]:
        """A dict a judged prompt and cell: encoder, objective, steps, seed, checkpoint, prompt (its place, from 0),
        text, tag, held_out, score. `score` is the main metric's word on the prompt's picture, None where it has none.
        Records made before items were kept have none."""
        prompts = self.result["prompts"]
        found: List[Row] = []
        for cell in self.result.get("items", []):
            if len(cell["scores"]) != len(prompts):
                raise RecordError(f"{self.path}: {len(cell['scores'])} scores of {len(prompts)} prompts; it is damaged")
            place = {key: cell.get(key) for key in ("encoder", "objective", "steps", "seed", "checkpoint")}
            for number, (prompt, score) in enumerate(zip(prompts, cell["scores"])):
                found.append(
                    {
                        **place,
                        "prompt": number,
                        "text": prompt["text"],
                        "tag": prompt["tag"],
                        "held_out": prompt["held_out"],
                        "score": score,
                    }
                )
        return found

    @property
    def curves(self) -> List[Row]:
        """A dict a point of a training: encoder, objective, seed, run, pictures (seen so far), residual (before
        weighting; heights of two objectives are not comparable)."""
        return [
            {
                **{key: curve.get(key) for key in ("encoder", "objective", "seed", "run")},
                "pictures": int(pictures),
                "residual": residual,
            }
            for curve in self.result.get("curves", [])
            for pictures, residual in curve["points"]
        ]

    @property
    def probes(self) -> List[Row]:
        """A dict a probe, encoder and mode: probe, encoder, mode, value, low, high, n_queries, n_candidates."""
        found: List[Row] = []
        for probe in self.result.get("probes", []):
            for mode, score in probe["modes"].items():
                low, high = score["ci95"] or (None, None)
                found.append(
                    {
                        "probe": probe.get("name", probe["probe"]),
                        "encoder": probe["encoder"],
                        "mode": mode,
                        "value": score["value"],
                        "low": low,
                        "high": high,
                        "n_queries": probe["n_queries"],
                        "n_candidates": probe["n_candidates"],
                    }
                )
        return found

    @property
    def comparisons(self) -> List[Row]:
        """A dict a paired difference a - b: name, metric, a, b ("encoder/objective/steps"), difference, low, high, p,
        p_holm, p_bh, n."""
        found: List[Row] = []
        for row in self.result.get("comparisons", []):
            low, high = row["ci95"] or (None, None)
            sides = {side: "{encoder}/{objective}/{steps}".format(**row[side]) for side in ("a", "b")}
            rest = {key: row.get(key) for key in ("difference", "p", "p_holm", "p_bh", "n")}
            found.append({"name": row["name"], "metric": row["metric"], **sides, **rest, "low": low, "high": high})
        return found

    @property
    def budgets(self) -> List[Row]:
        """A dict a trained row: run, encoder, objective, seed, pictures, pretraining_pictures, flops, parameters."""
        return [dict(row) for row in self.result.get("budgets", [])]

    @property
    def claims(self) -> List[Row]:
        """A dict a claim of the suite: name, metric, verdict ("pass", "fail", "undecided"), detail, ..."""
        return [_flat(row) for row in self.result.get("claims", [])]

    @property
    def claim_comparisons(self) -> List[Row]:
        """Of claims about several comparisons each one: claim's name, label, verdict, difference, ci95, p, p_holm."""
        return [
            {"name": claim.get("name"), **_flat(one)}
            for claim in self.result.get("claims", [])
            for one in claim.get("comparisons", [])
        ]

    def select(self, **wanted: Any) -> List[Row]:
        """Rows whose fields are all as asked: run.select(metric="geneval", steps=1)."""
        for key in wanted:
            if key not in self._row({}):
                raise KeyError(f"rows have no field '{key}'; they have {', '.join(self._row({}))}")
        return [row for row in self.rows if all(row[key] == value for key, value in wanted.items())]


def mean_over_seeds(rows: Iterable[Row]) -> List[Row]:
    """One dict for all seeds of a cell: its fields, value (mean), spread (sample standard deviation, None of one seed),
    seeds (with a value), missing (without one). Rows of checkpoints stay apart."""
    cells: Dict[Tuple[Any, ...], List[Optional[float]]] = {}
    names = ("encoder", "objective", "steps", "metric", "checkpoint")
    for row in rows:
        cells.setdefault(tuple(row[name] for name in names), []).append(row["value"])
    means: List[Row] = []
    for place, values in cells.items():
        there = [value for value in values if value is not None]
        means.append(
            {
                **dict(zip(names, place)),
                "value": math.fsum(there) / len(there) if there else None,
                "spread": statistics.stdev(there) if len(there) > 1 else None,
                "seeds": len(there),
                "missing": len(values) - len(there),
            }
        )
    return means


def _flat(row: Row) -> Row:
    """Without the tables and lists within, but for an interval."""
    return {key: value for key, value in row.items() if key == "ci95" or not isinstance(value, (dict, list))}


def _read(path: Path) -> Row:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RecordError(f"{path}: {error}") from error
    if not isinstance(document, dict):
        raise RecordError(f"{path}: no JSON object")
    return document


def _load_file(path: Path) -> Run:
    result = _read(path)
    if result.get("schema") != SCHEMA:
        raise RecordError(f"{path}: its schema is {result.get('schema')!r}, and this file reads {SCHEMA!r}")
    beside = path.parent / "provenance.json"
    return Run(str(result["suite"]), path, result, _read(beside) if beside.is_file() else {})


def runs(store: PathLike) -> List[Run]:
    """Every record of a store, the newest first: by its number in the store, which no clock can mislead."""
    found = [_load_file(path) for path in sorted(Path(store).glob("runs/suite/*/result.json"))]
    return sorted(
        found,
        key=lambda run: (run.provenance.get("sequence", 0), run.provenance.get("finished", "")),
        reverse=True,
    )


def load(path: PathLike, name: Optional[str] = None) -> Run:
    """Reads one record.

    path: a result.json; a folder that holds one (a report, a run's folder); or a store.
    name: of a store, the run's: what `emfbench status` lists. Without it the store must hold runs of one name alone.

    Of several records of a name the newest is read, as `emfbench report` does. Digests are not checked: that is
    `emfbench store verify`'s work.

    Raises RecordError, which names what is there instead.
    """
    path = Path(path)
    file = path / "result.json" if path.is_dir() else path
    if file.is_file():
        run = _load_file(file)
        if name is not None and name != run.name:
            raise RecordError(f"{file} is the record of '{run.name}', not of '{name}'")
        return run
    if not (path / "runs" / "suite").is_dir():
        raise RecordError(f"{path} is no result.json, holds none, and is no store (it has no runs/suite)")
    found = runs(path)
    names = sorted({run.name for run in found})
    if not found:
        raise RecordError(f"{path} holds no finished run; make one with: emfbench run smoke")
    if name is None and len(names) > 1:
        raise RecordError(f"{path} holds runs of several names; give one of: {', '.join(names)}")
    for run in found:
        if name is None or run.name == name:
            return run
    raise RecordError(f"{path} has no finished run of '{name}'; it has: {', '.join(names)}")
