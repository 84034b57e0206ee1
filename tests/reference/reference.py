"""Independent references: what other programs compute, beside what the server says.

Usage: reference.py PART CONNECTION. tests/tests/reference.rs starts the server and puts texts into the table `corpus`
(id, body).

tokens   ids and places of tokens: the Python package tokenizers.
weights  the formulas of docs/weights.md, stated again here in numpy. Pooling is that of sentence-transformers 6.2.0,
         sentence_transformers/sparse_encoder/modules/splade_pooling.py, SpladePooling.forward, in the words of numpy:
         logits times the attention mask, relu, log1p (twice for "log1p_relu"), then the greatest or the sum over the
         tokens.
bm25     scores: bm25s, fed with token ids.

Every comparison is counted, and each part ends by comparing the number with what it must be.
"""

import collections
import json
import math
import pathlib
import random
import sys

import numpy as np
import psycopg

ROOT = pathlib.Path(__file__).resolve().parents[2]
SEED = 20261128


class Tally:
    """Counts comparisons of numbers, and remembers the greatest difference of each kind."""

    def __init__(self):
        self.kinds = collections.Counter()
        self.greatest = collections.defaultdict(float)

    def number(self, kind, ours, reference, tolerance=1e-5, floor=0.0):
        """Relative to the reference's size, or to `floor` if that is greater. 0 must be 0."""
        self.kinds[kind] += 1
        difference = abs(ours - reference)
        size = max(abs(reference), floor)
        assert difference <= tolerance * size, f"{kind}: the server says {ours!r}, the reference {reference!r}"
        if size > 0:
            self.greatest[kind] = max(self.greatest[kind], difference / size)

    def numbers(self, kind, ours, reference, tolerance, floor=0.0, why=""):
        """Two arrays of numpy as one comparison."""
        self.kinds[kind] += 1
        assert ours.shape == reference.shape, f"{kind}: {ours.shape} numbers, not {reference.shape}; {why}"
        differences = np.abs(ours - reference) / np.maximum(np.abs(reference), max(floor, sys.float_info.min))
        worst = differences.max(initial=0.0)
        assert worst <= tolerance, f"{kind}: the server says {ours}, the reference {reference}; {why}"
        self.greatest[kind] = max(self.greatest[kind], worst)

    def vector(self, kind, ours, reference, tolerance=1e-5):
        """Terms (a dict, from 0) must be the same but for those whose weight is nearly 0."""
        self.kinds[kind + " vectors"] += 1
        for term in ours.keys() | reference.keys():
            self.number(kind, ours.get(term, 0.0), float(reference.get(term, 0.0)), tolerance, 1e-6)

    def true(self, kind, condition, why=""):
        self.kinds[kind] += 1
        assert condition, f"{kind}: {why}"

    def report(self, expected):
        """`expected`: how many comparisons of each kind there must have been; a tuple says at least."""
        for kind, n in sorted(self.kinds.items()):
            print(f"{kind}: {n} compared, greatest relative difference {self.greatest[kind]:.1e}")
        assert self.kinds.keys() == expected.keys(), f"kinds: {self.kinds.keys() ^ expected.keys()}"
        for kind, n in expected.items():
            found = self.kinds[kind]
            assert found >= n[0] if isinstance(n, tuple) else found == n, f"{kind}: {found} compared, not {n}"


def literal(vector, dim):
    """A dict of terms from 0 as the server's literal."""
    return "{" + ",".join(f"{t + 1}:{np.float32(w)!s}" for t, w in sorted(vector.items()) if w != 0) + f"}}/{dim}"


def parse(text):
    """The server's literal as a dict of terms from 0."""
    inside = text[1 : text.index("}")]
    pairs = (pair.split(":") for pair in inside.split(",") if pair)
    return {int(index) - 1: float(np.float32(weight)) for index, weight in pairs}


# Tokens.

