# SPDX-License-Identifier: Apache-2.0
"""Cases that are a tokenizer.json alone."""

from tokenizer_case import TEXTS, token, train_bpe


def byte_level_cases(cases):
    tokens = [token(0, "<|e|>", special=True)]
    base = train_bpe(True, size=330, specials=["<|e|>"])
    base["added_tokens"] = tokens
    base["normalizer"] = None
    cases.bases["byte_level"] = base
    size = len(base["model"]["vocab"])
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    cases.add_json("byte_level", "byte_level", {})
    toys = lambda **flags: tokens + [token(size, "<toy>", **flags), token(size + 1, "TOK", **flags)]
    for name, flags in {
        "raw": {},
        "normalized": {"normalized": True},
        "single_word": {"single_word": True},
        "lstrip": {"lstrip": True},
        "rstrip": {"rstrip": True},
        "both": {"lstrip": True, "rstrip": True, "normalized": True},
        "special_normalized": {"special": True, "normalized": True, "single_word": True},
    }.items():
        for normalizer in (
            None,
            {"type": "Lowercase"},
            {
                "type": "Sequence",
                "normalizers": [{"type": "NFC"}, {"type": "Strip", "strip_left": True, "strip_right": False}],
            },
        ):
            for prefix in (False, True):
                label = f"added_{name}_{normalizer['type'] if normalizer else 'none'}_{prefix}"
                cases.add_json(
                    label,
                    "byte_level",
                    {
                        "added_tokens": toys(**flags),
                        "normalizer": normalizer,
                        "pre_tokenizer": {**byte_level, "add_prefix_space": prefix},
                    },
                )
    inner = [
        token(size, "ab"),
        token(size + 1, "abc", single_word=True),
        token(size + 2, "TOK TOK"),
        token(size + 3, " car"),
        token(size + 4, "he"),
    ]
    cases.add_json("added_overlapping", "byte_level", {"added_tokens": tokens + inner})
    split = lambda regex, behavior="Isolated", invert=False: {
        "type": "Split",
        "pattern": {"Regex": regex},
        "behavior": behavior,
        "invert": invert,
    }
    regexes = [
        r"\p{N}{1,3}+",
        r"\p{L}{2}?",
        r"[^\S\n]+|^\s*",
        r"^\w+|\w+$",
        r"\h+",
        r"\w+|\W",
        r"[\w']+",
        r"[[:alpha:]]+|[[:digit:]]",
        r"(?m)a.*b",
        r"\b",
        r"a{,2}",
        r"[a-w&&[^aeiou]]+",
        r"[^a-z&&[^0-9]]+",
        r"[\p{L}&&[^\p{Lu}]]+|[\p{N}&&[^1]]",
        r"(?i:'s|'t|'re)|\p{L}+|\s+(?!\S)|\s+",
        r"\R",
        r"\X",
        r"[a[bc]e]+",
        r"[^a[^bc]]+",
        r"\p{^L}+",
        r"\A\S+|\S+\z",
        r"(?<=\s)\S",
        r"(?<!\p{L})\p{L}",
        r"\d{3}(?=\d)",
        r"(?=(\d{3})+(?!\d))",
        r"\x{61}+|\u0062",
        r"[\d\-.]+",
        r"\p{Han}|\p{Hangul}|\p{Cyrillic}+",
        r"\S+\s*",
        r"(?:\r?\n)+|\t",
        r"\p{Lu}+\p{Ll}*|\p{Ll}+",
        r"[!-/:-@\[-`{-~]+",
        r"(?>\s+)\p{L}",
        r"\s++\S",
        r"[^\r\n\p{L}\p{N}]?+\p{L}+",
        r"\p{L}\p{M}*+",
        r"\O\O",
        r"[\h]+",
        r"\H+",
        r"\D+",
        r"\p{Alpha}+",
        r"(?x) a  b | c # no",
        r"[^\n]+|\n+",
        r"(a|b)\1",
        r"\v|\f",
        r"[[:punct:]]+",
        r"[[:space:]]+",
        r"[[:upper:]][[:lower:]]+",
        r"[[:alnum:]]+",
        r"[[:^alpha:]]+",
        r"\B",
        r"$",
        r"^",
    ]
    for index, regex in enumerate(regexes):
        patch = {
            "pre_tokenizer": {"type": "Sequence", "pretokenizers": [split(regex), {**byte_level, "use_regex": False}]}
        }
        cases.add_json(f"regex_{index} {regex}", "byte_level", patch, range(2 + index % 3, len(TEXTS) - 2, 3))
    for behavior in ("Isolated", "Removed", "MergedWithPrevious", "MergedWithNext", "Contiguous"):
        for invert in (False, True):
            for index, regex in enumerate((r"\s|\p{P}", r"\b")):
                cases.add_json(
                    f"split_{behavior}_{invert}_{regex}",
                    "byte_level",
                    {
                        "pre_tokenizer": {
                            "type": "Sequence",
                            "pretokenizers": [
                                split(regex, behavior, invert),
                                {**byte_level, "use_regex": False, "add_prefix_space": invert},
                            ],
                        }
                    },
                    range(index % 4, len(TEXTS), 4),
                )
    for index, stage in enumerate(
        [
            {"type": "Digits", "individual_digits": True},
            {"type": "Digits", "individual_digits": False},
            {"type": "Punctuation", "behavior": "Isolated"},
            {"type": "Punctuation", "behavior": "Contiguous"},
            {"type": "Whitespace"},
            {"type": "WhitespaceSplit"},
            {"type": "BertPreTokenizer"},
            {"type": "CharDelimiterSplit", "delimiter": "a"},
        ]
    ):
        cases.add_json(
            f"stage_{index}_{stage['type']}",
            "byte_level",
            {"pre_tokenizer": {"type": "Sequence", "pretokenizers": [stage, byte_level]}},
        )
    for index, stage in enumerate(
        [
            {"type": "StripAccents"},
            {"type": "Sequence", "normalizers": [{"type": "NFD"}, {"type": "StripAccents"}]},
            {"type": "NFKC"},
            {"type": "NFKD"},
            {"type": "Strip", "strip_left": True, "strip_right": True},
            {"type": "Prepend", "prepend": "_"},
            {"type": "Replace", "pattern": {"Regex": r"\s+"}, "content": " "},
            {"type": "Replace", "pattern": {"String": "a"}, "content": "bb"},
            {
                "type": "BertNormalizer",
                "clean_text": True,
                "handle_chinese_chars": True,
                "strip_accents": None,
                "lowercase": False,
            },
        ]
    ):
        cases.add_json(f"normalizer_{index}_{stage['type']}", "byte_level", {"normalizer": stage})


