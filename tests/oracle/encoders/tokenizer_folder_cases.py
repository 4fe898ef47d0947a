# SPDX-License-Identifier: Apache-2.0
"""Cases that are folders with a vocabulary of words or of merges, by the class that their files name."""

import json

from tokenizer_case import CORPUS, token, train_bpe
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers


def merges_cases(cases):
    def files(document):
        vocab = document["model"]["vocab"]
        return (
            vocab,
            "#version: 0.2\n"
            + "\n".join(" ".join(m) if isinstance(m, list) else m for m in document["model"]["merges"])
            + "\n",
        )

    vocab, merges = files(train_bpe(True, size=330))
    size = len(vocab)
    cases.files["bytes.vocab"], cases.files["bytes.merges"] = vocab, merges
    pair = {"vocab.json": "@bytes.vocab", "merges.txt": "@bytes.merges"}
    decoder = {
        str(size + i): {k: v for k, v in token(0, t, special=s).items() if k != "id"}
        for i, (t, s) in enumerate(
            [
                ("<|endoftext|>", True),
                ("<|im_start|>", True),
                ("<|im_end|>", True),
                ("<think>", False),
                ("</think>", False),
            ]
        )
    }
    listed = {t["content"]: int(i) for i, t in decoder.items()}
    for name in ("Qwen2Tokenizer", "Qwen2TokenizerFast", "GPT2Tokenizer", "GPTNeoXTokenizer"):
        for label, config, more in (
            ("decoder", {"added_tokens_decoder": decoder, "eos_token": "<|im_end|>", "pad_token": "<|endoftext|>"}, {}),
            ("listed", {"eos_token": "<|im_end|>"}, {"added_tokens.json": listed}),
            ("both", {"added_tokens_decoder": decoder}, {"added_tokens.json": {"other": size}}),
            ("prefix", {"add_prefix_space": True, "added_tokens_decoder": decoder}, {}),
            ("bos", {"add_bos_token": True, "bos_token": "<|im_start|>", "added_tokens_decoder": decoder}, {}),
            ("extra", {"additional_special_tokens": ["<toy>", "TOK"], "added_tokens_decoder": decoder}, {}),
            ("image", {"image_token": "<toy>", "added_tokens_decoder": decoder}, {}),
            ("split", {"split_special_tokens": True, "added_tokens_decoder": decoder}, {}),
            ("bare", {}, {}),
        ):
            cases.add_folder(
                f"{name}_{label}", {**pair, "tokenizer_config.json": {"tokenizer_class": name, **config}, **more}
            )
    cases.add_folder("qwen3_by_model", {**pair, "config.json": {"model_type": "qwen3"}, "added_tokens.json": listed})
    cases.add_folder("gpt2_by_model", {**pair, "config.json": {"model_type": "gpt2"}})
    roberta = {
        **{t: i for i, t in enumerate(["<s>", "<pad>", "</s>", "<unk>"])},
        **{t: i + 4 for t, i in vocab.items()},
        "<mask>": size + 4,
    }
    cases.files["roberta.vocab"] = roberta
    pair = {"vocab.json": "@roberta.vocab", "merges.txt": "@bytes.merges"}
    for name in ("RobertaTokenizer", "RobertaTokenizerFast"):
        cases.add_folder(name, {**pair, "tokenizer_config.json": {"tokenizer_class": name}})
    cases.add_folder(
        "roberta_prefix",
        {**pair, "tokenizer_config.json": {"tokenizer_class": "RobertaTokenizer", "add_prefix_space": True}},
    )
    cases.add_folder(
        "roberta_map",
        {
            **pair,
            "tokenizer_config.json": {"tokenizer_class": "RobertaTokenizer"},
            "special_tokens_map.json": {
                "mask_token": {
                    "content": "<mask>",
                    "lstrip": True,
                    "rstrip": False,
                    "normalized": True,
                    "single_word": False,
                }
            },
        },
    )
    cases.add_folder("roberta_by_model", {**pair, "config.json": {"model_type": "roberta"}})
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trained = train_bpe(True, size=700, end_of_word_suffix="</w>", lower=True)
    pieces = alphabet + [c + "</w>" for c in alphabet]
    kept = []
    for left, right in (m if isinstance(m, list) else m.split(" ") for m in trained["model"]["merges"]):
        left, right = left.replace("Ġ", ""), right.replace("Ġ", "")
        if left in pieces and right in pieces and left + right not in pieces:
            pieces.append(left + right)
            kept.append((left, right))
    pieces += ["<|startoftext|>", "<|endoftext|>"]
    cases.files["clip.vocab"] = {p: i for i, p in enumerate(pieces)}
    cases.files["clip.merges"] = "#version: 0.2\n" + "\n".join(" ".join(m) for m in kept) + "\n"
    pair = {"vocab.json": "@clip.vocab", "merges.txt": "@clip.merges"}
    clip = {
        "tokenizer_class": "CLIPTokenizer",
        "bos_token": "<|startoftext|>",
        "eos_token": "<|endoftext|>",
        "pad_token": "<|endoftext|>",
        "unk_token": "<|endoftext|>",
        "do_lower_case": True,
    }
    cases.add_folder("clip", {**pair, "tokenizer_config.json": clip})
    cases.add_folder("clip_bare", {**pair, "tokenizer_config.json": {"tokenizer_class": "CLIPTokenizerFast"}})
    cases.add_folder("clip_pad", {**pair, "tokenizer_config.json": {**clip, "pad_token": "!"}})
    cases.add_folder("clip_by_model", {**pair, "config.json": {"model_type": "clip"}})
    cases.add_folder(
        "clip_map",
        {
            **pair,
            "special_tokens_map.json": {
                k: (
                    {"content": clip[k], "lstrip": False, "rstrip": False, "normalized": True, "single_word": False}
                    if k != "pad_token"
                    else clip[k]
                )
                for k in ("bos_token", "eos_token", "pad_token", "unk_token")
            },
            "tokenizer_config.json": {"tokenizer_class": "CLIPTokenizer"},
        },
    )
    end = len(pieces)
    cases.add_folder(
        "clip_toys",
        {
            **pair,
            "tokenizer_config.json": clip,
            "added_tokens.json": {"<toy>": end, "TOK": end + 1, "<cat-toy>_1": end + 2},
        },
    )
    cases.add_folder(
        "clip_toys_decoder",
        {
            **pair,
            "tokenizer_config.json": {
                **clip,
                "added_tokens_decoder": {
                    str(end + i): {k: v for k, v in token(0, t, normalized=n, single_word=n).items() if k != "id"}
                    for i, (t, n) in enumerate([("<toy>", True), ("TOK", False)])
                },
            },
        },
    )
    cases.add_folder(
        "clip_toys_special",
        {
            **pair,
            "tokenizer_config.json": {**clip, "additional_special_tokens": ["<toy>"]},
            "added_tokens.json": {"<toy>": end, "TOK": end + 1},
        },
    )