# First and last character of each block that texts are made of.
BLOCKS = {
    "Cyrillic": [(0x400, 0x4FF)],
    "Greek": [(0x370, 0x3FF), (0x1F00, 0x1FFF)],
    "Arabic": [(0x600, 0x6FF), (0x64B, 0x655), (0xFB50, 0xFDFF), (0xFE70, 0xFEFC)],
    "Hebrew": [(0x591, 0x5F4)],
    "Devanagari": [(0x900, 0x97F)],
    "Thai": [(0xE00, 0xE5B)],
    "Chinese and Japanese": [
        (0x4E00, 0x9FFF),
        (0x3040, 0x30FF),
        (0x20000, 0x2A6DF),
        (0x3000, 0x303F),
        (0xFF00, 0xFFEF),
    ],
    "Hangul": [(0xAC00, 0xD7A3), (0x1100, 0x11FF)],
    "Latin with accents": [(0xC0, 0x24F), (0x1E00, 0x1EFF), (0xFB00, 0xFB06)],
    "emoji": [(0x1F300, 0x1FAFF), (0x2600, 0x27BF), (0xFE0E, 0xFE0F), (0x200D, 0x200D), (0x1F1E6, 0x1F1FF)],
    "combining marks": [(0x61, 0x7A), (0x300, 0x36F), (0x1AB0, 0x1AFF), (0x20D0, 0x20FF)],
    "controls": [(0x1, 0x20), (0x7F, 0xA0), (0x61, 0x66)],
    "spaces and marks without width": [
        (0x2000, 0x200F),
        (0x2028, 0x202F),
        (0x205F, 0x2064),
        (0xFEFF, 0xFEFF),
        (0x61, 0x66),
    ],
    "mathematics and symbols": [(0x2070, 0x2BFF), (0x1D400, 0x1D7FF)],
    "private, unassigned and last": [
        (0xE000, 0xE0FF),
        (0xFFF0, 0xFFFF),
        (0x10FFF0, 0x10FFFF),
        (0x378, 0x37F),
        (0x61, 0x66),
    ],
    "all": [(0x1, 0xD7FF), (0xE000, 0x1FFFF)],
}
ODD = [
    "[CLS] plants [MASK] [SEP]",
    "[UNK]",
    "<s>a</s>",
    "<unk> b <unk>",
    "##ing ##",
    "a" * 99,
    "a" * 100,
    "a" * 101,
    "x" * 1000,
    "\u0130stanbul I\u0307 \u0131",
    "stra\u00dfe STRASSE \u1e9e",
    "\u03a3\u03a3 \u03c3\u03c2",
    "e\u0301 \u00e9",
    " ",
    "  lead",
    "trail  ",
    "\u00a0",
    "\u3000a\u3000",
    "\t\n\r\v\f",
    "a\u200bb\u200cc\u200dd",
    "\u2581 \u2581a a\u2581",
    "\ufb01\ufb02 \u00bd \u2460 \u33a5",
    "don't can't I'm we'LL",
    "1,234.56 1e-5 0x1F",
    "...!?--",
    "\ud55c\uae00 \u1112\u1161\u11ab",
]


def generated(rng):
    """1,280 texts of other scripts and the odd ones, none with a NUL, which the server's text cannot have."""
    texts = []
    for ranges in BLOCKS.values():
        for n in range(80):
            words = []
            for _ in range(rng.randint(1, 25)):
                first, last = rng.choice(ranges)
                # A word of one block or, every fourth text, of all its ranges.
                pick = (lambda: rng.choice(ranges)) if n % 4 == 0 else (lambda: (first, last))
                words.append("".join(chr(rng.randint(*pick())) for _ in range(rng.randint(1, 12))))
                if rng.random() < 0.1:
                    words.append(rng.choice(["and", "the", "2024", "index", "na\u00efve", "?", "(x)"]))
            texts.append(rng.choice([" ", " ", "", "\n", "\u3000", ", "]).join(words))
    return texts + ODD


def long_texts(rng, plain, other):
    """Ten long enough to be divided several times, from 100 kB on; every other one has other scripts in between. None
    has 256 kB: there are tokenizers whose texts cannot be divided, and more is refused."""
    texts = []
    for n in range(10):
        parts = []
        while sum(len(part.encode()) + 1 for part in parts) < 100_000 + 16_000 * n:
            parts.append(rng.choice(plain))
            if n % 2 == 0:
                parts.append(rng.choice(other))
        texts.append(" ".join(parts))
    return texts


