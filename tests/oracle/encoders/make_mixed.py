# SPDX-License-Identifier: Apache-2.0
"""Writes tok_mixed.json: folders whose small files and tokenizer.json say different things, and what transformers makes of
them, on the texts of make_tokenizer_cases.py.

    venv/bin/python tests/oracle/encoders/make_mixed.py        (the environment of make_tokenizer_cases.py, after make_hostile.py)

A case is a folder that make_hostile.py has saved ("base"), with sections of its tokenizer.json replaced ("json", null for
dropped; "model" key by key) and keys of its tokenizer_config.json ("config", null for dropped; {"null": 1} for a null), or
without one of them ("without"). `rows` as in tok_hostile.json; null where transformers refuses the folder.
"""
import base64
import gzip
import hashlib
import json
import tempfile
from pathlib import Path

import transformers
from tokenizer_case import TEXTS

transformers.logging.set_verbosity_error()
HERE = Path(__file__).parent


def split(regex, behavior="Isolated"):
    return {"type": "Split", "pattern": {"Regex": regex}, "behavior": behavior, "invert": False}


def template(before, after, ids):
    single = [{"SpecialToken": {"id": m, "type_id": 0}} for m in before] + [{"Sequence": {"id": "A", "type_id": 0}}]
    single += [{"SpecialToken": {"id": m, "type_id": 0}} for m in after]
    return {"type": "TemplateProcessing", "single": single, "pair": single + [{"Sequence": {"id": "B", "type_id": 1}}],
            "special_tokens": {m: {"id": m, "ids": [ids[m]], "tokens": [m]} for m in before + after}}


