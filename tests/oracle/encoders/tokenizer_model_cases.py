# SPDX-License-Identifier: Apache-2.0
"""Cases that are folders with a sentencepiece model, and unigram models."""

import base64

from tokenizer_case import spm, token


def unigram_cases(cases):
    for name, options in {
        "plain": {"normalization_rule_name": "identity"},
        "rules": {"with_rules": True},
        "bytes": {"byte_fallback": True, "with_rules": True},
    }.items():
        size = 500 if "byte_fallback" in options else 260
        cases.files[f"unigram_{name}"] = {
            "base64": base64.b64encode(
                spm(
                    model_type="unigram",
                    vocab_size=size,
                    pad_id=0,
                    eos_id=1,
                    unk_id=2,
                    bos_id=-1,
                    hard_vocab_limit=False,
                    character_coverage=0.98,
                    **options,
                )
            ).decode()
        }
    cases.files["unigram_fairseq"] = {
        "base64": base64.b64encode(
            spm(
                model_type="unigram",
                vocab_size=250,
                unk_id=0,
                bos_id=1,
                eos_id=2,
                hard_vocab_limit=False,
                with_rules=True,
                character_coverage=0.98,
            )
        ).decode()
    }
    for name in ("plain", "rules", "bytes"):
        for attempt in ({}, {"extra_ids": 5}):
            cases.add_folder(
                f"t5_{name}_{len(attempt)}",
                {
                    "spiece.model": f"@unigram_{name}",
                    "tokenizer_config.json": {"tokenizer_class": "T5Tokenizer", **attempt},
                },
            )
    toy = {"added_tokens_decoder": {"400": token(400, "<toy>", normalized=True)}}
    for t in toy["added_tokens_decoder"].values():
        del t["id"]
    cases.add_folder(
        "t5_toy",
        {"spiece.model": "@unigram_rules", "tokenizer_config.json": {"tokenizer_class": "T5TokenizerFast", **toy}},
    )
    cases.add_folder(
        "mt5",
        {
            "spiece.model": "@unigram_rules",
            "tokenizer_config.json": {"tokenizer_class": "T5Tokenizer"},
            "config.json": {"model_type": "mt5"},
        },
    )
    cases.add_folder(
        "xlm_r",
        {
            "sentencepiece.bpe.model": "@unigram_fairseq",
            "tokenizer_config.json": {"tokenizer_class": "XLMRobertaTokenizer"},
        },
    )
    cases.add_folder(
        "xlm_r_by_model", {"sentencepiece.bpe.model": "@unigram_fairseq", "config.json": {"model_type": "xlm-roberta"}}
    )
    cases.add_folder(
        "xlm_r_map",
        {
            "sentencepiece.bpe.model": "@unigram_fairseq",
            "tokenizer_config.json": {"tokenizer_class": "XLMRobertaTokenizer"},
            "special_tokens_map.json": {
                "mask_token": {
                    "content": "<mask>",
                    "lstrip": True,
                    "rstrip": False,
                    "normalized": True,
                    "single_word": False,
                },
                "bos_token": "<s>",
            },
        },
    )
    vocabulary = [
        [p, s]
        for p, s in [
            ("<pad>", 0),
            ("</s>", 0),
            ("<unk>", 0),
            ("▁", -6.377687454223633),
            (".", -6.031817436218262),
            ("..", -5.261714935302734),
            ("....", -4.776750087738037),
            ("a", -4.619736671447754),
            ("aa", -6.351395606994629),
            ("▁a", -4.213251113891602),
            ("0", -4.906387805938721),
            ("00", -5.75014591217041),
            ("h", -5.4),
            ("ha", -4.75),
            ("haha", -6.729238986968994),
            ("▁test", -6.948356628417969),
            ("!", -6.240869045257568),
            ("!!", -6.706497669219971),
            ("1", -4.24),
            ("11", -6.18),
            ("<0x41>", -9),
            ("<0xC3>", -9),
        ]
    ]
    words = {
        "type": "Sequence",
        "pretokenizers": [
            {"type": "WhitespaceSplit"},
            {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True},
        ],
    }
    cases.bases["unigram"] = {
        "version": "1.0",
        "added_tokens": [],
        "normalizer": None,
        "pre_tokenizer": words,
        "post_processor": None,
        "decoder": None,
        "model": {"type": "Unigram", "unk_id": 2, "vocab": vocabulary, "byte_fallback": False},
    }
    cases.add_json("unigram_ties", "unigram", {})
    cases.add_json("unigram_bytes", "unigram", {"model": {"byte_fallback": True}})
    marks = {
        "type": "Sequence",
        "normalizers": [
            {"type": "Strip", "strip_left": False, "strip_right": True},
            {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": "▁"},
        ],
    }
    cases.add_json(
        "unigram_replace",
        "unigram",
        {
            "normalizer": marks,
            "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True},
        },
    )
    cases.add_json(
        "unigram_whole",
        "unigram",
        {"pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": False}},
    )


