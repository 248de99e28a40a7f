"""CLIP's token ids of hard prompts, and of PartiPrompts: what StableDiffusionPipeline gives its text encoder.

    python e2e/oracle/tokens.py [PartiPrompts.tsv] [--out DIR]      writes e2e/goldens/tokens; parti.json where the file is given

The tokenizer is the one that model_index.json of SD-1.5 names, transformers' CLIPTokenizer, from the built-in model's folder: its
vocabulary and its special_tokens_map.json are SD-1.5's own. transformers 5 has one CLIPTokenizer, built on `tokenizers`. Through 4.x
pipelines took another by default, written in Python, which first has ftfy mend a text, or where that is not installed drops control
characters and splits CJK. CLIPTokenizerFast of 4.x differs from this one only in marks that are typed in capitals.

    hard.json    [kind, text, ids, count]: ids from <|startoftext|> on without the padding, count without the two marks. A text may be
                 [unit, times]. Half surrogates are asked about as U+FFFD: Python cannot encode them.
    parti.json   the same ids, one string a prompt, in the file's order; the prompts are not copied here
"""

import argparse
import csv
import json
import random
import unicodedata
from pathlib import Path

from transformers import CLIPTokenizer

ROOT = Path(__file__).parents[2]
OUT = ROOT / "e2e" / "goldens" / "tokens"
SEED, COUNT = 77, 500

