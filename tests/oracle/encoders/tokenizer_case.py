# SPDX-License-Identifier: Apache-2.0
"""What the cases of make_tokenizer_cases.py share: sentences to train on, texts to ask, and how a case is kept."""

import base64
import io
import json
import sys
import tempfile
from pathlib import Path

import sentencepiece
import transformers
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

CORPUS = [
    "a photo of a red car beside two green benches",
    "the cat sat on the mat, and the dog ran away!",
    "it's 12 o'clock; they're here, we'll go now",
    "Ein grünes Auto fährt über die Brücke für Müller",
    "HELLO World from New York in 1999 and 2024",
    "naïve café déjà vu, señor façade",
    "www.example.com/path?query=1#top",
    "three (3) dogs; four [4] cats: 50% off... wow!!!",
    "haha hahaha hahahaha aaaa aaaaaa ......... !!! 1111 0000",
    "emoji 😀 and 中文 字 日本語 한국어 русский текст",
    "don't can't won't I'm you've he'd she'll",
    "under_score snake_case CamelCase kebab-case",
    "the quick brown fox jumps over the lazy dog",
    "thinking about this and that with the other things",
] * 4

TEXTS = [
    "",
    " ",
    "  ",
    "a photo of a red car",
    " leading and trailing ",
    "two  spaces   three    four",
    "line\nbreaks\n\n two\r\nend\n",
    "tab\there",
    "It's HE'LL they'RE I'M DON'T",
    "12 123 1234 12345 1,234.56",
    "the (red) car",
    "www.example.com",
    'the "red" car #red @you',
    "Das grüne Auto für dich",
    "Das gru\u0308ne Auto",
    "cafe\u0301 CAFÉ Café",
    "naïve façade ÅÄÖ ß ẞ",
    "İstanbul ΣΑΣ ΟΔΟΣ ſ K",
    "😀TOK😀",
    "€TOK+",
    "TOK™ TOK",
    "aTOK TOKa TOK_ _TOK TOK\u203f 1TOK TOK² \u0301TOK",
    "TOKTOK TOK TOK",
    "<toy>",
    "<toy> car",
    "a<toy>car",
    "a <toy> car",
    " <toy>",
    "<TOY> <Toy>",
    "<s>hello</s>",
    "[CLS] hello [SEP] [MASK] [UNK]",
    "<|endoftext|>x<|im_start|>user<|im_end|>",
    "<think>\n\n</think>\n",
    "x<unk>y <pad> <mask>z",
    "<mask> a  <mask>  b",
    "<extra_id_0> a <extra_id_99>",
    "test...",
    "test.......",
    "test..........",
    "aaaaaaaaaaa",
    "hahahahahaha",
    "!!!!!!!",
    "1111111 000000",
    "中文字 日本語テキスト 한국어",
    "中a文b",
    "русский ТЕКСТ",
    "مرحبا שלום",
    "ไทย हिन्दी",
    "👩\u200d👩\u200d👧\u200d👦 🏳\ufe0f\u200d🌈 👍🏽",
    "\u00a0nbsp\u2003em\u3000ideo",
    "zero\u200bwidth\ufeffbom",
    "▁already▁marked ▁",
    "Ġ Ċ Ã©",
    "a\u0000b",
    "\x01\x02\x1f\x7f control",
    "\x1c\x1d a \x85 b",
    "ﬁ ﬃ Ⅷ ① ½ ² ㎏ ｆｕｌｌ",
    "q\u0323\u0307 \u1e0b\u0323",
    "\u0301\u0301 lone",
    "\U0001d400 \U0010ffff \ufffd",
    "&amp; &lt;b&gt; &#65;",
    "a_b __init__ x-y -- —",
    "$5 + 3 = 8 < 9 ^ ~ ` |",
    "'s 's' ''s",
    "qqqzzzxxx",
    "Hello, y'all! How are you 😁 ?",
    "ab12cd 3d x2",
    "don't  stop   'til\tyou",
    "END",
    "…“quotes” ‘single’ «fr»",
    "ᄀ\u1161\u11a8 각",
    "ǅ Ǆ ǆ ŉ",
    "a\u20ddb\u0903c",
    "⹃ ؝ ꧏ punct",
    "line\u2028sep\u2029par",
    "tail space \n",
    "\n\n\n",
    "   \n  a",
    "x  1  22",
    "A" * 120,
    "word" * 60,
]


