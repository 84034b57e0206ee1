"""What is exported and loaded again is the same, in every format; and the formats are what others read and write."""

from __future__ import annotations

import contextlib
import gzip
import json
from pathlib import Path
from typing import Any

import psycopg
import pyarrow
import pytest
from conftest import Database
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from hypothesis import given
from hypothesis import strategies as st
from oracle import random_matrix
from pyarrow import parquet
from strategies import vectors

from pg_wand import SparseVector, from_matrix, progress
from pg_wand.__main__ import main
from pg_wand.formats import Document, Fields, Vocabulary, ciff, protobuf, read, write

WHOLE = from_matrix((random_matrix(200, 300, 0.05, seed=3) * 10).round(), with_dim=False)
VOCABULARY = Vocabulary({f"tok{i}": i for i in range(300)})


def rows(database: Database, table: str = "docs", columns: str = "id, emb") -> list[Any]:
    with database.connect() as conn:
        found = conn.execute(f"SELECT {columns} FROM {table}").fetchall()
    return sorted((row[0], SparseVector.from_text(row[1]), *row[2:]) for row in found)


def run(database: Database, *arguments: str | Path) -> int:
    return main(["--dsn", database.conninfo, *map(str, arguments)])


@pytest.mark.parametrize("vocabulary", [None, VOCABULARY], ids=["ids", "tokens"])
@pytest.mark.parametrize("suffix", [".jsonl", ".jsonl.gz", ".parquet", ".ciff", ".ciff.gz"])
def test_round_trip(database: Database, tmp_path: Path, suffix: str, vocabulary: Vocabulary | None) -> None:
    first, second, tokens = tmp_path / f"a{suffix}", tmp_path / f"b{suffix}", tmp_path / "vocabulary.txt"
    documents = [Document(f"doc {i:03}", vector) for i, vector in enumerate(WHOLE)]
    assert write(first, documents, vocabulary) == len(documents)
    assert list(read(first, vocabulary=vocabulary)) == documents
    tokens.write_text("\n".join(VOCABULARY.ids))
    given_vocabulary = [] if vocabulary is None else ["--vocabulary", tokens]
    assert run(database, "load", "--table", "docs", "--create", "--index", "ip", *given_vocabulary, first) == 0
    assert rows(database) == [(document.id, document.vector) for document in documents]
    assert run(database, "export", "--table", "docs", *given_vocabulary, second) == 0
    assert list(read(second, vocabulary=vocabulary)) == documents
    with database.connect() as conn:
        assert conn.execute("SELECT * FROM wand_check('docs_emb_idx', true)").fetchall() == []


@given(st.lists(vectors(), max_size=5))
def test_weights_come_back_bit_for_bit(tmp_path_factory: pytest.TempPathFactory, some: list[SparseVector]) -> None:
    folder = tmp_path_factory.mktemp("files")
    documents = [Document(i, vector) for i, vector in enumerate(some)]
    for name in ("a.jsonl", "a.parquet"):
        write(folder / name, documents)
        assert list(read(folder / name)) == documents


def test_ids_text_and_dimension_fit_the_table(database: Database, tmp_path: Path) -> None:
    file = tmp_path / "docs.jsonl"
    file.write_text('{"id": 7, "vector": {"3": 1}, "text": "caf\\u00e9"}\n\n{"id": 8, "vector": {}, "text": "b"}\n')
    table = [
        "load",
        "--table",
        'my "docs"',
        "--schema",
        database.schema,
        "--text-column",
        "body",
        "--vector-column",
        "v",
    ]
    assert run(database, *table, "--create", "--dim", "9", "--id-type", "bigint", file) == 0
    found = rows(database, '"my ""docs"""', "id, v::text, body")
    assert found == [(7, SparseVector([3], [1], 9), "caf\u00e9"), (8, SparseVector([], [], 9), "b")]
    assert run(database, *table, file) == 1, "the ids are there already"