FIXED = {
    "empty": ["", " ", "   \t\n ", "\u00a0", "\u3000\u2003", "\u200b"],
    "white space": ["a\tb\nc\r\nd", "  a  cat ", "a\u0085b", "a\u1680b", "a\u180eb", "a\u2028b\u2029c", "a\u00a0b\u202fc\u205fd\u3000e",
                    "a\x1cb\x1db\x1eb\x1fc", "a\x0bb\x0cc", "\ufeffcat", "cat\ufeffdog"],
    "marks": ["<|endoftext|>", "<|startoftext|>", "a <|endoftext|> b", "a<|endoftext|>b", "a<|startoftext|>b", "<|ENDOFTEXT|>",
              "<|StartOfText|>", "!!<|EndOfText|>!!", "<|EndOfText|>?!", "<|ENDOFTEXT|><|endoftext|>", "<|endoftext|", "<|endoftext |>",
              "<|<|endoftext|>|>", "<|endof<|startoftext|>text|>", "<|endoftext|><|endoftext|>cat", "<|ſtartoftext|>", "<|pad|>",
              "  <|endoftext|>  ", "cat's<|endoftext|>'s"],
    "entities": ["&amp; &lt;b&gt; &quot;x&quot; &#39; &#x27; &nbsp; &hellip;", "Tom &amp;amp; Jerry", "<b>bold</b>", "&eacute;", "a&b"],
    "quotes": ["it’s ‘so’ “good”", "it's IT'S It’S", "don't DON'T don’t", "'s't're've'm'll'd", "'S'T'RE'VE'M'LL'D", "'sun 'tis 'remember",
               "rock'n'roll", "''s", "'’'", "l'été", "she'd've", "«guillemets» ‹x›", "„so“", "`a` ´b´", "5'11\""],
    "numbers": ["1,000,000.50", "1 000 000", "1_000", "3.14159e-10", "1/2 ½ ⅓ ²³ ₁", "٣٤٥", "१२३", "Ⅳ ⅻ", "①②③ ⑩", "0x1F", "10:30pm",
                "1st 2nd 3rd", "$1,234.56", "50%", "−5 – 5 — 5", "𝟏𝟐𝟑", "１２３", "〇一二", "2024-11-30", "x2x3"],
    "case": ["HELLO World", "ΑΣ ΣΑΣ ὈΔΥΣΣΕΎΣ", "ΟΔΟΣ.", "İstanbul I ı i", "DİYARBAKIR ısı", "Straße STRASSE ẞ ß", "ǅ ǈ Ǳ", "ﬁ ﬂ ﬀ ﬃ ﬅ", "ᾈ ᾼ",
             "Å Å Ω K", "Ⓐ ⓐ", "ꭰ Ꭰ ᏸ", "ა Ა Ⴀ", "𐐀 𐐨", "Ａｂ Ｃ", "ÀÉÎÕÜ", "ЁЖ Щъ", "ԱՒ և", "ĲSSEL ĳ", "ŉ ǰ", "ſ", "ϒ ϓ"],
    "composed": ["é e\u0301", "Å A\u030a", "ñ n\u0303", "ậ a\u0323\u0302 a\u0302\u0323", "ṩ s\u0307\u0323", "ö̲", "각 \u1100\u1161\u11a8",
                 "가\u11a8", "\u0344", "\u0958", "\ufb2a", "\u0301cat", "a\u0301\u0301\u0301", "\u212b\u2126", "が か\u3099", "ﾊﾟ", "Z͑ͫ̓A̴̵L̶G̷O̸",
                 "q\u0307\u0323", "\U0001d15e", "\u2adc", "क़ क\u093c", "\u0b47\u0b3e", "\u0f71\u0f72\u0f74"],
    "emoji": ["😀🎉", "👩‍👩‍👧‍👦", "👍🏽 👍🏿", "🏳️‍🌈", "🇩🇪🇯🇵🇺", "1️⃣ #️⃣", "❤ ❤️ ♥", "👁️‍🗨️", "🧑🏻‍🤝‍🧑🏿", "cat😀dog", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "©®™", ":-) ;) <3",
              "(╯°□°)╯︵ ┻━┻", "🫠🫡🪿", "\u200d", "\ufe0f"],
    "scripts": ["数字と漢字", "東京タワーの夜景、雨", "한국어 텍스트", "สวัสดีชาวโลก", "नमस्ते दुनिया", "שלום עולם", "مرحبا بالعالم", "العَرَبِيَّة",
                "Привет, мир", "Γειά σου Κόσμε", "გამარჯობა", "བོད་སྐད", "ខ្មែរ", "မြန်မာ", "தமிழ்", "𠀀𠮷", "㍿㌔㎏", "ꙮ", "ᚠᛇᚻ", "𒀀𒁀", "ⵜⵉⴼⵉⵏⴰⵖ",
                "Tiếng Việt", "naïve café déjà vu", "ªº", "ʻokina", "ǃXóõ", "ーｰ", "々〆"],
    "direction": ["abc\u202edef\u202c", "\u200fשלום\u200e abc", "\u2066a\u2069 \u2067b\u2069", "א1ב2", "\u061c1"],
    "invisible": ["a\u200bb", "a\u200cb\u200db", "a\u2060b", "a\u00adb", "a\u034fb", "a\u2063b", "\u3164", "a\u115fb", "a\u17b4b", "a\U000e0041b",
                  "a\ufe0fb", "a\ufff9b\ufffab\ufffb"],
    "control": ["\x00", "a\x00b", "a\x07b\x1bc", "\x7f", "a\x80b\x9fc", "\x1b[31mred\x1b[0m"],
    "private": ["\ue000", "a\uf8ffb", "\U000f0000", "\U0010ffff", "\ufffe", "\uffff", "\ufdd0", "\ufffd\ufffd", "a\u0378b"],
    "half a pair": ["\ud800", "a\ud83d", "\ude00b", "a\ud800b\udc00", "\udc00\ud800", "cat \ud83d dog"],
    "symbols": ["----", "a-b_c/d\\e", "...", "!!!???", "#hashtag @user", "http://example.org/a?b=c&d=%20", "C++ C# F#", "{}[]()<>|~^", "a,b;c:d.",
                "→⇒∀∃∈", "€£¥₿", "§¶†‡", "a*b*(c:1.2)", "((cat:1.3))", "\\(o\\)", "½-life", "_", "·•‥…", "¿qué? ¡sí!"],
    "long": [["a", 10000], ["a ", 5000], ["word ", 2000], ["é", 9999], ["漢", 2000], ["😀", 1000], ["1", 10000], ["!", 10000], [" ", 10000],
             ["e\u0301", 5000], ["<|endoftext|>", 700], ["antidisestablishmentarianism", 300], ["qzjx", 2000], ["\n", 9000], ["'s", 4000],
             ["Ab1! ", 1900], ["ab", 38], ["a ", 75], ["a ", 76], ["a ", 74], ["漢 ", 26], ["a red circle, ", 19], ["<|startoftext|> ", 76]],
}  # fmt: skip