def train_bpe(byte_level, **options):
    tokenizer = Tokenizer(
        models.BPE(
            **{
                k: v
                for k, v in options.items()
                if k in ("unk_token", "end_of_word_suffix", "fuse_unk", "byte_fallback")
            }
        )
    )
    specials = options.get("specials", [])
    if byte_level:
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        alphabet = pre_tokenizers.ByteLevel.alphabet()
    else:
        tokenizer.normalizer = normalizers.Replace(" ", "▁")
        alphabet = []
    trainer = trainers.BpeTrainer(
        vocab_size=options["size"],
        special_tokens=specials,
        initial_alphabet=alphabet,
        show_progress=False,
        **({"end_of_word_suffix": options["end_of_word_suffix"]} if "end_of_word_suffix" in options else {}),
    )
    tokenizer.train_from_iterator([c.lower() if options.get("lower") else c for c in CORPUS], trainer)
    return json.loads(tokenizer.to_str())


# A normalisation small enough to keep: white space, compatibility forms, marks, clusters, and what goes.
RULES = {
    "\t": " ",
    "\n": " ",
    "\r": " ",
    "\u00a0": " ",
    "\u3000": " ",
    "\u2003": " ",
    "ﬁ": "fi",
    "ﬃ": "ffi",
    "①": "1",
    "½": "1⁄2",
    "²": "2",
    "Ⅷ": "VIII",
    "ｆ": "f",
    "ｕ": "u",
    "ｌ": "l",
    "\u200b": "",
    "\u0001": "",
    "e\u0301": "é",
    "u\u0308": "ü",
    "q\u0323\u0307": "q",
    "…": "...",
    "\u0301\u0301": "'",
    "中": "",
    "A": "a",
    "É": "é",
    "👍🏽": "👍",
}


def spm(**options):
    if options.pop("with_rules", False):
        with tempfile.NamedTemporaryFile("w", suffix=".tsv") as rules:
            for source, target in RULES.items():
                rules.write("\t".join(" ".join(f"{ord(c):X}" for c in text) for text in (source, target)) + "\n")
            rules.flush()
            return spm(normalization_rule_tsv=rules.name, **options)
    out = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(CORPUS), model_writer=out, minloglevel=2, **options)
    return out.getvalue()


def patched(base, patch):
    """Sections are replaced as a whole, but for the model's, whose keys are replaced one by one."""
    result = {**base, **{key: value for key, value in patch.items() if key != "model"}}
    result["model"] = {**base["model"], **patch.get("model", {})}
    return result


def token(id, content, **flags):
    return {
        "id": id,
        "content": content,
        "single_word": False,
        "lstrip": False,
        "rstrip": False,
        "normalized": False,
        "special": False,
        **flags,
    }


class Cases:
    def __init__(self):
        self.bases, self.files, self.cases = {}, {}, []

    def add_json(self, name, base, patch, picked=None):
        """A tokenizer.json alone, by tokenizers.   picked: the places of the texts that are asked."""
        document = patched(self.bases[base], patch)
        try:
            tokenizer = Tokenizer.from_str(json.dumps(document))
        except BaseException as error:
            sys.exit(f"{name}: {error}")
        self.cases.append({"name": name, "base": base, "patch": patch, "ids": [tokenizer.encode(t).ids for t in TEXTS]})
        if picked is not None:
            self.cases[-1]["ids"] = {str(i): self.cases[-1]["ids"][i] for i in picked}

    def add_folder(self, name, files, by_class=None):
        """A folder, by transformers' AutoTokenizer. `files` holds JSON values, texts, and keys of shared files."""
        with tempfile.TemporaryDirectory() as folder:
            for file, value in files.items():
                self.write(Path(folder) / file, value)
            make = getattr(transformers, by_class) if by_class else transformers.AutoTokenizer
            try:
                tokenizer = make.from_pretrained(folder)
            except Exception as error:
                print(f"{name}: refused: {str(error).splitlines()[0][:100]}", file=sys.stderr)
                return
            ids = [tokenizer(t)["input_ids"] for t in TEXTS]
        self.cases.append({"name": name, "files": files, "ids": ids})
        if by_class == "SiglipTokenizer":  # which adds no end mark where the text itself ends in one
            self.cases[-1]["ids"] = {str(i): row for i, row in enumerate(ids) if not TEXTS[i].endswith("</s>")}

    def write(self, path, value):
        if isinstance(value, str) and value.startswith("@"):
            value = self.files[value[1:]]
        if isinstance(value, dict) and "base64" in value:
            path.write_bytes(base64.b64decode(value["base64"]))
        elif isinstance(value, str):
            path.write_text(value)
        else:
            path.write_text(json.dumps(value))
