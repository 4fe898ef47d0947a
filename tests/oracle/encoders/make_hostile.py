# SPDX-License-Identifier: Apache-2.0
"""Writes tok_hostile.json: hostile texts, and the ids that Hugging Face's software gives them, of the tokenizers of
tok_cases.json and of the tokenizer.json that transformers saves of each class.

    venv/bin/python tests/oracle/encoders/make_hostile.py        (the environment of make_tokenizer_cases.py)

`cases` names a tokenizer of tok_cases.json, or holds `files` of its own ({"gz": ...} = gzip, base64). `rows` has four
digits for each text, the beginning of the SHA-256 of its ids with commas between them: a row that differs is looked at
with this script (`make_hostile.py CASE PLACE` prints its ids). "...." is a text that the reference does not answer for.
"""

import base64
import gzip
import hashlib
import io
import json
import random
import sys
import tempfile
import unicodedata
from pathlib import Path

import gguf
import sentencepiece
import transformers
from tokenizer_case import patched, token
from tokenizer_gguf_cases import GPT2, PRE
from tokenizers import Tokenizer, models

HERE = Path(__file__).parent
MARKS = ["<s>", "</s>", "<unk>", "<pad>", "<mask>", "[CLS]", "[SEP]", "[MASK]", "[UNK]", "[PAD]", "<|endoftext|>", "<|im_start|>",
         "<|im_end|>", "<|startoftext|>", "<think>", "<bos>", "<eos>", "<start_of_turn>", "<extra_id_0>", "<toy>", "TOK", "<0x41>", "<|e|>"]
SPACES = " \t\n\r\x0b\x0c\x1c\x1d\x1e\x1f\x85\u00a0\u1680\u2000\u2003\u2009\u200a\u2028\u2029\u202f\u205f\u3000\u200b\u200c\u200d\u2060\ufeff\u180e"


def characters(category, count):
    """Of one general category, spread over the planes, among those that all libraries know."""
    points = [p for p in range(0x20, 0x2FA1E) if unicodedata.category(chr(p)) == category and not 0xD800 <= p < 0xE000]
    draw = random.Random(category)
    known = [p for p in points if unicodedata.ucd_3_2_0.category(chr(p)) == category]
    return [chr(p) for p in sorted(draw.sample(known, min(count, len(known))) + draw.sample(points, min(3, len(points))))]