@pytest.mark.parametrize("options", [["--vector-column", "missing"], ["--dim", "2", "--create"]])
def test_nothing_is_loaded_unless_all_is(
    database: Database, tmp_path: Path, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "docs.jsonl"
    file.write_text('{"id": 1, "vector": {"1": 1}}\n{"id": 2, "vector": {"2": 1}}\n')
    with database.connect() as conn:
        conn.execute("CREATE TABLE docs (id text, emb svec(2))")
    assert run(database, "load", "--table", "docs", *options, file) == 1
    assert "error: " in capsys.readouterr().err
    assert rows(database) == []


RECORDS = [
    {"id": "a", "vector": {"1": 0.5, "3": 2}, "dim": 9},
    {"id": "a", "vector": "{2:0.5,4:2}/9"},
    {"id": "a", "vector": [["1", 0.5], ["3", 2]], "dim": 9},
    {"id": "a", "vector": {"indices": [3, 1], "values": [2, 0.5], "dim": 9}},
    {"id": "a", "indices": [1, 3], "values": [0.5, 2], "dim": 9},
]


@pytest.mark.parametrize("record", RECORDS)
def test_forms_of_a_vector(tmp_path: Path, record: dict[str, Any]) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text(json.dumps(record))
    assert list(read(file)) == [Document("a", SparseVector([1, 3], [0.5, 2], 9))]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('{"id": "a", "vector": {"cat": 1}}', "line 1: term 'cat' is not a token id.*tokenizer.json"),
        ('{"vector": {"1": 1}}', "no field 'id'; there are 'vector'"),
        ('{"id": "a"}', "field 'vector' is no vector"),
        ('{"id": "a", "vector": {"1": NaN}}', "finite"),
        ('{"id": "a", "vector": {"1": 1, "01": 1}}', "more than once"),
        ("[1]", "not an object"),
        ("{", "line 1"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, line: str, words: str) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text(line)
    with pytest.raises(ValueError, match=words):
        list(read(file))


def test_columns_of_arrow(tmp_path: Path) -> None:
    map_type = pyarrow.map_(pyarrow.string(), pyarrow.float32())
    table = pyarrow.table(
        {
            "_id": ["a", "b"],
            "pairs": pyarrow.array([[("tok3", 1.5)], []], map_type),
            "struct": [{"tok3": 1.5, "tok7": None}, {"tok3": None, "tok7": None}],
        }
    )
    parquet.write_table(table, tmp_path / "a.parquet")
    expected = [Document("a", SparseVector([3], [1.5])), Document("b", SparseVector([], []))]
    for column in ("pairs", "struct"):
        assert list(read(tmp_path / "a.parquet", Fields("_id", column), VOCABULARY)) == expected


def test_folders_of_datasets(tmp_path: Path) -> None:
    """Folders as `save_to_disk` and the hub lay them: arrow streams, shards, splits, descriptions beside them."""
    table = pyarrow.table({"id": ["a"], "indices": [[3]], "values": [[1.5]]})
    expected = [Document("a", SparseVector([3], [1.5]))]
    for split, n_shards in (("train", 2), ("test", 1)):
        folder = tmp_path / "saved" / split
        folder.mkdir(parents=True)
        (folder / "state.json").write_text("{}")
        for shard in range(n_shards):
            name = folder / f"data-{shard:05}-of-{n_shards:05}.arrow"
            with pyarrow.OSFile(str(name), "wb") as sink, pyarrow.ipc.new_stream(sink, table.schema) as writer:
                writer.write_table(table)
        hub = tmp_path / "hub" / "data"
        hub.mkdir(parents=True, exist_ok=True)
        parquet.write_table(table, hub / f"{split}-00000-of-00001.parquet")
    (tmp_path / "saved" / "dataset_dict.json").write_text('{"splits": ["train", "test"]}')
    assert list(read(tmp_path / "saved", split="train")) == expected * 2
    assert list(read(tmp_path / "saved" / "test")) == expected
    assert list(read(tmp_path / "hub", split="test")) == expected
    for folder in ("saved", "hub"):
        with pytest.raises(ValueError, match="several splits: name one of test, train"):
            list(read(tmp_path / folder))
    with pytest.raises(ValueError, match="no file of vectors of split 'dev'"):
        list(read(tmp_path / "hub", split="dev"))
    with pyarrow.OSFile(str(tmp_path / "file.arrow"), "wb") as sink, pyarrow.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    assert list(read(tmp_path / "file.arrow")) == expected


def ciff_messages() -> dict[str, Any]:
    """The messages of CIFF's definition, made by protobuf's own library."""
    kinds = {"int32": 5, "int64": 3, "double": 1, "string": 9}
    messages = {
        "Header": "int32 version, int32 num_postings_lists, int32 num_doc_records, int32 total_postings_lists, "
        "int32 total_docs, int64 total_terms_in_collection, double average_doclength, string description",
        "Posting": "int32 docid, int32 tf",
        "PostingsList": "string term, int64 df, int64 cf, Posting postings",
        "DocRecord": "int32 docid, string collection_docid, int32 doclength",
    }
    file = descriptor_pb2.FileDescriptorProto(name="ciff.proto", syntax="proto3")
    for name, fields in messages.items():
        message = file.message_type.add(name=name)
        for number, field in enumerate(fields.split(", "), 1):
            kind, field_name = field.split()
            if kind in kinds:
                message.field.add(name=field_name, number=number, type=kinds[kind], label=1)
            else:
                message.field.add(name=field_name, number=number, type=11, type_name=f".{kind}", label=3)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {name: message_factory.GetMessageClass(pool.FindMessageTypeByName(name)) for name in messages}


def test_protobuf_reads_our_ciff(tmp_path: Path) -> None:
    messages = ciff_messages()
    file = tmp_path / "a.ciff"
    documents = [
        Document("x", SparseVector([3, 7, 9], [0.45, 2, 0.1])),
        Document("y", SparseVector([], [])),
        Document("z", WHOLE[0]),
    ]
    write(file, [*documents, Document("last", SparseVector([3], [1.25]))], VOCABULARY, scale=4)
    with file.open("rb") as stream:
        header = messages["Header"].FromString(protobuf.read_delimited(stream))
        lists = [
            messages["PostingsList"].FromString(protobuf.read_delimited(stream))
            for _ in range(header.num_postings_lists)
        ]
        records = [
            messages["DocRecord"].FromString(protobuf.read_delimited(stream)) for _ in range(header.num_doc_records)
        ]
        assert stream.read() == b""
    assert header.version == 1
    assert header.total_docs == 4
    assert [record.collection_docid for record in records] == ["x", "y", "z", "last"]
    assert [record.docid for record in records] == [0, 1, 2, 3]
    assert [record.doclength for record in records][:2] == [10, 0]
    assert [entry.term for entry in lists] == sorted(entry.term for entry in lists)
    three = next(entry for entry in lists if entry.term == "tok3")
    assert three.df == len(three.postings)
    assert three.cf == sum(posting.tf for posting in three.postings)
    assert (three.postings[0].docid, three.postings[0].tf) == (0, 2)
    assert sum(posting.docid for posting in three.postings) == 3
    assert three.postings[-1].tf == 5
    assert header.total_terms_in_collection == sum(entry.cf for entry in lists) == sum(r.doclength for r in records)
    assert header.average_doclength == header.total_terms_in_collection / 4


def test_we_read_protobufs_ciff(tmp_path: Path) -> None:
    """Records in another order than the postings, fields that we do not know, a document without postings."""
    messages = ciff_messages()
    postings = [{"docid": 0, "tf": 1}, {"docid": 2, "tf": 300}]
    parts = [
        messages["Header"](version=1, num_postings_lists=2, num_doc_records=3, average_doclength=1.5, description="d"),
        messages["PostingsList"](term="tok7", df=2, cf=301, postings=postings),
        messages["PostingsList"](term="tok1", df=1, cf=2, postings=[{"docid": 2, "tf": 2}]),
        *(messages["DocRecord"](docid=docid, collection_docid=f"doc{docid}", doclength=9) for docid in (2, 0, 1)),
    ]
    with gzip.open(tmp_path / "a.ciff.gz", "wb") as stream:
        for part in parts:
            stream.write(protobuf.delimited(part.SerializeToString()))
    found = list(read(tmp_path / "a.ciff.gz", vocabulary=VOCABULARY, scale=0.5))
    assert found == [
        Document("doc2", SparseVector([1, 7], [1, 150])),
        Document("doc0", SparseVector([7], [0.5])),
        Document("doc1", SparseVector([], [])),
    ]


@given(st.binary(max_size=60))
def test_bytes_that_are_no_ciff_are_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    file = tmp_path_factory.mktemp("ciff") / "a.ciff"
    file.write_bytes(data)
    with contextlib.suppress(ValueError):
        list(read(file))


@given(st.data())
def test_damaged_ciff_is_refused_in_words(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    file = tmp_path_factory.mktemp("ciff") / "a.ciff"
    write(file, [Document(i, vector) for i, vector in enumerate(WHOLE[:3])])
    content = bytearray(file.read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    file.write_bytes(content[: data.draw(st.integers(len(content) - 20, len(content)))])
    with contextlib.suppress(ValueError):
        list(read(file))


def test_ciff_refuses_what_it_cannot_say(tmp_path: Path) -> None:
    for weight, scale in ((-1.0, 1.0), (1e10, 1.0), (1.0, 1e10)):
        with pytest.raises(ValueError, match="CIFF has no room for weight"):
            ciff.write(tmp_path / "a.ciff", [Document("x", SparseVector([1], [weight]))], None, scale)


@pytest.mark.parametrize("content", ["object", "tokenizer", "unigram"])
def test_vocabularies(tmp_path: Path, content: str) -> None:
    vocab = {"a": 0, "b": 1}
    contents: dict[str, Any] = {
        "object": {**vocab, "[X]": 2},
        "tokenizer": {"model": {"vocab": vocab}, "added_tokens": [{"id": 2, "content": "[X]"}]},
        "unigram": {"model": {"vocab": [["a", -1.5], ["b", -2]]}, "added_tokens": [{"id": 2, "content": "[X]"}]},
    }
    file = tmp_path / "vocabulary.json"
    file.write_text(json.dumps(contents[content]))
    vocabulary = Vocabulary.from_file(file)
    assert vocabulary.ids == {**vocab, "[X]": 2}
    assert vocabulary.size == 3
    with pytest.raises(ValueError, match="no token 'c'"):
        vocabulary.id_of("c")
    with pytest.raises(ValueError, match="no token for id 3"):
        vocabulary.token_of(3)


def test_progress_without_tqdm(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setitem(__import__("sys").modules, "tqdm", None)
    monkeypatch.setattr(progress, "SECONDS", 0.0)
    assert list(progress.track("ab", "load")) == ["a", "b"]
    assert capsys.readouterr().err == "load: 1 documents, 0 s\nload: 2 documents, 0 s\nload: 2 documents, 0 s\n"


def test_connection_that_fails_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--dsn", "host=/nowhere", "export", "--table", "t", "a.jsonl"]) == 1
    assert capsys.readouterr().err.startswith("error: ")


def test_rows_without_a_vector_are_left_out(conn: psycopg.Connection[Any], database: Database, tmp_path: Path) -> None:
    conn.execute("CREATE TABLE docs (id int, emb svec); INSERT INTO docs VALUES (1, NULL), (2, '{1:1}')")
    assert run(database, "export", "--table", "docs", tmp_path / "a.jsonl") == 0
    assert (tmp_path / "a.jsonl").read_text() == '{"id": 2, "vector": {"0": 1.0}}\n'
