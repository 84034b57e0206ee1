"""A private server for the whole run: PG_CONFIG's programs, a temporary folder, a socket in it, no port.

Root runs it as nobody, since PostgreSQL refuses root.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from psycopg import sql

import pg_wand.psycopg

SETTINGS = """
listen_addresses = ''
unix_socket_directories = '{folder}'
port = 5777
fsync = off
max_connections = 50
"""
SCHEMA_NUMBERS = count()
ELSEWHERE = "Far away"

# A test's connection outlives its examples on purpose.
settings.register_profile(
    "server", deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
settings.load_profile("server")


@dataclass(frozen=True)
class Server:
    folder: Path
    has_pgvector: bool

    def conninfo(self, database: str) -> str:
        return f"host={self.folder} port=5777 user=postgres dbname={database}"

    def connect(self, database: str, **kwargs: Any) -> psycopg.Connection[Any]:
        return psycopg.connect(self.conninfo(database), autocommit=True, **kwargs)


@dataclass(frozen=True)
class Database:
    """A schema of its own for each test, in front of the search path of a database that has the extension."""

    server: Server
    name: str
    schema: str

    @property
    def search_path(self) -> str:
        return f"{self.schema},public"

    @property
    def conninfo(self) -> str:
        return f"{self.server.conninfo(self.name)} options='-c search_path={self.search_path}'"

    def connect(self, **kwargs: Any) -> psycopg.Connection[Any]:
        return psycopg.connect(self.conninfo, autocommit=True, **kwargs)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    pg_config = os.environ.get("PG_CONFIG", "pg_config")
    bindir, sharedir = (Path(_output([pg_config, option])) for option in ("--bindir", "--sharedir"))
    folder = Path(tempfile.mkdtemp(prefix="pg_wand.", dir="/tmp"))
    folder.chmod(0o755)
    if os.getuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    data = folder / "data"
    initdb = ["-A", "trust", "-U", "postgres", "--no-sync", "--locale=C", "--encoding=UTF8"]
    try:
        _run_as_server([bindir / "initdb", "-D", data, *initdb])
        with (data / "postgresql.conf").open("a") as settings:
            settings.write(SETTINGS.format(folder=folder))
        _run_as_server([bindir / "pg_ctl", "-D", data, "-l", folder / "log", "-w", "-s", "start"])
        server = Server(folder, (sharedir / "extension" / "vector.control").exists())
        _make_database(server, "here", "public")
        _make_database(server, "elsewhere", ELSEWHERE)
        yield server
    finally:
        if (data / "postmaster.pid").exists():
            _run_as_server([bindir / "pg_ctl", "-D", data, "-m", "immediate", "-s", "stop"])
        shutil.rmtree(folder)


@pytest.fixture
def database(server: Server) -> Database:
    return _make_schema(server, "here")


@pytest.fixture
def database_elsewhere(server: Server) -> Database:
    """The extension is in a schema that the search path does not have."""
    return _make_schema(server, "elsewhere")


@pytest.fixture
def bare_database(server: Server) -> Database:
    """Without the extension."""
    return Database(server, "postgres", "public")


@pytest.fixture
def conn(database: Database) -> Iterator[psycopg.Connection[Any]]:
    with database.connect() as conn:
        pg_wand.psycopg.register(conn)
        yield conn


@pytest.fixture
async def async_conn(database: Database) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
    async with await psycopg.AsyncConnection.connect(database.conninfo, autocommit=True) as conn:
        await pg_wand.psycopg.register_async(conn)
        yield conn


@pytest.fixture
def pgvector_conn(server: Server, conn: psycopg.Connection[Any]) -> psycopg.Connection[Any]:
    if not server.has_pgvector:
        pytest.skip("this server has no pgvector")
    return conn


def _make_database(server: Server, name: str, schema: str) -> None:
    with server.connect("postgres") as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    with server.connect(name) as conn:
        conn.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(schema)))
        for extension in ["pg_wand", "vector"] if server.has_pgvector else ["pg_wand"]:
            conn.execute(sql.SQL("CREATE EXTENSION {} SCHEMA {}").format(*map(sql.Identifier, (extension, schema))))


def _make_schema(server: Server, name: str) -> Database:
    schema = f"test{next(SCHEMA_NUMBERS)}"
    with server.connect(name) as conn:
        conn.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
    return Database(server, name, schema)


def _run_as_server(command: list[str | Path]) -> None:
    prefix: list[str | Path] = []
    if os.getuid() == 0:
        prefix = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--"]
    # A server that inherits this puts a backtrace into the DETAIL of every error.
    environment = {name: value for name, value in os.environ.items() if name != "RUST_BACKTRACE"}
    subprocess.run([*prefix, *command], check=True, cwd="/", env=environment, stdout=subprocess.DEVNULL)


def _output(command: list[str]) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