def texts():
    found = ["", " ", "  ", "\n", "\n\n \t", "\u00a0", "\u3000 ", "\u200b"]
    for category in ("Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Zs Cf Co Cn".split()):
        chosen = characters(category, 6)
        found += ["".join(chosen), " ".join(chosen), *(f"a{c}b {c}" for c in chosen[:3]), *(f"{c}{c} 1{c}" for c in chosen[3:5])]
    for place, mark in enumerate(MARKS):
        found += [f"x{mark}y", f" {mark} ", f"{mark}{mark}", mark.lower() + " " + mark.upper()]
        found += [(f"{mark} a", f"a{mark}", f"{mark}\n", f"{mark[:-1]} {mark[-1]}", f"\u00e9{mark}\u0301")[place % 5]]
    for place, space in enumerate(SPACES):
        found += [f"a{space}b", (f"{space}a {space} b{space}", f"{space}{space}", f"a {space}\n{space}1")[place % 3]]
    found += [f"a{chr(c)}b" for c in (*range(0, 9), 0x0e, 0x10, 0x1a, 0x1b, 0x7f, *range(0x80, 0xa0, 5), 0xad)]
    found += ["\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f3f3\ufe0f\u200d\U0001f308 \U0001f1e9\U0001f1ea\U0001f1eb\U0001f1f7", "1\ufe0f\u20e3 #\ufe0f\u20e3",
              "\U0001f44d\U0001f3fd\U0001f44d", "\u2764\ufe0f \u2764\ufe0e \u2764", "\U0001f9d1\U0001f3fb\u200d\U0001f91d\u200d\U0001f9d1\U0001f3ff", "\u00a9\ufe0f\u2122", "\U0001fae8\U0001fac3",
              "\U0001f600\U0001f600\U0001f600 \U0001f600", "a\U0001f408\u200d\u2b1bb"]
    found += ["e\u0301 \u00e9 e\u0301\u0301", "a\u0323\u0302 a\u0302\u0323 \u1ead", "\u0301", " \u0308 \u0308a", "o\u0328\u0304 \u01ed", "\u1100\u1161\u11a8 \uac01 \u1100\u1161", "\u1112\u1161\u11ab\u1100\u1173\u11af", "\u3131\u314f \uffa1\uffc2",
              "\u0915\u094d\u0937\u093f \u0928\u093f", "\u0e01\u0e33 \u0e19\u0e49\u0e33", "\u05e9\u05c1\u05b8\u05dc\u05d5\u05b9\u05dd", "\u0627\u0644\u0633\u0651\u0644\u0627\u0645\u064f", "\u202bab\u202c \u200fcd\u200e", "\u0300a\u0300 \u0345",
              "\u212b \u2126 \u00c5", "\ufb01 \ufb03 \u0132 \u01c6", "\u2460\u00bd\u00b2\u2163", "\uff28\uff49\uff01 \uff76\uff9e", "\u33a1\u3392\u337f", "\u1e9e \u00df \u017f \u212a", "I\u0307 i\u0307 \u0130 \u0131 I i", "\u03a3\u03a3 \u03c3\u03c2 \u039f\u0394\u039f\u03a3.", "\u01c5 \u01c8 \u01f2",
              "\u00ad so\u00adft", "\ufeff bom \ufeff", "\u00b5\u03bc", "\u2019s it\u2019s", "\u201cq\u201d\u2026\u2014\u2013", "\ufffd \ufffc", "\ue000\U000f0000", "\u0378\U0001fbff\u2fef"]
    found += ["\u4e2d\u6587\u5b57\u3002\u300c\u5f15\u300d", "\u65e5\u672c\u8a9e\u30c6\u30ad\u30b9\u30c8\u3067\u3059", "\ud55c\uad6d\uc5b4 \ub744\uc5b4\uc4f0\uae30", "\U00020000\U0002a700 \u9fff\u3400", "\u4e2da\u65871\u5b57", "\u1782\u17d2\u1798\u17c2\u179a", "\u10d0\u10d1 \u1c90\u10d0", "\u13a0\uab70", "\U00010400\U00010428",
              "\u0645\u0631\u062d\u0628\u0627 \u05e9\u05dc\u05d5\u05dd abc 123 \u0661\u0662", "\u0420\u0443\u0441\u0441\u043a\u0438\u0439 \u0401\u0436 \u0451", "\u1ea0\u1ea1 ti\u1ebfng Vi\u1ec7t"]
    found += ["it's IT'S he'LL we'Re I'm they'VE you'D 'tis o'clock", "don't can't''t 'S 's' s's", "'", "''", "a'", "'b", "\u2019t \u02bct", "1", "12", "123", "1234", "12345678901234567890", "1,234.56 -7 +3 1e-5", "0x1F 3.14.15", "\u0661\u0662\u0663 \u0967\u0968 \u4e00\u4e8c",
              "1st 2nd 3\u00b2 x\u2082", "$5 \u20ac10 50% #1 @me", "a1b2c3 4d", "2024-01-31T12:00:00Z", "1 000 000", "1\u00a0000", "v1.2.3-rc.4+5", "(555) 123-4567", "\u2155 \u2160 \u3007"]
    found += ["a" * 300, "ab" * 200, " " * 60, "\n" * 40, "1" * 90, "!" * 70, "word " * 80, "\u00e9" * 120, "e" + "\u0301" * 50, "\u4e2d" * 90, "\U0001f600" * 40, "<s>" * 30, "A" * 101 + " " + "b" * 201, "." * 33 + "-" * 33, "thethethethe" * 20, "\t \t " * 20]
    found += ["http://a.b/c?d=e&f=g#h", "user@mail.example.com", "C:\\path\\file.txt", "snake_case camelCase PascalCase kebab-case", "#hashtag @user \\n \\u0041", "{\"json\": [1, null]}", "<b>&amp;&#65;&lt;</b>", "``code`` **bold** ~~x~~", "a_b__c___", "\u2581a \u2581 \u2581\u2581b", "\u0120a \u010a", "##ing ##", "</w> a</w>", "\x00", "a\x00\x00b",
              "-- --- \u2014\u2014", "...? !!! ?!", "((nested) [brackets] {x})", "a\\", "%s %d {0} {{x}}", "\u00ab\u00a0fr\u00a0\u00bb", "caf\u00e9 na\u00efve fa\u00e7ade \u0153uvre", "\u0141\u00f3d\u017a \u010desk\u00fd \u0218i \u0219", "\u00c6gir \u00de\u00f3r \u00d0 \u0110"]
    draw = random.Random(0)
    pool = [t for t in found if 0 < len(t) < 14]
    for _ in range(80):
        found.append("".join(draw.choice(pool) + draw.choice(["", " ", "\n", "a", "1"]) for _ in range(draw.randint(2, 6))))
    return list(dict.fromkeys(found))