# blocks that the drawn texts take their letters from
POOLS = [range(0x20, 0x7F), range(0x20, 0x7F), range(0x61, 0x7B), range(0xA0, 0x250), range(0x300, 0x370), range(0x370, 0x400),
         range(0x400, 0x530), range(0x590, 0x700), range(0x900, 0x980), range(0xE00, 0xE80), range(0x1100, 0x1200), range(0x1E00, 0x2000),
         range(0x2000, 0x2070), range(0x2070, 0x2300), range(0x2460, 0x2800), range(0x3040, 0x3100), range(0x4E00, 0x9FFF),
         range(0xAC00, 0xD7A4), range(0xF900, 0xFB50), range(0xFE00, 0xFE10), range(0xFF00, 0xFFF0), range(0x10400, 0x10450),
         range(0x1D400, 0x1D800), range(0x1F300, 0x1F650), range(0x1F900, 0x1FA00), range(0xE0020, 0xE0080), range(0, 0xA0)]  # fmt: skip
GLUE = ["", "", " ", "  ", "'s ", "-", ", ", "\u200d", "<|endoftext|>", "'", "\n", "\u0301"]


def drawn(random: random.Random) -> str:
    """A few pieces of one to a dozen letters, each from one block, sometimes decomposed or in capitals."""
    text = ""
    for _ in range(random.randint(1, 9)):
        pool = random.choice(POOLS)
        piece = "".join(chr(random.choice(pool)) for _ in range(random.randint(1, 12)))
        piece = random.choice([str, str, str.upper, lambda s: unicodedata.normalize("NFD", s), lambda s: unicodedata.normalize("NFC", s)])(piece)
        text += piece + random.choice(GLUE)
    return text


def prompts() -> list:
    cases = [(kind, text) for kind, texts in FIXED.items() for text in texts]
    source = random.Random(SEED)
    while len(cases) < COUNT:
        cases.append(("drawn", drawn(source)))
    return cases


def whole(text) -> str:
    text = text if isinstance(text, str) else text[0] * text[1]
    return "".join("\ufffd" if 0xD800 <= ord(c) <= 0xDFFF else c for c in text)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parti", type=Path, nargs="?", help="PartiPrompts.tsv")
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    tokenizer = CLIPTokenizer.from_pretrained(ROOT / "public" / "pocket" / "tokenizer")

    def ids(text: str) -> tuple[str, int]:
        padded = tokenizer(text, padding="max_length", max_length=tokenizer.model_max_length, truncation=True).input_ids
        while padded[-1] == tokenizer.pad_token_id:
            padded.pop()
        return " ".join(map(str, padded)), len(tokenizer(text, add_special_tokens=False).input_ids)

    options.out.mkdir(parents=True, exist_ok=True)
    rows = [json.dumps([kind, text, *ids(whole(text))]) for kind, text in prompts()]
    (options.out / "hard.json").write_text("[\n" + ",\n".join(rows) + "\n]\n")
    print(f"{len(rows)} hard prompts")
    if options.parti:
        with options.parti.open(encoding="utf-8", newline="") as file:
            parti = [row["Prompt"] for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)]
        (options.out / "parti.json").write_text(json.dumps([ids(prompt)[0] for prompt in parti], indent=0) + "\n")
        print(f"{len(parti)} of PartiPrompts")


if __name__ == "__main__":
    main()
