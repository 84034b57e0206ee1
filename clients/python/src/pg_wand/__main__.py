"""python -m pg_wand: load and export vectors, import an encoder."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import psycopg

from . import encoder, formats, load
from .formats import Fields, Vocabulary
from .progress import track


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        with psycopg.connect(options.dsn) as conn:
            options.command(conn, options)
    except (ValueError, LookupError, OSError, psycopg.Error) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except ModuleNotFoundError as error:
        print(f"error: {error.name} is needed: pip install 'pg_wand[files]'", file=sys.stderr)
        return 1
    return 0


def _load(conn: psycopg.Connection[object], options: argparse.Namespace) -> None:
    target = _target(options)
    if options.create:
        load.create_table(conn, target, options.dim, options.id_type)
    text_field = options.text_field if options.text_column is not None else None
    fields = Fields(options.id_field, options.vector_field, text_field)
    documents = (
        document
        for path in options.files
        for document in formats.read(path, fields, _vocabulary(options), split=options.split, scale=options.scale)
    )
    count = load.load(conn, target, track(documents, "load"))
    if options.index is not None:
        load.create_index(conn, target, f"svec_{options.index}_ops")
    print(f"{count} documents loaded")


def _export(conn: psycopg.Connection[object], options: argparse.Namespace) -> None:
    documents = track(load.documents(conn, _target(options)), "export")
    count = formats.write(options.file, documents, _vocabulary(options), scale=options.scale)
    print(f"{count} documents exported")


def _encoder(conn: psycopg.Connection[object], options: argparse.Namespace) -> None:
    table = encoder.read_folder(options.folder)
    encoder.create_encoder(conn, options.name, table, replace=options.replace, comment=options.comment)
    print(f"encoder {options.name} made")


def _target(options: argparse.Namespace) -> load.Target:
    return load.Target(options.table, options.schema, options.id_column, options.vector_column, options.text_column)


def _vocabulary(options: argparse.Namespace) -> Vocabulary | None:
    return None if options.vocabulary is None else Vocabulary.from_file(options.vocabulary)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="pg_wand", description=__doc__)
    parser.add_argument("--dsn", default="", help="how to connect, as psql takes it; else PGHOST, PGDATABASE, ...")
    commands = parser.add_subparsers(required=True)

    table = argparse.ArgumentParser(add_help=False)
    table.add_argument("--table", required=True)
    table.add_argument("--schema")
    table.add_argument("--id-column", default="id")
    table.add_argument("--vector-column", default="emb")
    table.add_argument("--text-column", help="a column for the text, too")
    table.add_argument("--vocabulary", type=Path, help="tokenizer.json: terms in files are tokens, not token ids")
    table.add_argument(
        "--scale", type=float, default=1.0, help="CIFF has whole numbers: what they, or weights, are multiplied by"
    )

    command = commands.add_parser("load", parents=[table], help="copy files of vectors into a table")
    command.add_argument("files", nargs="+", type=Path, help=f"{', '.join(formats.READABLE)}, or a folder of them")
    command.add_argument("--create", action="store_true", help="make the table if there is none")
    command.add_argument("--dim", type=int, help="with --create: dimension of the column")
    command.add_argument("--id-type", default="text", choices=["text", "bigint", "uuid"], help="with --create")
    command.add_argument("--index", choices=["ip", "cosine", "l2"], help="make an index for this distance afterwards")
    command.add_argument("--id-field", default="id", help="name in the file")
    command.add_argument("--vector-field", default="vector", help="name in the file")
    command.add_argument("--text-field", default="text", help="name in the file, with --text-column")
    command.add_argument("--split", help="of a folder that has several")
    command.set_defaults(command=_load)

    command = commands.add_parser("export", parents=[table], help="write a table's vectors to a file")
    command.add_argument("file", type=Path, help="ends with .jsonl, .jsonl.gz, .parquet, .ciff or .ciff.gz")
    command.set_defaults(command=_export)

    command = commands.add_parser("encoder", help="keep a model's tokenizer and token weights in the database")
    command.add_argument("name")
    command.add_argument("folder", type=Path, help="has tokenizer.json and idf.json, or is of sentence-transformers")
    command.add_argument("--replace", action="store_true")
    command.add_argument("--comment")
    command.set_defaults(command=_encoder)
    return parser


if __name__ == "__main__":
    sys.exit(main())