def tokenizers_of(texts):
    """By name: the contents of tokenizer.json."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

    word_piece = (ROOT / "demo/pgdocs/tokenizer.json").read_text(encoding="utf-8")

    byte_level = Tokenizer(models.BPE())
    byte_level.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    byte_level.train_from_iterator(
        texts,
        trainers.BpeTrainer(
            vocab_size=8000, initial_alphabet=alphabet, special_tokens=["<|end|>"], show_progress=False
        ),
    )

    sentence_piece = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True))
    sentence_piece.normalizer = normalizers.NFKC()
    sentence_piece.pre_tokenizer = pre_tokenizers.Metaspace()
    markers = ["<unk>", "<s>", "</s>"]
    sentence_piece.train_from_iterator(
        texts, trainers.BpeTrainer(vocab_size=8000, limit_alphabet=1000, special_tokens=markers, show_progress=False)
    )
    # With a token for every byte, as models that were made with SentencePiece have them.
    with_bytes = json.loads(sentence_piece.to_str())
    vocabulary = with_bytes["model"]["vocab"]
    for byte in range(256):
        vocabulary[f"<0x{byte:02X}>"] = len(vocabulary)
    with_bytes["model"]["byte_fallback"] = True

    unigram = Tokenizer(models.Unigram())
    unigram.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    unigram.pre_tokenizer = pre_tokenizers.Metaspace()
    unigram.train_from_iterator(
        texts, trainers.UnigramTrainer(vocab_size=8000, unk_token="<unk>", special_tokens=markers, show_progress=False)
    )
    # The same without a pre-tokenizer, as Llama 2 has it: all words of a text are one for its model.
    joined = json.loads(json.dumps(with_bytes))
    joined["pre_tokenizer"] = None
    prepend, replace = normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")
    normalizer_alone = Tokenizer(models.BPE())
    normalizer_alone.normalizer = normalizers.Sequence([prepend, replace])
    joined["normalizer"] = json.loads(normalizer_alone.to_str())["normalizer"]

    return {
        "word pieces": word_piece,
        "bytes": byte_level.to_str(),
        "sentence pieces": json.dumps(with_bytes),
        "unigram": unigram.to_str(),
        "joined words": json.dumps(joined),
    }


def part_tokens(server):
    from tokenizers import Tokenizer

    rng = random.Random(SEED)
    other = generated(rng)
    plain = [body for (body,) in server.execute("SELECT body FROM corpus ORDER BY id")]
    long = long_texts(rng, plain, other)
    plain = plain[: 10_000 - len(other) - len(long)]
    texts = plain + other + long
    assert len(texts) == 10_000 and len(other) >= 1200, f"{len(texts)} texts, {len(other)} of other scripts"
    server.execute("CREATE TABLE texts (id int, body text)")
    with server.cursor().copy("COPY texts FROM STDIN") as copy:
        for number, text in enumerate(texts):
            copy.write_row((number, text))

    tally = Tally()
    # Some texts are enough, and not of all scripts: 8,000 tokens have no room for each of their characters.
    for name, tokenizer_json in tokenizers_of(plain[::10] + other[:480]).items():
        server.execute("SELECT wand_create_encoder(%s, %s)", (name, tokenizer_json))
        tokenizer = Tokenizer.from_str(tokenizer_json)
        tokenizer.no_padding()
        tokenizer.no_truncation()
        model = json.loads(tokenizer_json)["model"]
        special = {number for number, token in tokenizer.get_added_tokens_decoder().items() if token.special}
        if model.get("unk_token"):
            special.add(tokenizer.token_to_id(model["unk_token"]))
        if model.get("unk_id") is not None:
            special.add(model["unk_id"])
        rows = server.execute(
            """SELECT id, ids, starts, lengths, encode_counts(%(name)s, body)::text
               FROM texts, LATERAL (SELECT array_agg(token_id ORDER BY position), array_agg(start ORDER BY position),
                   array_agg(length ORDER BY position) FROM encode_tokens(%(name)s, body)) AS t (ids, starts, lengths)
               WHERE id < %(n)s ORDER BY id""",
            {"name": name, "n": len(texts)},
        )
        differing, misplaced, miscounted, n_tokens = [], [], [], 0
        for (number, ids, starts, lengths, counts), expected in zip(
            rows, tokenizer.encode_batch(texts, add_special_tokens=False), strict=True
        ):
            ids, starts, lengths = ids or [], starts or [], lengths or []
            n_tokens += len(ids)
            if ids != expected.ids:
                differing.append(number)
            elif [(s - 1, s - 1 + n) for s, n in zip(starts, lengths)] != expected.offsets:
                misplaced.append(number)
            if parse(counts) != collections.Counter(i for i in expected.ids if i not in special):
                miscounted.append(number)
            tally.kinds[name] += 1
        print(
            f"{name}: {len(texts)} texts, {n_tokens} tokens; ids differ in {len(differing)}, "
            f"counts in {len(miscounted)}, places in {len(misplaced)}"
        )
        for what, numbers in (("ids", differing), ("counts", miscounted), ("places", misplaced)):
            assert not numbers, f"{name}: {what} differ in {numbers[:5]}: {texts[numbers[0]][:200]!r}"
    names = ("word pieces", "bytes", "sentence pieces", "unigram", "joined words")
    tally.report({name: 10_000 for name in names})


# Weights.

DIM = 1000


def sparse(rng, nnz, negative=False, halves=False, terms=DIM):
    """A vector of random terms; of weights that are multiples of a half, many are equal."""
    terms = rng.choice(terms, size=nnz, replace=False)
    weights = rng.integers(1, 8, nnz) / 2 if halves else rng.gamma(1.5, 0.7, nnz) + 1e-3
    if negative:
        weights = weights * rng.choice([-1, 1], nnz)
    return {int(t): float(np.float32(w)) for t, w in zip(terms, weights)}


def dense(vector):
    row = np.zeros(DIM)
    row[list(vector)] = list(vector.values())
    return row


def as_dict(row):
    return {int(t): float(row[t]) for t in np.flatnonzero(row)}


def ask(server, sql, *arguments):
    """The only row of an answer; svec as dicts."""
    row = server.execute("SELECT " + sql, arguments).fetchone()
    return [parse(x) if isinstance(x, str) and x.startswith("{") else x for x in row]


def array(values):
    return "{" + ",".join("NULL" if v is None else str(v) for v in values) + "}"


def pooling(server, tally, rng):
    n_texts, length, dim = 20, 32, 500
    logits = (3 * rng.standard_normal((n_texts, length, dim)) - 1).astype(np.float32)
    mask = np.arange(length) < rng.integers(1, length + 1, n_texts)[:, None]
    server.execute("CREATE TABLE logits (text int, seen bool, x real[])")
    with server.cursor().copy("COPY logits FROM STDIN") as copy:
        for text in range(n_texts):
            for token in range(length):
                copy.write_row((text, bool(mask[text, token]), array(logits[text, token])))

    masked = logits * mask[:, :, None].astype(np.float32)
    once = np.log1p(np.maximum(masked, 0))
    twice = np.log1p(once)
    shown = np.where(mask[:, :, None], np.log1p(np.log1p(np.exp(logits.astype(np.float64)))), 0)
    bias = np.where(mask[:, :, None], np.log1p(np.maximum(logits.astype(np.float64) - 0.25, 0)), 0)
    pooled = {
        "max(log_saturation(x))": once.max(axis=1),
        "sum(log_saturation(x))": once.sum(axis=1),
        "max(double_log_saturation(x))": twice.max(axis=1),
        "sum(double_log_saturation(x))": twice.sum(axis=1),
        "log_saturation(max(relu(x)))": once.max(axis=1),
        "max(relu(x))": np.maximum(masked, 0).max(axis=1),
        "max(log_saturation(x, -0.25))": bias.max(axis=1),
        "sum(log_softplus(x))": shown.sum(axis=1),
        "max(softplus(x))": np.where(mask[:, :, None], np.log1p(np.exp(logits.astype(np.float64))), 0).max(axis=1),
    }
    for sql, expected in pooled.items():
        # The mask as rows left out, and as logits of 0 where 0 stays 0.
        ways = [f"SELECT text, {sql}::text FROM logits WHERE seen GROUP BY text ORDER BY text"]
        if "softplus" not in sql:
            zeros = "array_fill(0::real, ARRAY[cardinality(x)])"
            zeroed = f"SELECT text, CASE WHEN seen THEN x ELSE {zeros} END AS x FROM logits"
            ways.append(f"SELECT text, {sql}::text FROM ({zeroed}) AS zeroed GROUP BY text ORDER BY text")
        for way in ways:
            for (_, ours), reference in zip(server.execute(way), expected, strict=True):
                tally.vector("pooling", parse(ours), as_dict(reference))


def frequencies(server, tally, rng):
    # A tenth of the terms is in no row.
    rows = [sparse(rng, int(n), negative=True, terms=900) for n in rng.integers(0, 60, 300)]
    queries = [sparse(rng, int(n)) for n in rng.integers(1, 12, 40)]
    table = np.array([dense(row) for row in rows])
    asked = np.array([dense(query) for query in queries])
    for name, vectors in (("rows", rows), ("queries", queries)):
        server.execute(f"CREATE TABLE {name} (v svec)")
        with server.cursor().copy(f"COPY {name} FROM STDIN") as copy:
            for vector in vectors:
                copy.write_row((literal(vector, DIM),))
    n, df, query_df = len(rows), (table != 0).sum(axis=0), (asked != 0).sum(axis=0)
    (counted,) = ask(server, "df_agg(v)::text FROM rows")
    tally.vector("df_agg", counted, as_dict(df))

    occurs = np.flatnonzero(df)
    f = df[occurs].astype(float)
    variants = {
        "lucene": np.log(1 + (n - f + 0.5) / (f + 0.5)),
        "robertson": np.log((n - f + 0.5) / (f + 0.5)),
        "plain": np.log(n / f),
        "atire": np.log(n / f),
        "bm25l": np.log((n + 1) / (f + 0.5)),
        "bm25plus": np.log((n + 1) / f),
    }
    for variant, expected in variants.items():
        ours, one = ask(
            server, "idf(df_agg(v), count(v), %s)::text, idf(7::float8, count(v), %s) FROM rows", variant, variant
        )
        tally.vector("idf", ours, dict(zip(occurs.tolist(), expected)))
        at = {
            "lucene": math.log(1 + (n - 6.5) / 7.5),
            "robertson": math.log((n - 6.5) / 7.5),
            "bm25l": math.log((n + 1) / 7.5),
        }
        tally.number("idf of a number", one, at.get(variant, math.log((n + (variant == "bm25plus")) / 7)), 1e-12)

    # The function for frequencies of more than half of the documents too.
    for count in (0.5, 120, 200, 300):
        (one,) = ask(server, "idf(%s::float8, 300, 'robertson')", count)
        tally.number("idf of a number", one, math.log((300 - count + 0.5) / (count + 0.5)), 1e-12)

    means = np.abs(table).mean(axis=0)
    idf = variants["lucene"]
    of_term = np.ones(DIM)
    of_term[occurs] = idf.astype(np.float32)
    crowded = np.abs(table) * ((table != 0).sum(axis=1) > 30)[:, None]
    share = np.where(df > 0, df, 1) / n
    steep = 1 / (1 + (share ** math.log(2, 0.1) - 1) ** 10)
    measures = {
        "flops(v)": (means**2).sum(),
        "flops(v, 30)": (crowded.mean(axis=0) ** 2).sum(),
        "idf_flops(v, (SELECT idf(df_agg(v), count(v)) FROM rows))": ((means / of_term) ** 2).sum(),
        "df_flops(v, 0.1, 10)": ((np.where(df > 0, steep, 0) * means) ** 2).sum(),
        "df_flops(v, 0.05, 3)": ((1 / (1 + (share ** math.log(2, 0.05) - 1) ** 3) * means) ** 2).sum(),
        "avg(sparsity(v))": (1 - (table != 0).sum(axis=1) / DIM).mean(),
        "retrieval_flops((SELECT df_agg(v) FROM queries), 40, df_agg(v), count(v))": (query_df / 40 * df / n).sum(),
    }
    for sql, expected in measures.items():
        (ours,) = ask(server, f"{sql} FROM rows")
        tally.number("measures", ours, expected, 1e-6)

    df_text = literal(as_dict(df), DIM)
    idf_text = literal(as_dict(np.where(df > 0, of_term, 0)), DIM)
    for query in queries:
        row = dense(query)
        text = literal(query, DIM)
        touched, weighted, present = ask(
            server,
            "postings_touched(%s, %s), apply_idf(%s, %s)::text, presence(%s)::text",
            text,
            df_text,
            text,
            idf_text,
            text,
        )
        tally.number("postings_touched", touched, df[row != 0].sum(), 1e-12)
        tally.vector("apply_idf", weighted, as_dict(row * np.where(df > 0, of_term, 0)))
        tally.vector("presence", present, as_dict(row > 0))
        least = round(float(rng.uniform(3, 6)), 2)
        kept = ask(
            server,
            """prune_frequent(%s, %s, 300, 1.2, 0.4)::text, prune_stop_words(%s, %s, 300, 0.03)::text,
               prune_min_idf(%s, %s, %s::real)::text""",
            text,
            df_text,
            text,
            df_text,
            text,
            idf_text,
            least,
        )
        frequent = (df >= 1.2 * df[df > 0].mean()) & (np.abs(row) <= np.float32(0.4 * np.abs(row).max()))
        rules = [(df > 0) & ~frequent, df / 300 <= 0.03, (df > 0) & (of_term > np.float32(least))]
        for ours, rule in zip(kept, rules):
            tally.vector("pruning by frequency", ours, as_dict(row * rule), 0)


def feedback(server, tally, rng):
    for turn in range(30):
        query = sparse(rng, 8)
        documents = [sparse(rng, int(n)) for n in rng.integers(5, 40, 6)]
        others = [sparse(rng, int(n)) for n in rng.integers(5, 40, 4)]
        alpha, beta, gamma, decay = (round(float(x), 3) for x in rng.uniform(0.1, 1, 4))
        terms = int(rng.integers(3, 25)) if turn % 3 else None
        moved = alpha * dense(query) + beta * np.mean([dense(d) for d in documents], axis=0)
        moved = np.maximum(moved - gamma * np.mean([dense(d) for d in others], axis=0), 0)
        best = np.argsort(-moved, kind="stable")[:terms]
        expected = {int(t): moved[t] for t in best if moved[t] > 0}
        texts, other_texts = ([literal(d, DIM) for d in list_] for list_ in (documents, others))
        (ours,) = ask(
            server,
            "rocchio(%s, %s::svec[], %s::svec[], %s, %s, %s, %s)::text",
            literal(query, DIM),
            texts,
            other_texts,
            alpha,
            beta,
            gamma,
            terms,
        )
        tally.vector("rocchio", ours, expected)

        scores = rng.uniform(0.5, 20, len(documents)).astype(np.float32)
        terms = int(rng.integers(3, 25))
        expansion = sum(
            float(s) / float(scores.sum(dtype=np.float64)) * dense(d) / dense(d).sum()
            for s, d in zip(scores, documents)
        )
        kept = np.zeros(DIM)
        best = np.argsort(-expansion, kind="stable")[:terms]
        kept[best] = expansion[best]
        kept /= kept.sum()
        mixed = alpha * dense(query) / dense(query).sum() + (1 - alpha) * kept
        (ours,) = ask(
            server,
            "rm3(%s, %s::svec[], %s::real[], %s, %s)::text",
            literal(query, DIM),
            texts,
            array(scores),
            terms,
            alpha,
        )
        tally.vector("rm3", ours, as_dict(mixed))

        added, greatest = np.zeros(DIM), np.zeros(DIM)
        for document in documents:
            added = decay * added + dense(document)
            greatest = np.maximum(decay * greatest, dense(document))
        ours = ask(
            server,
            """sum_decayed(v::svec, %s ORDER BY n)::text, max_decayed(v::svec, %s ORDER BY n)::text
               FROM unnest(%s::text[]) WITH ORDINALITY AS turns (v, n)""",
            decay,
            decay,
            texts,
        )
        tally.vector("sum_decayed", ours[0], as_dict(added))
        tally.vector("max_decayed", ours[1], as_dict(greatest))


def pruning(server, tally, rng):
    for turn in range(60):
        # Equal weights, and sums that are exactly the share, in every other turn.
        vector = sparse(rng, int(rng.integers(1, 50)), negative=True, halves=turn % 2 == 0)
        share = [0.0, 0.25, 0.5, 1.0][turn // 2 % 4] if turn % 2 == 0 else round(float(rng.uniform(0, 1)), 3)
        k = int(rng.integers(0, 60))
        threshold = 1.5 if turn % 2 == 0 else 0.7
        row = dense(vector)
        terms = sorted(vector, key=lambda t: (-abs(vector[t]), t))
        sums = np.cumsum([abs(vector[t]) for t in terms])
        from_below = np.cumsum([abs(vector[t]) for t in reversed(terms)])
        n_kept = len(terms) if share == 1 else int(np.searchsorted(sums, share * sums[-1], "left")) + 1
        n_dropped = len(terms) if share == 1 else int(np.searchsorted(sums, share * sums[-1], "right"))
        n_light = int(np.searchsorted(from_below, share * from_below[-1], "right"))
        top = np.abs(row).max()
        expected = [
            {t: vector[t] for t in terms[:k]},
            as_dict(row * (np.abs(row) >= np.float32(threshold))),
            as_dict(row * (np.abs(row) >= np.float32(share * top))),
            {t: vector[t] for t in terms[:n_kept]},
            {t: vector[t] for t in terms[:n_dropped]},
            {t: vector[t] for t in terms[: len(terms) - n_light]},
        ]
        text = literal(vector, DIM)
        ours = ask(
            server,
            """prune_top_k(v, %s)::text, prune_below(v, %s::real)::text, prune_max_ratio(v, %s)::text,
               prune_mass_keep(v, %s)::text, prune_mass_drop(v, %s)::text, prune_mass_share(v, %s)::text
               FROM (VALUES (%s::svec)) AS t(v)""",
            k,
            threshold,
            share,
            share,
            share,
            share,
            text,
        )
        for mine, reference in zip(ours, expected, strict=True):
            tally.vector("pruning", mine, reference, 0)


def folding(server, tally, rng):
    for _ in range(30):
        vector, mask = sparse(rng, 80, negative=True), sparse(rng, 300)
        words = [None if rng.random() < 0.2 else int(rng.integers(0, 120)) for _ in range(DIM)]
        added, greatest = {}, {}
        for term, weight in vector.items():
            word = words[term]
            if word is not None:
                added[word] = added.get(word, 0) + weight
                greatest[word] = max(greatest.get(word, -math.inf), weight)
        ids = rng.integers(0, 40, 100).tolist()
        logits = rng.standard_normal(100).astype(np.float32)
        of_document, of_query = collections.defaultdict(float), collections.defaultdict(float)
        for token, weight in zip(ids, logits):
            of_document[token] = max(of_document[token], float(max(weight, 0)))
            of_query[token] += float(max(weight, 0))
        ours = ask(
            server,
            """fold_terms(v, %s, 'sum', 120)::text, fold_terms(v, %s, 'max', 120)::text, lexical_mask(v, %s)::text,
               unicoil_document(%s, %s)::text, unicoil_query(%s, %s)::text FROM (VALUES (%s::svec)) AS t(v)""",
            words,
            words,
            literal(mask, DIM),
            ids,
            array(logits),
            ids,
            array(logits),
            literal(vector, DIM),
        )
        masked = {t: w for t, w in vector.items() if t in mask}
        for mine, reference in zip(ours, [added, greatest, masked, of_document, of_query], strict=True):
            tally.vector("folding", mine, reference)


def quantisation(server, tally, rng):
    closest = 0.0
    for bits in (4, 8, 12):
        for turn in range(20):
            document, query = sparse(rng, 200, negative=True), sparse(rng, 100, negative=True)
            most = round(max(map(abs, document.values())) * float(rng.uniform(1, 1.3)) + 0.01, 2)
            step = float(np.float32(most)) / (2**bits - 1)
            if turn == 0:
                # The worst that can be: each weight nearly half a step above its level, and of the sign of the query's.
                document = {t: float(np.float32((t % 15 + 0.49) * step * np.sign(w))) for t, w in query.items()}
            levels = {t: np.floor(abs(w) / step + 0.5) * np.sign(w) for t, w in document.items()}
            ours_step, ours, back, bound, exact, rough = ask(
                server,
                """step, quantise(d, %s, %s::real)::text, dequantise(quantise(d, %s, %s::real), step)::text,
                   quantisation_error(q, step),
                   -(d <#> q), -(dequantise(quantise(d, %s, %s::real), step) <#> q)
                   FROM (SELECT %s::svec AS d, %s::svec AS q, quantisation_step(%s::real, %s) AS step) AS t""",
                bits,
                most,
                bits,
                most,
                bits,
                most,
                literal(document, DIM),
                literal(query, DIM),
                most,
                bits,
            )
            tally.number("quantisation_step", ours_step, step, 1e-12)
            tally.vector("quantise", ours, levels, 0)
            tally.vector("dequantise", back, {t: level * step for t, level in levels.items()})
            tally.number("quantisation_error", bound, sum(map(abs, query.values())) * step / 2, 1e-6)
            # What float4 adds: 2^-24 of each product, of the weights' rounding and of their product's.
            products = np.abs(dense(document) * dense(query)).sum()
            tally.true(
                "quantisation's bound", abs(exact - rough) <= bound + products * 2**-22, f"{exact}, {rough}, {bound}"
            )
            closest = max(closest, abs(exact - rough) / bound)
    # Were the bound far from what happens, it would prove little.
    tally.true("quantisation's bound", 0.95 < closest <= 1.01, f"{closest}")


def part_weights(server):
    tally = Tally()
    rng = np.random.default_rng(SEED)
    for check in (pooling, frequencies, feedback, pruning, folding, quantisation):
        check(server, tally, rng)
    several = (100,)
    tally.report(
        {
            "pooling vectors": 20 * (9 + 7),
            "pooling": (20 * 16 * 400,),
            "df_agg vectors": 1,
            "df_agg": (800,),
            "idf vectors": 6,
            "idf": (4_800,),
            "idf of a number": 10,
            "measures": 7,
            "postings_touched": 40,
            "apply_idf vectors": 40,
            "apply_idf": several,
            "presence vectors": 40,
            "presence": several,
            "pruning by frequency vectors": 120,
            "pruning by frequency": several,
            "rocchio vectors": 30,
            "rocchio": several,
            "rm3 vectors": 30,
            "rm3": several,
            "sum_decayed vectors": 30,
            "sum_decayed": several,
            "max_decayed vectors": 30,
            "max_decayed": several,
            "pruning vectors": 360,
            "pruning": (1_000,),
            "folding vectors": 150,
            "folding": (5_000,),
            "quantisation_step": 60,
            "quantise vectors": 60,
            "quantise": (9_000,),
            "dequantise vectors": 60,
            "dequantise": (9_000,),
            "quantisation_error": 60,
            "quantisation's bound": 61,
        }
    )


# BM25.


def part_bm25(server):
    import bm25s
    from tokenizers import Tokenizer

    tokenizer_json = (ROOT / "demo/pgdocs/tokenizer.json").read_text(encoding="utf-8")
    tokenizer = Tokenizer.from_str(tokenizer_json)
    tokenizer.no_padding()
    tokenizer.no_truncation()
    special = {number for number, token in tokenizer.get_added_tokens_decoder().items() if token.special}
    special.add(tokenizer.token_to_id("[UNK]"))

    def ids_of(texts):
        return [[i for i in e.ids if i not in special] for e in tokenizer.encode_batch(texts, add_special_tokens=False)]

    n_documents, n_queries = 2_000, 60
    texts = [body for (body,) in server.execute("SELECT body FROM corpus WHERE id < %s ORDER BY id", (n_documents,))]
    # Some texts serve as questions: their beginnings, with words that come twice.
    questions = [
        " ".join(text.split()[: 3 + n % 12] + text.split()[:2]) for n, text in enumerate(texts[::33][:n_queries])
    ]
    documents, asked = ids_of(texts), ids_of(questions)
    known = {token for ids in documents for token in ids}
    # bm25s wants ids without gaps.
    dense_id = {token: n for n, token in enumerate(sorted(known))}
    server.execute("SELECT wand_create_encoder('words', %s)", (tokenizer_json,))
    server.execute(
        """CREATE TABLE counted AS SELECT id, body, encode_counts('words', body) AS counts FROM corpus WHERE id < %s""",
        (n_documents,),
    )
    server.execute("CREATE TABLE questions (id int, question text)")
    with server.cursor().copy("COPY questions FROM STDIN") as copy:
        for number, question in enumerate(questions):
            copy.write_row((number, question))

    tally = Tally()
    for method in ("lucene", "robertson", "atire"):
        for k1, b in ((1.2, 0.75), (0.9, 0.4)):
            index = bm25s.BM25(method=method, k1=k1, b=b, dtype="float64")
            corpus = [[dense_id[token] for token in ids] for ids in documents]
            index.index(
                (corpus, {str(n): n for n in range(len(dense_id))}), create_empty_token=False, show_progress=False
            )
            # Its own way of choosing an IDF for what is frequent: none below 0, which apply_idf does too.
            server.execute("DROP TABLE IF EXISTS bm25")
            server.execute(
                """CREATE TABLE bm25 AS SELECT id, encode_bm25_document('words', body, avgdl, %s, %s, %s) AS emb
                   FROM counted, (SELECT avg(l1_norm(counts)) AS avgdl FROM counted) AS mean""",
                (k1, b, method),
            )
            server.execute("CREATE INDEX bm25_emb ON bm25 USING wand (emb)")
            server.execute("DROP TABLE IF EXISTS encoded")
            server.execute(
                """CREATE TABLE encoded AS SELECT q.id, apply_idf(encode_counts('words', question), idf) AS q
                   FROM questions AS q, (SELECT idf(df_agg(counts), count(*), %s) AS idf FROM counted) AS statistics""",
                (method,),
            )
            server.execute("ANALYZE")
            for number, ids in enumerate(asked):
                reference = index.get_scores_from_ids([dense_id[token] for token in ids if token in dense_id])
                rows = server.execute(
                    "SELECT d.id, -(emb <#> q) FROM bm25 AS d, encoded AS e WHERE e.id = %s ORDER BY d.id", (number,)
                ).fetchall()
                for document, score in rows:
                    tally.number(method, score, float(reference[document]), 1e-5, 1e-2)
                with server.transaction():
                    server.execute("SET LOCAL enable_seqscan = off")
                    server.execute("SET LOCAL enable_sort = off")
                    best = server.execute(
                        """SELECT -(emb <#> q) FROM bm25, (SELECT q FROM encoded WHERE id = %s OFFSET 0) AS e
                           ORDER BY emb <#> q LIMIT 10""",
                        (number,),
                    ).fetchall()
                for (score,), expected in zip(best, np.sort(reference)[::-1][:10], strict=True):
                    tally.number(method + ", the ten best", score, float(expected), 1e-5, 1e-2)
    kinds = {method: 2 * n_documents * n_queries for method in ("lucene", "robertson", "atire")}
    tally.report(kinds | {method + ", the ten best": 2 * 10 * n_queries for method in kinds})


def main():
    part, connection = sys.argv[1:]
    with psycopg.connect(connection, autocommit=True) as server:
        {"tokens": part_tokens, "weights": part_weights, "bm25": part_bm25}[part](server)


if __name__ == "__main__":
    main()
