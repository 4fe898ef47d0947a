# SPDX-License-Identifier: Apache-2.0
"""Writes tok_cases.json: tokenizers as files and folders, and the ids that Hugging Face's software gives them.

    python3 -m venv venv && \
        venv/bin/pip install transformers==5.24.0 tokenizers==0.23.3 sentencepiece==0.2.3 protobuf gguf
    venv/bin/python tests/oracle/encoders/make_tokenizer_cases.py

Every vocabulary is trained here, on the sentences below. A case is a set of files; a tokenizer.json may be written as a
base and the sections that differ from it. `ids` has a row for each of `texts`, or rows by the text's place: of some
texts only, or, where `like` names an earlier case, those that differ from its. Training breaks ties at
random, so a new run makes other vocabularies of the same kind.
"""

import json
import sys
from pathlib import Path

import transformers
from tokenizer_case import TEXTS, Cases
from tokenizer_folder_cases import merges_cases, word_piece_cases
from tokenizer_gguf_cases import gguf_cases
from tokenizer_json_cases import byte_level_cases, character_cases
from tokenizer_model_cases import sentence_piece_bpe_cases, siglip_cases, unigram_cases


def compact(cases):
    """Writes each case's rows as what differs from the earlier case that is nearest to it."""
    for place in reversed(range(1, len(cases))):
        case = cases[place]
        if isinstance(case["ids"], dict):
            continue
        whole = [i for i in range(place) if isinstance(cases[i]["ids"], list)]
        differing = {i: sum(a != b for a, b in zip(case["ids"], cases[i]["ids"])) for i in whole}
        nearest = min(whole, key=differing.__getitem__, default=None)
        if nearest is not None and differing[nearest] < len(TEXTS):
            like = cases[nearest]
            case["like"] = like["name"]
            case["ids"] = {str(i): row for i, (row, other) in enumerate(zip(case["ids"], like["ids"])) if row != other}


def main():
    cases = Cases()
    byte_level_cases(cases)
    character_cases(cases)
    unigram_cases(cases)
    sentence_piece_bpe_cases(cases)
    merges_cases(cases)
    word_piece_cases(cases)
    gguf_cases(cases)
    siglip_cases(cases)
    compact(cases.cases)
    out = {
        "source": f"transformers {transformers.__version__}, tokenizers 0.23, by make_tokenizer_cases.py",
        "texts": TEXTS,
        "bases": cases.bases,
        "files": cases.files,
        "cases": cases.cases,
    }
    path = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).with_name("tok_cases.json"))
    path.write_text(json.dumps(out, separators=(",", ":"), ensure_ascii=True) + "\n")
    print(f"{len(cases.cases)} cases, {len(TEXTS)} texts, {path.stat().st_size} bytes")


main()
