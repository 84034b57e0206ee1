"""A mapped column of svec through SQLAlchemy: the operators, the index, reflection; psycopg and asyncpg."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import Database
from sqlalchemy import (
    Engine,
    Index,
    MetaData,
    Table,
    create_engine,
    event,
    func,
    insert,
    inspect,
    literal,
    select,
    text,
)
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.pool import NullPool

import pg_wand.asyncpg
import pg_wand.psycopg
from pg_wand import SparseVector
from pg_wand.sqlalchemy import Svec

DOCS = [SparseVector([1, 4], [2, 1], 9), SparseVector([4], [3], 9), SparseVector([7], [1], 9), None]
QUERY = SparseVector([1, 4], [1, 0.5], 9)


class Base(DeclarativeBase):
    pass


class Doc(Base):
    __tablename__ = "docs"
    __table_args__ = (
        Index("docs_ip", "emb", postgresql_using="wand"),
        Index("docs_cosine", "emb", postgresql_using="wand", postgresql_ops={"emb": "svec_cosine_ops"}),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    emb: Mapped[SparseVector | None] = mapped_column(Svec(9))


def make_engine(database: Database, taught: bool) -> Engine:
    url = f"postgresql+psycopg://postgres@/{database.name}?host={database.server.folder}&port=5777"
    engine = create_engine(url, connect_args={"options": f"-c search_path={database.search_path}"}, poolclass=NullPool)
    if taught:
        event.listen(engine, "connect", lambda conn, _: pg_wand.psycopg.register(conn))
    return engine


@pytest.fixture(params=[False, True], ids=["plain", "registered"])
def engine(request: pytest.FixtureRequest, database: Database) -> Engine:
    """With and without a driver that knows the type."""
    engine = make_engine(database, request.param)
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all(Doc(id=i, emb=emb) for i, emb in enumerate(DOCS))
        session.commit()
    return engine


def test_values_come_back(engine: Engine) -> None:
    with Session(engine) as session:
        assert session.scalars(select(Doc.emb).order_by(Doc.id)).all() == DOCS
        assert session.scalar(select(Doc.id).where(Doc.emb == DOCS[1])) == 1
        assert session.scalar(select(literal(QUERY, Svec()))) == QUERY
        assert session.scalar(select(func.nnz(literal(QUERY, Svec())))) == 2


@pytest.mark.parametrize(
    ("method", "operator"),
    [("max_inner_product", "<#>"), ("cosine_distance", "<=>"), ("l2_distance", "<->"), ("l1_distance", "<+>")],
)
def test_distances(engine: Engine, method: str, operator: str) -> None:
    distance: Any = getattr(Doc.emb, method)(QUERY)
    with Session(engine) as session:
        rows = session.execute(select(Doc.id, distance).order_by(distance).limit(3)).all()
        plain = text(f"SELECT id, emb {operator} CAST(:q AS svec) FROM docs ORDER BY 2 LIMIT 3").bindparams(
            q=QUERY.to_text()
        )
        assert rows == session.execute(plain).all()
        assert len(rows) == 3


def test_conditions(engine: Engine) -> None:
    with Session(engine) as session:
        assert session.scalars(select(Doc.id).where(Doc.emb.shares(QUERY)).order_by(Doc.id)).all() == [0, 1]
        assert session.scalars(select(Doc.id).where(Doc.emb.has_terms(QUERY))).all() == [0]
        assert session.scalars(select(Doc.id).where(~Doc.emb.shares(QUERY))).all() == [2]


def test_index_is_used_and_reflection_knows_type_and_index(engine: Engine) -> None:
    with Session(engine) as session:
        session.execute(text("SET enable_seqscan = off"))
        ordered = select(Doc.id).order_by(Doc.emb.max_inner_product(QUERY)).limit(1)
        compiled = ordered.compile(engine, compile_kwargs={"literal_binds": True})
        plan = "\n".join(session.scalars(text(f"EXPLAIN {compiled}")))
        assert "Index Scan using docs_ip" in plan
    table = Table("docs", MetaData(), autoload_with=engine)
    assert isinstance(table.c.emb.type, Svec)
    assert table.c.emb.type.dim == 9
    indexes = {index["name"]: index for index in inspect(engine).get_indexes("docs")}
    assert indexes["docs_ip"]["dialect_options"]["postgresql_using"] == "wand"
    with engine.begin() as conn:
        conn.execute(insert(table).values(id=9, emb=QUERY))
        assert conn.scalar(select(table.c.emb).where(table.c.id == 9)) == QUERY


def test_refuses_what_is_no_vector(engine: Engine) -> None:
    with Session(engine) as session, pytest.raises(Exception, match="SparseVector, its text form or None, not list"):
        session.scalar(select(Doc.id).order_by(Doc.emb.max_inner_product([1, 2])))


@pytest.mark.parametrize("taught", [False, True])
async def test_asyncpg(database: Database, taught: bool) -> None:
    url = f"postgresql+asyncpg://postgres@/{database.name}?host={database.server.folder}&port=5777"
    settings = {"server_settings": {"search_path": database.search_path}}
    engine = create_async_engine(url, connect_args=settings, poolclass=NullPool)
    if taught:
        event.listen(engine.sync_engine, "connect", lambda conn, _: conn.run_async(pg_wand.asyncpg.register))
    async with engine.begin() as conn:
        await conn.run_sync(Base.metadata.create_all)
    async with AsyncSession(engine) as session:
        session.add_all(Doc(id=i, emb=emb) for i, emb in enumerate(DOCS))
        await session.commit()
        assert (await session.scalars(select(Doc.emb).order_by(Doc.id))).all() == DOCS
        assert await session.scalar(select(Doc.id).order_by(Doc.emb.max_inner_product(QUERY))) == 0
    await engine.dispose()
