// pgvector's SparseVector, as node-postgres binds and reads it, with columns of svec and of sparsevec under wand indexes.
// PGHOST and the like name a server with vector, pg_wand and pg_wand_pgvector.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { SparseVector } from 'pgvector';
import { registerTypes } from 'pgvector/pg';

const client = new pg.Client();
const vectors = [
  new SparseVector({ 0: 1.5, 6: -0.25 }, 10),
  new SparseVector({ 6: 2 }, 10),
  new SparseVector({ 9: 1e-3 }, 10),
];
const query = new SparseVector({ 6: 1 }, 10);

before(async () => {
  await client.connect();
  await registerTypes(client);
  const { rows } = await client.query("SELECT oid FROM pg_type WHERE typname = 'svec'");
  client.setTypeParser(rows[0].oid, 'text', (text) => new SparseVector(text));
  await client.query(`
    CREATE TABLE as_svec (id int, emb svec(10));
    CREATE TABLE as_sparsevec (id int, emb sparsevec(10));
    CREATE INDEX ON as_svec USING wand (emb);
    CREATE INDEX ON as_sparsevec USING wand (emb);
    SET enable_seqscan = off`);
});

after(() => client.end());

for (const table of ['as_svec', 'as_sparsevec']) {
  test(`${table}: what is stored comes back`, async () => {
    for (const [id, vector] of vectors.entries()) {
      await client.query(`INSERT INTO ${table} VALUES ($1, $2)`, [id, vector]);
    }
    const { rows } = await client.query(`SELECT emb FROM ${table} ORDER BY id`);
    assert.deepEqual(rows.map((row) => row.emb.toString()), vectors.map(String));
  });

  test(`${table}: a bound query is served by the index`, async () => {
    const sql = `SELECT id, emb <#> $1 AS distance FROM ${table} ORDER BY emb <#> $1 LIMIT 2`;
    const { rows } = await client.query(sql, [query]);
    assert.deepEqual(rows, [{ id: 1, distance: -2 }, { id: 2, distance: -0 }].map((row) => ({ ...row })));
    const plan = await client.query(`EXPLAIN ${sql}`, [query]);
    assert.match(plan.rows.map((row) => row['QUERY PLAN']).join('\n'), /Index Scan using/);
  });
}