def jsons(ids):
    """Sections of a tokenizer.json that say otherwise than its class."""
    marks = [m for m in ("<s>", "</s>", "[SEP]", "<|endoftext|>", "<eos>", "<bos>") if m in ids][:2]
    return {
        "as_it_is": {}, "no_post": {"post_processor": {"null": 1}}, "lower": {"normalizer": {"type": "Lowercase"}},
        "nfkc": {"normalizer": {"type": "NFKC"}}, "no_normalizer": {"normalizer": {"null": 1}},
        "white": {"pre_tokenizer": {"type": "WhitespaceSplit"}}, "no_pre": {"pre_tokenizer": {"null": 1}},
        "digits": {"pre_tokenizer": {"type": "Sequence", "pretokenizers": [split(r"\d"), {"type": "ByteLevel", "add_prefix_space": False, "use_regex": False}]}},
        "metaspace": {"pre_tokenizer": {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "always", "split": True}},
        "prepend": {"normalizer": {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "\u2581"}, {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"}]}, "pre_tokenizer": {"null": 1}},
        "post": {"post_processor": template(marks[:1], marks[1:], ids)}, "post_end": {"post_processor": template([], marks[-1:], ids)},
        "bytes_post": {"post_processor": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True}},
        "cut": {"truncation": {"direction": "Right", "max_length": 5, "strategy": "LongestFirst", "stride": 0}},
        "filled": {"padding": {"strategy": {"Fixed": 20}, "direction": "Right", "pad_to_multiple_of": None, "pad_id": 0, "pad_type_id": 0, "pad_token": "<pad>"}},
        "ignore_merges": {"model": {"ignore_merges": True}}, "fuse": {"model": {"fuse_unk": False}}, "no_bytes": {"model": {"byte_fallback": False}},
        "short_words": {"model": {"max_input_chars_per_word": 5}}, "unk": {"model": {"unk_token": marks[0]}},
    }


CONFIGS = {
    "plain_class": {"tokenizer_class": "PreTrainedTokenizerFast"}, "backend": {"tokenizer_class": "TokenizersBackend"}, "no_class": {"tokenizer_class": None},
    "unknown_class": {"tokenizer_class": "SomeTokenizer"}, "bos": {"add_bos_token": True}, "no_bos": {"add_bos_token": False}, "eos": {"add_eos_token": True}, "no_eos": {"add_eos_token": False},
    "both": {"add_bos_token": True, "add_eos_token": True}, "neither": {"add_bos_token": False, "add_eos_token": False},
    "bos_of_none": {"add_bos_token": True, "bos_token": {"null": 1}}, "prefix": {"add_prefix_space": True}, "no_prefix": {"add_prefix_space": False},
    "lower": {"do_lower_case": True}, "cased": {"do_lower_case": False}, "accents": {"strip_accents": True}, "legacy": {"legacy": True}, "modern": {"legacy": False},
    "clean": {"clean_up_tokenization_spaces": True}, "split": {"split_special_tokens": True}, "extra": {"extra_special_tokens": ["<toy>", "TOK"]}, "extra_named": {"extra_special_tokens": {"image_token": "<toy>"}},
    "additional": {"additional_special_tokens": ["<toy>", "TOK"]}, "image": {"image_token": "<toy>"}, "errors": {"errors": "ignore"}, "trim": {"trim_offsets": False}, "from_slow": {"from_slow": True},
    "pad_other": {"pad_token": "TOK"}, "eos_other": {"eos_token": "TOK", "add_eos_token": True}, "mistral": {"fix_mistral_regex": True}, "max_length": {"model_max_length": 4},
    "unk_other": {"unk_token": "TOK"}, "mask_left": {"mask_token": {"__type": "AddedToken", "content": "<mask>", "lstrip": True, "rstrip": False, "normalized": False, "single_word": False}},
    "chinese": {"tokenize_chinese_chars": False}, "never_split": {"never_split": ["dog"]}, "sp": {"sp_model_kwargs": {"enable_sampling": False}}, "extra_ids": {"extra_ids": 3},
    "specific": {"model_specific_special_tokens": {"image_token": "<toy>"}}, "image_object": {"image_token": {"__type": "AddedToken", "content": "TOK", "lstrip": True, "rstrip": False, "normalized": False, "single_word": False}},
    "specific_and_image": {"model_specific_special_tokens": {"image_token": "<toy>"}, "video_token": "TOK"}, "specific_text": {"model_specific_special_tokens": "<toy>"},
    "image_and_extra": {"image_token": "<toy>", "extra_special_tokens": ["TOK"]}, "two_named": {"image_token": "<toy>", "video_token": "TOK"},
    "file_names": {"fast_tokenizer_files": ["tokenizer.json"]}, "inputs": {"init_inputs": []},
    "decoder": {"added_tokens_decoder": {"0": {"content": "TOK", "lstrip": False, "normalized": False, "rstrip": False, "single_word": False, "special": False}}},
}


def folder_of(base, json_change, config_change, without):
    files = {n: json.loads(gzip.decompress(base64.b64decode(v["gz"]))) if "gz" in v else dict(v) for n, v in base["files"].items()}
    for section, value in json_change.items():
        if section == "model":
            files["tokenizer.json"]["model"].update(value)
        else:
            files["tokenizer.json"][section] = None if value == {"null": 1} else value
    for key, value in config_change.items():
        files["tokenizer_config.json"].pop(key, None)
        if value is not None:
            files["tokenizer_config.json"][key] = None if value == {"null": 1} else value
    if without:
        files.pop(without, None)
    return files


def main():
    hostile = json.loads((HERE / "tok_hostile.json").read_text())
    cases = []
    for base in hostile["cases"]:
        if not base["name"].startswith("saved_"):
            continue
        document = json.loads(gzip.decompress(base64.b64decode(base["files"]["tokenizer.json"]["gz"])))
        vocab = document["model"]["vocab"]
        ids = dict(vocab) if isinstance(vocab, dict) else {p: i for i, (p, _) in enumerate(vocab)}
        ids.update({t["content"]: t["id"] for t in document["added_tokens"]})
        asked = [(f"json_{n}", change, {}, "") for n, change in jsons(ids).items()]
        asked += [(f"config_{n}", {}, change, "") for n, change in CONFIGS.items()]
        asked += [(f"file_{n}", change, {"tokenizer_class": "PreTrainedTokenizerFast"}, "") for n, change in jsons(ids).items()]
        asked += [(f"post_{n}", {"post_processor": {"null": 1}}, CONFIGS[n], "") for n in ("bos", "eos", "both", "neither", "plain_class")]
        asked += [("bare", {}, {}, "tokenizer_config.json")]
        known = {}
        for name, json_change, config_change, without in asked:
            with tempfile.TemporaryDirectory() as folder:
                for file, value in folder_of(base, json_change, config_change, without).items():
                    (Path(folder) / file).write_text(json.dumps(value))
                try:
                    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
                    rows = [tokenizer(t)["input_ids"] for t in TEXTS]
                except BaseException as error:
                    rows = None
            case = {"name": f"{base['name']}/{name}", "base": base["name"], "json": json_change, "config": config_change, "without": without}
            case = {k: v for k, v in case.items() if v}
            digits = rows and "".join(hashlib.sha256(",".join(map(str, r)).encode()).hexdigest()[:4] for r in rows)
            case["rows"] = digits if digits is None or digits not in known else "=" + known[digits]
            known.setdefault(digits, case["name"])
            cases.append(case)
    path = HERE / "tok_mixed.json"
    path.write_text(json.dumps({"source": f"transformers {transformers.__version__}, by make_mixed.py", "cases": cases}, separators=(",", ":")) + "\n")
    print(len(cases), "cases,", sum(c["rows"] is None for c in cases), "refused,", path.stat().st_size, "bytes")


main()
