"""An inference-free model's folder becomes an encoder of the database: docs/encoders.md."""

from __future__ import annotations

import json
import struct
import sys
from array import array
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psycopg import Connection, sql
from psycopg.types.json import Jsonb

from . import _extension
from .formats import Vocabulary
from .psycopg import register
from .vector import SparseVector


@dataclass(frozen=True)
class EncoderTable:
    """A tokenizer and a weight for each of its tokens: by token, or by token id."""

    tokenizer: str
    weights: dict[str, float] | None = None
    idf: SparseVector | None = None


def read_folder(folder: Path) -> EncoderTable:
    """Reads `tokenizer.json` and the weights: `idf.json`, or what sentence-transformers' SparseStaticEmbedding saved.

    Both may be in the folder, or in its `query_0_SparseStaticEmbedding`.
    """
    folders = [
        *sorted(folder.glob("query_*SparseStaticEmbedding")),
        *sorted(folder.glob("*SparseStaticEmbedding")),
        folder,
    ]
    tokenizer = _first(folders, "tokenizer.json")
    if tokenizer is None:
        raise ValueError(f"{folder} has no tokenizer.json: save the model's fast tokenizer there")
    content = tokenizer.read_text(encoding="utf-8")
    weights = _first(folders, "idf.json")
    if weights is not None:
        return EncoderTable(content, weights=_read_idf(weights))
    tensors = _first(folders[:-1], "model.safetensors")
    if tensors is not None:
        values = read_tensor(tensors, "weight")
        return EncoderTable(content, idf=SparseVector(range(len(values)), values))
    raise ValueError(
        f"{folder} has no token weights: expected idf.json, or query_0_SparseStaticEmbedding/model.safetensors "
        "(sentence-transformers writes it with safe_serialization)"
    )


def create_encoder(
    conn: Connection[Any], name: str, table: EncoderTable, *, replace: bool = False, comment: str | None = None
) -> None:
    """Keeps the table in the database under a name, for `encode_query(name, text)`."""
    register(conn)
    function = _extension.find(conn, "pg_wand").name("wand_create_encoder")
    query = sql.SQL(
        "SELECT FROM {}(%(name)s::text, %(tokenizer)s::text, weights => %(weights)s, idf => %(idf)s, "
        "replace => %(replace)s, comment => %(comment)s, dim => %(dim)s)"
    )
    weights = None if table.weights is None else Jsonb(table.weights)
    parameters = {"name": name, "tokenizer": table.tokenizer, "weights": weights, "idf": table.idf}
    conn.execute(query.format(function), {**parameters, "replace": replace, "comment": comment, "dim": _dim(table)})


def read_tensor(path: Path, name: str) -> list[float]:
    """A tensor of a safetensors file: after eight bytes of length a JSON header, then the numbers, little-endian."""
    data = path.read_bytes()
    try:
        (length,) = struct.unpack_from("<Q", data)
        header = json.loads(data[8 : 8 + length])
    except (struct.error, ValueError):
        raise ValueError(f"{path} is not a safetensors file") from None
    if name not in header:
        raise ValueError(f"{path} has no tensor {name!r}; it has {', '.join(key for key in header if key[:2] != '__')}")
    kind = header[name]["dtype"]
    begin, end = (8 + length + offset for offset in header[name]["data_offsets"])
    if end > len(data):
        raise ValueError(f"{path} ends within the tensor {name!r}")
    return _numbers(data[begin:end], kind)


def _numbers(data: bytes, kind: str) -> list[float]:
    if kind == "F16":
        return list(struct.unpack(f"<{len(data) // 2}e", data))
    if kind == "BF16":
        # The upper half of a float4.
        data = b"".join(b"\0\0" + data[at : at + 2] for at in range(0, len(data), 2))
    elif kind not in ("F32", "F64"):
        raise ValueError(f"token weights must be F32, F64, F16 or BF16, not {kind}")
    values = array("d" if kind == "F64" else "f", data)
    if sys.byteorder == "big":
        values.byteswap()
    return values.tolist()


def _dim(table: EncoderTable) -> int | None:
    """The dimension, where the model has weights for more terms than its tokenizer has tokens."""
    if table.idf is None or table.idf.nnz == 0:
        return None
    last = table.idf.indices[-1]
    return last + 1 if last >= Vocabulary.from_json(json.loads(table.tokenizer)).size else None


def _read_idf(path: Path) -> dict[str, float]:
    content = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(content, dict):
        raise ValueError(f"{path} is not an object of weights by token")
    return content


def _first(folders: list[Path], name: str) -> Path | None:
    return next((folder / name for folder in folders if (folder / name).is_file()), None)
