# SPDX-License-Identifier: Apache-2.0
"""Tests of emfbench.py and of the example notebook; the standard library alone.

ctest runs it with the record that the repository ships and with tiny ones made here. Cells of the notebook are run
without jupyter; those that need a package (tag "needs:NAME") are skipped by name where it is not installed.
"""

import contextlib
import csv
import importlib.util
import io
import json
import os
import sys
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import emfbench  # noqa: E402

SHIPPED = HERE.parent / "docs" / "results" / "standard"


def tiny(name="tiny", shift=0.0):
    """Two encoders, one step, two seeds, two prompts."""
    rows, items = [], []
    for encoder, value in (("llm", 0.75), ("hash", 0.5)):
        for seed in (0, 1):
            cell = {"encoder": encoder, "objective": "mean_flow", "steps": 1, "seed": seed}
            score = value + shift + 0.125 * seed
            rows.append({**cell, "metric": "geneval", "value": score, "ci95": [0.25, 1.0], "n": 2, "run": "aa"})
            items.append({**cell, "scores": [1.0, None]})
    rows.append({**rows[0], "seed": 2, "value": None, "ci95": None, "why": "failed", "warnings": ["small_n", "few"]})
    return {
        "schema": "emf.result/1",
        "kind": "suite",
        "suite": name,
        "question": "Does it read?",
        "spec_hash": "bb",
        "prompts": [
            {"text": "a cat", "tag": "single_object", "held_out": False},
            {"text": "two dogs", "tag": "counting", "held_out": True},
        ],
        "rows": rows,
        "items": items,
        "curves": [
            {"run": "aa", "encoder": "llm", "objective": "mean_flow", "seed": 0, "points": [[64, 0.9], [128, 0.5]]}
        ],
        "probes": [
            {
                "probe": "retrieval",
                "encoder": "llm",
                "modes": {"raw": {"value": 0.5, "ci95": [0.4, 0.6]}, "centred": {"value": None, "ci95": None}},
                "n_queries": 2,
                "n_candidates": 1,
            }
        ],
    }


