# SPDX-License-Identifier: Apache-2.0
"""Cases that are a .gguf, held to a tokenizer.json that cuts likewise, or to sentencepiece."""

import base64
import copy
import json
import tempfile
from pathlib import Path

import gguf
import sentencepiece
from tokenizer_case import TEXTS, token, train_bpe
from tokenizers import Tokenizer
from transformers.convert_slow_tokenizer import import_protobuf

# tokenizer.ggml.pre -> how the families' own tokenizer.json files cut; True first = normal form C.
SUFFIXES = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
LLAMA3 = SUFFIXES + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
QWEN2 = LLAMA3.replace("{1,3}", "")
UPPER, LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
CASED = (
    rf"[^\r\n\p{{L}}\p{{N}}]?{UPPER}*{LOWER}+S|[^\r\n\p{{L}}\p{{N}}]?{UPPER}+{LOWER}*S|D"
    r"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
HAN = "[一-龥\u3040-ゟ゠-ヿ]+"
DEEPSEEK = (
    r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"
    r"| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
DIGITS, GPT2 = {"type": "Digits", "individual_digits": True}, {
    "type": "ByteLevel",
    "add_prefix_space": False,
    "use_regex": True,
}
PRE = {
    "gpt-2": (False, [GPT2]),
    "olmo": (True, [GPT2]),
    "modern-bert": (True, [GPT2]),
    "smollm": (False, [DIGITS, GPT2]),
    "starcoder": (False, [DIGITS, GPT2]),
    "refact": (False, [DIGITS, GPT2]),
    "command-r": (True, [DIGITS, GPT2]),
    "llama-bpe": (False, [LLAMA3]),
    "dbrx": (False, [LLAMA3]),
    "qwen2": (True, [QWEN2]),
    "qwen35": (
        True,
        [QWEN2.replace(r"\p{L}+|\p{N}|", r"[\p{L}\p{M}]+|\p{N}|").replace(r"[^\s\p{L}\p{N}]", r"[^\s\p{L}\p{M}\p{N}]")],
    ),
    "gpt-4o": (False, [CASED.replace("S|", SUFFIXES + "?|").replace("|D|", r"|\p{N}{1,3}|")]),
    "tekken": (False, [CASED.replace("S|", "|").replace("|D|", r"|\p{N}|")]),
    "deepseek-v3": (False, [r"\p{N}{1,3}", HAN, DEEPSEEK]),
    "deepseek-coder": (
        False,
        [
            r"[\r\n]",
            r"\s?\p{L}+",
            r"\s?\p{P}+",
            "[一-龥ࠀ-一가-\ud7ff]+".encode("utf-16", "surrogatepass").decode("utf-16"),
            DIGITS,
        ],
    ),
    "bloom": (False, [" ?[^(\\s|[.,!?…。，、।۔،])]+"]),
    "default": (False, [r"[\p{P}$+<=>^~|]+", GPT2, r"\p{N}+", "[0-9][0-9][0-9]"]),
    "falcon": (False, [r"[\p{P}$+<=>^~|`]+", GPT2, "[0-9][0-9][0-9]"]),
}


def gguf_file(**values):
    with tempfile.TemporaryDirectory() as folder:
        writer = gguf.GGUFWriter(folder + "/x.gguf", "none")
        for key, value in values.items():
            key = "tokenizer.ggml." + key
            if isinstance(value, bool):
                writer.add_bool(key, value)
            elif isinstance(value, int):
                writer.add_uint32(key, value)
            elif isinstance(value, str):
                writer.add_string(key, value)
            else:
                writer.add_array(key, value)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.close()
        return {"base64": base64.b64encode(Path(folder + "/x.gguf").read_bytes()).decode()}


def gguf_cases(cases):
    document = train_bpe(True, size=330, specials=["<|e|>"])
    vocab = document["model"]["vocab"]
    size = len(vocab)
    pieces = sorted(vocab, key=vocab.get) + ["<think>", "<toy>", "  "]
    kinds = [3] + [1] * (size - 1) + [4, 4, 4]
    merges = [" ".join(m) if isinstance(m, list) else m for m in document["model"]["merges"]]
    added = [token(0, "<|e|>", special=True)] + [token(size + i, t) for i, t in enumerate(pieces[size:])]
    flat = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
    for place, (name, (composes, cuts)) in enumerate(PRE.items()):
        regex = lambda r: {"type": "Split", "pattern": {"Regex": r}, "behavior": "Isolated", "invert": False}
        stages = []
        for cut in cuts:
            if cut is GPT2:  # bytes come last
                stages.append(regex(r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"))
            else:
                stages.append(regex(cut) if isinstance(cut, str) else cut)
        twin = {
            **document,
            "added_tokens": added,
            "normalizer": {"type": "NFC"} if composes else None,
            "pre_tokenizer": {"type": "Sequence", "pretokenizers": stages + [flat]},
        }
        twin["model"] = {**document["model"], "ignore_merges": name in ("llama-bpe", "tekken")}
        tokenizer = Tokenizer.from_str(json.dumps(twin))
        bos = [0] if name in ("llama-bpe", "tekken") else []
        file = gguf_file(
            model="gpt2", pre=name, tokens=pieces, token_type=kinds, merges=merges, bos_token_id=0, eos_token_id=0
        )
        rows = {str(i): bos + tokenizer.encode(TEXTS[i]).ids for i in range(place % 2, len(TEXTS), 2)}
        cases.cases.append({"name": "gguf_" + name, "files": {"x.gguf": file}, "target": "x.gguf", "ids": rows})
    words = cases.bases["word_piece"]["model"]["vocab"]
    texts = sorted(words, key=words.get)
    phantom = [t if i < 5 else t[2:] if t.startswith("##") else "▁" + t for i, t in enumerate(texts)]
    for name, flags in (
        ("gguf_bert", {}),
        ("gguf_bert_cased", {"normalizer.lowercase": False, "normalizer.strip_accents": False}),
    ):
        twin = copy.deepcopy(cases.bases["word_piece"])
        if flags:
            twin["normalizer"]["lowercase"] = False
        tokenizer = Tokenizer.from_str(json.dumps(twin))
        file = gguf_file(
            model="bert",
            tokens=phantom,
            token_type=[3] * 5 + [1] * (len(texts) - 5),
            bos_token_id=2,
            seperator_token_id=3,
            unknown_token_id=1,
            padding_token_id=0,
            **flags,
        )
        cases.cases.append(
            {
                "name": name,
                "files": {"x.gguf": file},
                "target": "x.gguf",
                "ids": [[2] + tokenizer.encode(t).ids + [3] for t in TEXTS],
            }
        )
    plain = [i for i, t in enumerate(TEXTS) if not any(mark in t for mark in ("<s>", "</s>", "<unk>", "<pad>", "\0"))]
    for name, model, key in (("gguf_llama", "llama", "bpe_llama"), ("gguf_t5", "t5", "unigram_rules")):
        processor = sentencepiece.SentencePieceProcessor(model_proto=base64.b64decode(cases.files[key]["base64"]))
        count = processor.get_piece_size()
        kinds = [
            2 if processor.is_unknown(i) else 3 if processor.is_control(i) else 6 if processor.is_byte(i) else 1
            for i in range(count)
        ]
        more = {"precompiled_charsmap": list(charsmap(cases.files[key]))} if model == "t5" else {}
        file = gguf_file(
            model=model,
            pre="default",
            tokens=[processor.id_to_piece(i) for i in range(count)],
            scores=[processor.get_score(i) for i in range(count)],
            token_type=kinds,
            bos_token_id=1,
            eos_token_id=1,
            padding_token_id=0,
            add_space_prefix=True,
            remove_extra_whitespaces=model == "t5",
            **more,
        )
        picked = (
            plain if model == "llama" else [i for i in plain if "▁" not in TEXTS[i]]
        )  # a last mark goes in sentencepiece, not in llama.cpp
        before, after = ([1], []) if model == "llama" else ([], [1])
        cases.cases.append(
            {
                "name": name,
                "files": {"x.gguf": file},
                "target": "x.gguf",
                "ids": {str(i): before + processor.encode(TEXTS[i]) + after for i in picked},
            }
        )


def charsmap(file):
    model = import_protobuf().ModelProto()
    model.ParseFromString(base64.b64decode(file["base64"]))
    return model.normalizer_spec.precompiled_charsmap