def sentence_piece_bpe_cases(cases):
    marks = dict(pad_id=0, eos_id=1, bos_id=2, unk_id=3, pad_piece="<pad>", eos_piece="<eos>", bos_piece="<bos>")
    cases.files["bpe_gemma"] = {
        "base64": base64.b64encode(
            spm(
                model_type="bpe",
                vocab_size=600,
                byte_fallback=True,
                add_dummy_prefix=False,
                remove_extra_whitespaces=False,
                normalization_rule_name="identity",
                user_defined_symbols=["<mask>", "\n\n", "▁▁", "▁▁▁", "<start_of_turn>"],
                **marks,
            )
        ).decode()
    }
    cases.files["bpe_llama"] = {
        "base64": base64.b64encode(
            spm(
                model_type="bpe",
                vocab_size=600,
                byte_fallback=True,
                remove_extra_whitespaces=False,
                normalization_rule_name="identity",
                unk_id=0,
                bos_id=1,
                eos_id=2,
            )
        ).decode()
    }
    config = {
        "tokenizer_class": "GemmaTokenizer",
        "add_bos_token": True,
        "add_eos_token": False,
        "bos_token": "<bos>",
        "eos_token": "<eos>",
        "pad_token": "<pad>",
        "unk_token": "<unk>",
    }
    cases.add_folder("gemma", {"tokenizer.model": "@bpe_gemma", "tokenizer_config.json": config})
    cases.add_folder(
        "gemma_eos",
        {
            "tokenizer.model": "@bpe_gemma",
            "tokenizer_config.json": {**config, "add_bos_token": False, "add_eos_token": True},
        },
    )
    cases.add_folder(
        "gemma_plain", {"tokenizer.model": "@bpe_gemma", "tokenizer_config.json": {"tokenizer_class": "GemmaTokenizer"}}
    )
    cases.add_folder("gemma_by_model", {"tokenizer.model": "@bpe_gemma", "config.json": {"model_type": "gemma3_text"}})
    cases.add_folder(
        "siglip2",
        {
            "tokenizer.model": "@bpe_gemma",
            "tokenizer_config.json": {**config, "add_bos_token": False, "add_eos_token": True},
            "config.json": {"model_type": "siglip2"},
        },
    )
    for legacy in (None, True, False):
        extra = {} if legacy is None else {"legacy": legacy}
        for bos in (None, True):
            more = {} if bos is None else {"add_bos_token": bos}
            cases.add_folder(
                f"llama_{legacy}_{bos}",
                {
                    "tokenizer.model": "@bpe_llama",
                    "tokenizer_config.json": {"tokenizer_class": "LlamaTokenizer", **extra, **more},
                },
            )
    cases.add_folder(
        "llama_toy",
        {
            "tokenizer.model": "@bpe_llama",
            "tokenizer_config.json": {
                "tokenizer_class": "LlamaTokenizer",
                "legacy": True,
                "add_bos_token": True,
                "add_eos_token": True,
            },
            "added_tokens.json": {"<toy>": 600, "TOK": 601},
        },
    )
    cases.add_folder(
        "llama_no_prefix",
        {
            "tokenizer.model": "@bpe_llama",
            "tokenizer_config.json": {"tokenizer_class": "LlamaTokenizer", "add_prefix_space": False},
        },
    )


def siglip_cases(cases):
    plain = {
        "unigram_siglip": dict(pad_id=-1, eos_id=1, unk_id=2, bos_id=0, normalization_rule_name="identity"),
        "unigram_siglip_rules": dict(pad_id=0, eos_id=1, unk_id=2, bos_id=-1, with_rules=True),
    }
    for key, options in plain.items():
        cases.files[key] = {
            "base64": base64.b64encode(
                spm(model_type="unigram", vocab_size=260, hard_vocab_limit=False, character_coverage=0.98, **options)
            ).decode()
        }
        cases.add_folder(
            key,
            {"spiece.model": "@" + key, "tokenizer_config.json": {"tokenizer_class": "SiglipTokenizer"}},
            "SiglipTokenizer",
        )
        cases.add_folder(
            key + "_cased",
            {
                "spiece.model": "@" + key,
                "tokenizer_config.json": {"tokenizer_class": "SiglipTokenizer", "do_lower_case": False},
            },
            "SiglipTokenizer",
        )