class Records(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.store = Path(self.folder.name)
        self.addCleanup(self.folder.cleanup)

    def record(self, hash_, result, provenance=None):
        folder = self.store / "runs" / "suite" / hash_
        folder.mkdir(parents=True)
        (folder / "result.json").write_text(json.dumps(result), encoding="utf-8")
        if provenance is not None:
            (folder / "provenance.json").write_text(json.dumps(provenance), encoding="utf-8")
        return folder

    def test_rows_are_flat(self):
        timed = {"encoder": "llm", "objective": "mean_flow", "steps": 1, "seed": 0, "run": "aa", "value": 0.25}
        folder = self.record("a", tiny(), {"sequence": 1, "seconds_per_picture": [timed]})
        run = emfbench.load(folder)
        self.assertEqual(run.name, "tiny")
        self.assertEqual(len(run.rows), 6)
        self.assertEqual(run.rows[0]["low"], 0.25)
        self.assertEqual(run.rows[4]["value"], None)
        self.assertEqual(run.rows[4]["why"], "failed")
        self.assertEqual(run.rows[4]["warnings"], "small_n; few")
        self.assertEqual(run.rows[5]["metric"], "seconds_per_picture")
        self.assertEqual(run.rows[5]["n"], 2)
        for rows in (run.rows, run.items, run.curves, run.probes):
            self.assertEqual({tuple(row) for row in rows}, {tuple(rows[0])}, "every line has the same fields")
            for row in rows:
                self.assertFalse([value for value in row.values() if isinstance(value, (list, dict))])
        text = io.StringIO()
        writer = csv.DictWriter(text, list(run.rows[0]))
        writer.writeheader()
        writer.writerows(run.rows)
        self.assertEqual(len(text.getvalue().splitlines()), 7)

    def test_items_and_curves(self):
        run = emfbench.load(self.record("a", tiny()) / "result.json")
        self.assertEqual(len(run.items), 8)
        self.assertEqual(run.items[1]["text"], "two dogs")
        self.assertEqual(run.items[1]["score"], None)
        self.assertEqual([point["pictures"] for point in run.curves], [64, 128])
        self.assertEqual(run.probes[1]["value"], None)
        self.assertEqual(run.provenance, {})
        damaged = tiny()
        damaged["items"][0]["scores"] = [1.0]
        with self.assertRaisesRegex(emfbench.RecordError, "damaged"):
            emfbench.load(self.record("b", damaged)).items

    def test_mean_over_seeds(self):
        run = emfbench.load(self.record("a", tiny()))
        llm, hashed = emfbench.mean_over_seeds(run.select(metric="geneval"))
        self.assertEqual((llm["value"], llm["seeds"], llm["missing"]), (0.8125, 2, 1))
        self.assertAlmostEqual(llm["spread"], 0.0883883, 6)
        self.assertEqual(hashed["value"], 0.5625)
        self.assertEqual(len(run.select(encoder="hash", seed=1)), 1)
        with self.assertRaisesRegex(KeyError, "no field 'step'"):
            run.select(step=1)

    def test_the_newest_of_a_store_by_its_number(self):
        self.record("a", tiny(shift=0.0625), {"sequence": 7, "finished": "2020-01-01T00:00:00Z"})
        self.record("b", tiny(), {"sequence": 6, "finished": "2036-01-01T00:00:00Z"})
        self.assertEqual(emfbench.load(self.store).rows[0]["value"], 0.8125)
        self.record("c", tiny("other"), {"sequence": 8})
        with self.assertRaisesRegex(emfbench.RecordError, "other, tiny"):
            emfbench.load(self.store)
        self.assertEqual(emfbench.load(self.store, "other").name, "other")
        self.assertEqual([run.name for run in emfbench.runs(self.store)], ["other", "tiny", "tiny"])
        with self.assertRaisesRegex(emfbench.RecordError, "no finished run of 'tyni'"):
            emfbench.load(self.store, "tyni")

    def test_what_is_no_record_is_named(self):
        with self.assertRaisesRegex(emfbench.RecordError, "is no store"):
            emfbench.load(self.store)
        (self.store / "result.json").write_text("{", encoding="utf-8")
        with self.assertRaisesRegex(emfbench.RecordError, "result.json"):
            emfbench.load(self.store)
        (self.store / "result.json").write_text('{"schema": "emf.result/2"}', encoding="utf-8")
        with self.assertRaisesRegex(emfbench.RecordError, "emf.result/2"):
            emfbench.load(self.store)

    def test_claims_are_flat(self):
        one = {"label": "llm, 1 step", "verdict": "pass", "difference": 0.25, "ci95": [0.1, 0.4]}
        claim = {"name": "c", "claim": "a > b", "at": {"steps": ["1"]}, "verdict": "pass", "comparisons": [one]}
        record = {"schema": "emf.result/1", "suite": "s", "rows": [], "claims": [claim]}
        (self.store / "result.json").write_text(json.dumps(record), encoding="utf-8")
        run = emfbench.load(self.store / "result.json")
        self.assertEqual(run.claims, [{"name": "c", "claim": "a > b", "verdict": "pass"}])
        self.assertEqual(run.claim_comparisons, [{"name": "c", **one}])

    def test_the_shipped_record(self):
        run = emfbench.load(SHIPPED)
        self.assertEqual(run.name, "standard")
        self.assertGreater(len(run.rows), 600)
        self.assertEqual(len(run.claims), 7)
        self.assertEqual(len(run.comparisons), 24)
        cell = {"encoder": "class_label", "objective": "flow_matching", "steps": 1, "seed": 0}
        self.assertEqual(run.select(metric="geneval", **cell)[0]["value"], 0.09496714456391875)


class Notebook(unittest.TestCase):
    def test_its_cells_run(self):
        book = json.loads((HERE / "example.ipynb").read_text(encoding="utf-8"))
        names, ran, skipped = {"__name__": "__main__"}, 0, []
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "result.json").write_text(json.dumps(tiny()), encoding="utf-8")
            os.environ["EMFBENCH_RECORD"] = folder
            for cell in book["cells"]:
                if cell["cell_type"] != "code":
                    continue
                self.assertEqual((cell["outputs"], cell["execution_count"]), ([], None), "outputs are cleared")
                needs = [tag[len("needs:"):] for tag in cell["metadata"].get("tags", []) if tag.startswith("needs:")]
                absent = [package for package in needs if importlib.util.find_spec(package) is None]
                if absent:
                    skipped += absent
                    continue
                with contextlib.redirect_stdout(io.StringIO()) as out:
                    exec(compile("".join(cell["source"]), "example.ipynb", "exec"), names)
                ran += 1
                if ran == 1:
                    self.assertIn("tiny - Does it read?", out.getvalue())
                if "by_tag" in "".join(cell["source"]):
                    self.assertIn("single_object        1.000 of 4", out.getvalue())
        self.assertGreaterEqual(ran, 3)
        if skipped:
            print(f"cells left out, as these are not installed: {', '.join(skipped)}", file=sys.stderr)


if __name__ == "__main__":
    unittest.main()
