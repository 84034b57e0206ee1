"""A model's folder becomes an encoder whose questions have the folder's weights."""

from __future__ import annotations

import json
import shutil
import struct
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest
from conftest import Database

from pg_wand import SparseVector
from pg_wand.__main__ import main
from pg_wand.embeddings import ServerEncoder, SparseEmbeddings
from pg_wand.encoder import read_folder, read_tensor
from pg_wand.formats import Vocabulary

DEMO = Path(__file__).parents[3] / "demo" / "pgdocs"
VOCABULARY = Vocabulary.from_file(DEMO / "tokenizer.json")
IDF: dict[str, float] = json.loads((DEMO / "idf.json").read_text())
QUESTION = "how does vacuum remove dead rows"


def save_tensor(file: Path, values: Any, kind: str, name: str = "weight") -> None:
    """As safetensors writes one."""
    data = values.tobytes()
    header = {
        "__metadata__": {"format": "pt"},
        name: {"dtype": kind, "shape": [len(values)], "data_offsets": [0, len(data)]},
    }
    text = json.dumps(header).encode()
    file.write_bytes(struct.pack("<Q", len(text)) + text + data)


def make_folder(folder: Path, layout: str) -> Path:
    """The ways in which inference-free models are saved."""
    inner = folder if layout == "plain" else folder / "query_0_SparseStaticEmbedding"
    inner.mkdir(exist_ok=True)
    shutil.copy(DEMO / "tokenizer.json", inner)
    if layout == "safetensors":
        weights = np.zeros(VOCABULARY.size, "<f4")
        for token, weight in IDF.items():
            weights[VOCABULARY.ids[token]] = weight
        save_tensor(inner / "model.safetensors", weights, "F32")
    else:
        shutil.copy(DEMO / "idf.json", inner)
    return folder


@pytest.mark.parametrize("layout", ["plain", "inner", "safetensors"])
def test_imported_encoder_has_the_folders_weights(database: Database, tmp_path: Path, layout: str) -> None:
    name = f"it's {layout}"
    arguments = [
        "--dsn",
        database.conninfo,
        "encoder",
        name,
        str(make_folder(tmp_path, layout)),
        "--comment",
        "of a test",
    ]
    assert main(arguments) == 0
    assert main(arguments) == 1, "it is there already"
    assert main([*arguments, "--replace"]) == 0
    with database.connect() as conn:
        encoder = ServerEncoder(conn, name)
        vector = encoder.embed_query(QUESTION)
        tokens = {VOCABULARY.tokens[term] for term in vector.indices}
        assert tokens == set(QUESTION.split())
        expected = {VOCABULARY.ids[token]: IDF[token] for token in tokens}
        assert vector == SparseVector.from_dict(expected, vector.dim)
        comment = conn.execute("SELECT comment FROM wand_encoders WHERE name = %s", [name]).fetchone()
        assert comment == ("of a test",)


@pytest.mark.parametrize(("kind", "dtype"), [("F32", "<f4"), ("F64", "<f8"), ("F16", "<f2"), ("BF16", "<u2")])
def test_kinds_of_numbers(tmp_path: Path, kind: str, dtype: str) -> None:
    values = np.array([0, 1.5, -2, 0.25])
    stored = (values.astype("<f4").view("<u4") >> 16).astype(dtype) if kind == "BF16" else values.astype(dtype)
    save_tensor(tmp_path / "model.safetensors", stored, kind)
    assert read_tensor(tmp_path / "model.safetensors", "weight") == values.tolist()


def test_model_with_more_terms_than_tokens(database: Database, tmp_path: Path) -> None:
    make_folder(tmp_path, "safetensors")
    weights = np.ones(VOCABULARY.size + 10, "<f4")
    save_tensor(tmp_path / "query_0_SparseStaticEmbedding" / "model.safetensors", weights, "F32")
    assert main(["--dsn", database.conninfo, "encoder", "wide", str(tmp_path)]) == 0
    with database.connect() as conn:
        assert ServerEncoder(conn, "wide").embed_query("cat").dim == VOCABULARY.size + 10


def test_what_is_missing_is_told(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no tokenizer\.json"):
        read_folder(tmp_path)
    shutil.copy(DEMO / "tokenizer.json", tmp_path)
    with pytest.raises(ValueError, match=r"no token weights: expected idf\.json"):
        read_folder(tmp_path)
    (tmp_path / "idf.json").write_text("[]")
    with pytest.raises(ValueError, match="not an object"):
        read_folder(tmp_path)
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"no")
    with pytest.raises(ValueError, match="not a safetensors file"):
        read_tensor(broken, "weight")
    save_tensor(broken, np.ones(3, "<i4"), "I32", "other")
    with pytest.raises(ValueError, match="no tensor 'weight'; it has other"):
        read_tensor(broken, "weight")
    with pytest.raises(ValueError, match="not I32"):
        read_tensor(broken, "other")
    broken.write_bytes(broken.read_bytes()[:-1])
    with pytest.raises(ValueError, match="ends within"):
        read_tensor(broken, "other")


def test_server_encoder_without_and_with_a_model(database: Database, conn: psycopg.Connection[Any]) -> None:
    main(["--dsn", database.conninfo, "encoder", "manual", str(DEMO)])
    encoder = ServerEncoder(conn, "manual", mean_tokens=4)
    assert isinstance(encoder, SparseEmbeddings)
    (document,) = encoder.embed_documents(["dead dead rows"])
    dead, rows = (VOCABULARY.ids[token] for token in ("dead", "rows"))
    # tf / (tf + k1 (1 - b + b dl / avgdl)), k1 1.2, b 0.75
    saturation = 1.2 * (0.25 + 0.75 * 3 / 4)
    assert document == SparseVector.from_dict({dead: 2 / (2 + saturation), rows: 1 / (1 + saturation)}, document.dim)
    model = ServerEncoder(conn, "manual", lambda texts: [SparseVector([len(text)], [1]) for text in texts])
    assert model.embed_documents(["ab", "abc"]) == [SparseVector([2], [1]), SparseVector([3], [1])]
    assert model.embed_query("dead") == encoder.embed_query("dead")
    with pytest.raises(psycopg.Error, match="missing"):
        ServerEncoder(conn, "missing").embed_query("cat")