def word_piece_cases(cases):
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=False)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    marks = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer.train_from_iterator(
        CORPUS + [c.lower() for c in CORPUS],
        trainers.WordPieceTrainer(vocab_size=400, special_tokens=marks, show_progress=False),
    )
    by_id = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    words = "\n".join(t for t, _ in by_id) + "\n"
    cases.files["words"] = words
    for index, config in enumerate(
        [
            {},
            {"do_lower_case": True},
            {"do_lower_case": False},
            {"do_lower_case": True, "strip_accents": False},
            {"do_lower_case": False, "strip_accents": True},
            {"do_lower_case": True, "strip_accents": None},
            {"tokenize_chinese_chars": False},
            {"do_lower_case": False, "tokenize_chinese_chars": False, "strip_accents": True},
            {"unk_token": "[MASK]"},
            {"cls_token": "[MASK]", "sep_token": "[PAD]"},
            {"additional_special_tokens": ["<toy>", "TOK"]},
        ]
    ):
        for name in ("BertTokenizer", "DistilBertTokenizerFast"):
            cases.add_folder(
                f"{name}_{index}", {"vocab.txt": "@words", "tokenizer_config.json": {"tokenizer_class": name, **config}}
            )
    cases.add_folder("bert_by_model", {"vocab.txt": "@words", "config.json": {"model_type": "bert"}})
    cases.add_folder(
        "bert_added",
        {
            "vocab.txt": "@words",
            "tokenizer_config.json": {"tokenizer_class": "BertTokenizer"},
            "added_tokens.json": {"<toy>": len(by_id), "TOK": len(by_id) + 1},
        },
    )
    cases.files["mpnet"] = "<s>\n<pad>\n</s>\n<unk>\n" + words + "<mask>\n"
    cases.add_folder("mpnet", {"vocab.txt": "@mpnet", "tokenizer_config.json": {"tokenizer_class": "MPNetTokenizer"}})
    cases.add_folder(
        "mpnet_lower",
        {
            "vocab.txt": "@mpnet",
            "tokenizer_config.json": {
                "tokenizer_class": "MPNetTokenizer",
                "do_lower_case": False,
                "strip_accents": True,
            },
        },
    )
    document = json.loads(tokenizer.to_str())
    cases.bases["word_piece"] = {
        **document,
        "normalizer": {
            "type": "BertNormalizer",
            "clean_text": True,
            "handle_chinese_chars": True,
            "strip_accents": None,
            "lowercase": True,
        },
    }
    post = {
        "type": "TemplateProcessing",
        "single": [
            {"SpecialToken": {"id": "[CLS]", "type_id": 0}},
            {"Sequence": {"id": "A", "type_id": 0}},
            {"SpecialToken": {"id": "[SEP]", "type_id": 0}},
        ],
        "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
        "special_tokens": {m: {"id": m, "ids": [marks.index(m)], "tokens": [m]} for m in ("[CLS]", "[SEP]")},
    }
    cases.add_json("word_piece", "word_piece", {"post_processor": post})
    cases.add_json("word_piece_long", "word_piece", {"model": {"max_input_chars_per_word": 7}})
    document = {**cases.bases["word_piece"], "post_processor": post}
    for index, config in enumerate(
        [
            {"do_lower_case": False},
            {"do_lower_case": True, "strip_accents": False},
            {"tokenize_chinese_chars": False, "do_lower_case": True, "strip_accents": None},
        ]
    ):
        cases.add_folder(
            f"json_bert_{index}",
            {"tokenizer.json": document, "tokenizer_config.json": {"tokenizer_class": "BertTokenizer", **config}},
        )