def write(folder, name, value, files):
    if isinstance(value, str) and value.startswith("@"):
        value = files[value[1:]]
    path = Path(folder) / name
    if isinstance(value, dict) and "base64" in value:
        path.write_bytes(base64.b64decode(value["base64"]))
    elif isinstance(value, dict) and "gz" in value:
        path.write_bytes(gzip.decompress(base64.b64decode(value["gz"])))
    else:
        path.write_text(value if isinstance(value, str) else json.dumps(value))


def of_folder(case, files):
    with tempfile.TemporaryDirectory() as folder:
        for name, value in case["files"].items():
            write(folder, name, value, files)
        is_siglip = case.get("files", {}).get("tokenizer_config.json", {}).get("tokenizer_class") == "SiglipTokenizer"
        make = transformers.SiglipTokenizer if is_siglip else transformers.AutoTokenizer
        return make.from_pretrained(folder)


def of_gguf(case, known):
    """The twin of a .gguf, as tokenizer_gguf_cases makes it of what the file holds."""
    name = case["name"].removeprefix("gguf_")
    with tempfile.TemporaryDirectory() as folder:
        write(folder, "x.gguf", case["files"]["x.gguf"], known["files"])
        fields = gguf.GGUFReader(folder + "/x.gguf").fields
    text = lambda key: [bytes(fields["tokenizer.ggml." + key].parts[i]).decode() for i in fields["tokenizer.ggml." + key].data]
    if name in ("llama", "t5"):
        processor = sentencepiece.SentencePieceProcessor(
            model_proto=base64.b64decode(known["files"]["bpe_llama" if name == "llama" else "unigram_rules"]["base64"]))
        before, after = ([1], []) if name == "llama" else ([], [1])

        def encode(t):
            # What llama.cpp does otherwise than sentencepiece: marks that a text spells, and a last space mark.
            if any(m in t for m in ("<s>", "</s>", "<unk>", "<pad>", "\0", "<0x41>")) or (name == "t5" and "\u2581" in t):
                return None
            return before + processor.encode(t) + after
        return encode
    if name.startswith("bert"):
        twin = json.loads(json.dumps(known["bases"]["word_piece"]))
        if name == "bert_cased":
            twin["normalizer"]["lowercase"] = False
        tokenizer = Tokenizer.from_str(json.dumps(twin))
        return lambda t: [2] + tokenizer.encode(t).ids + [3]
    pieces, merges = text("tokens"), [tuple(m.split(" ")) for m in text("merges")]
    size = len(pieces) - 3
    composes, cuts = PRE[name]
    split = lambda r: {"type": "Split", "pattern": {"Regex": r}, "behavior": "Isolated", "invert": False}
    gpt2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
    stages = [split(gpt2) if cut is GPT2 else split(cut) if isinstance(cut, str) else cut for cut in cuts]
    flat = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
    twin = json.loads(Tokenizer(models.BPE({p: i for i, p in enumerate(pieces[:size])}, merges,
                                           ignore_merges=name in ("llama-bpe", "tekken"))).to_str())
    twin["added_tokens"] = [token(0, "<|e|>", special=True)] + [token(size + i, t) for i, t in enumerate(pieces[size:])]
    twin["normalizer"] = {"type": "NFC"} if composes else None
    twin["pre_tokenizer"] = {"type": "Sequence", "pretokenizers": stages + [flat]}
    tokenizer = Tokenizer.from_str(json.dumps(twin))
    bos = [0] if name in ("llama-bpe", "tekken") else []
    return lambda t: bos + tokenizer.encode(t).ids