def character_cases(cases):
    base = train_bpe(False, size=200, specials=["<unk>"], unk_token="<unk>")
    base["model"].update({"fuse_unk": True})
    base["added_tokens"] = [token(0, "<unk>", special=True)]
    base["normalizer"] = None
    cases.bases["character"] = base
    size = len(base["model"]["vocab"])
    for scheme in ("always", "never", "first"):
        for split in (True, False):
            for normalized in (True, False):
                cases.add_json(
                    f"metaspace_{scheme}_{split}_{normalized}",
                    "character",
                    {
                        "pre_tokenizer": {
                            "type": "Metaspace",
                            "replacement": "▁",
                            "prepend_scheme": scheme,
                            "split": split,
                        },
                        "added_tokens": base["added_tokens"]
                        + [
                            token(size, "<toy>", normalized=normalized),
                            token(size + 1, "TOK", lstrip=True, normalized=normalized),
                        ],
                    },
                )
    strip = {
        "type": "Sequence",
        "normalizers": [{"type": "Strip", "strip_left": True, "strip_right": True}, {"type": "NFKC"}],
    }
    cases.add_json(
        "metaspace_first_after_strip",
        "character",
        {
            "normalizer": strip,
            "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": True},
        },
    )
    cases.add_json(
        "metaspace_after_words",
        "character",
        {
            "pre_tokenizer": {
                "type": "Sequence",
                "pretokenizers": [
                    {"type": "WhitespaceSplit"},
                    {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": True},
                ],
            }
        },
    )
    cases.add_json(
        "old_metaspace",
        "character",
        {"pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "add_prefix_space": True}},
    )
    cases.add_json("no_fuse", "character", {"model": {"fuse_unk": False}})
    llama = {
        "type": "Sequence",
        "normalizers": [
            {"type": "Prepend", "prepend": "▁"},
            {"type": "Replace", "pattern": {"String": " "}, "content": "▁"},
        ],
    }
    cases.add_json("llama_2", "character", {"normalizer": llama})