def encoder_of(case, known):
    if case["name"].startswith("gguf_"):
        return of_gguf(case, known)
    if "base" in case:
        tokenizer = Tokenizer.from_str(json.dumps(patched(known["bases"][case["base"]], case["patch"])))
        return lambda t: tokenizer.encode(t).ids
    tokenizer = of_folder(case, known["files"])
    return lambda t: tokenizer(t)["input_ids"]


def saved_forms(known):
    """The folder that transformers saves of each class, tokenizer.json and all."""
    for name in ("Qwen2Tokenizer_decoder", "GPT2Tokenizer_decoder", "GPTNeoXTokenizer_bare", "RobertaTokenizer", "clip", "BertTokenizer_0",
                 "mpnet", "t5_rules_0", "xlm_r", "gemma", "siglip2", "llama_None_None", "llama_True_True"):
        case = next(c for c in known["cases"] if c["name"] == name)
        with tempfile.TemporaryDirectory() as folder:
            of_folder(case, known["files"]).save_pretrained(folder)
            files = {}
            for path in sorted(Path(folder).iterdir()):
                if path.suffix in (".json", ".jinja"):
                    out = io.BytesIO()
                    with gzip.GzipFile(fileobj=out, mode="wb", mtime=0) as zipped:
                        zipped.write(json.dumps(json.loads(path.read_text()), separators=(",", ":")).encode())
                    files[path.name] = {"gz": base64.b64encode(out.getvalue()).decode()}
        if "config.json" in case["files"]:
            files["config.json"] = case["files"]["config.json"]
        yield {"name": "saved_" + name, "files": files}


def skipped(name):
    """Cases that ask how a tokenizer.json is read, and second names of the same class."""
    return name.startswith(("regex_", "split_", "stage_", "DistilBert")) or "TokenizerFast" in name or (
        name.startswith("added_") and not name.endswith("Sequence_True"))


def main():
    known = json.loads((HERE / "tok_cases.json").read_text())
    asked, cases = texts(), []
    everything = [c for c in known["cases"] if not skipped(c["name"])] + list(saved_forms(known))
    if len(sys.argv) > 2:
        case = next(c for c in everything if c["name"] == sys.argv[1])
        return print(repr(asked[int(sys.argv[2])]), encoder_of(case, known)(asked[int(sys.argv[2])]))
    for case in everything:
        encode, rows = encoder_of(case, known), ""
        for text in asked:
            ids = encode(text)
            rows += "...." if ids is None else hashlib.sha256(",".join(map(str, ids)).encode()).hexdigest()[:4]
        cases.append({"name": case["name"], "rows": rows, **({"files": case["files"]} if case["name"].startswith("saved_") else {})})
    path = HERE / "tok_hostile.json"
    seen = {}
    for case in cases:  # what is as an earlier case is said so
        like = seen.setdefault(case["rows"], case["name"])
        if like != case["name"]:
            case["rows"] = "=" + like
    path.write_text(json.dumps({"source": f"transformers {transformers.__version__}, by make_hostile.py", "texts": asked, "cases": cases},
                               separators=(",", ":"), ensure_ascii=True) + "\n")
    print(len(asked), "texts,", len(cases), "cases,", path.stat().st_size, "bytes")


main()
