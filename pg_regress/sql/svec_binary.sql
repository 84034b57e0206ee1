-- The binary form: int32 dim, nnz, 0; int32 term ids from 0; float4 weights, in network order.
SELECT svec_send('{1:0.5,3:-2}/5');
SELECT svec_send('{}');
CREATE TEMP TABLE sent (id int, v svec);
INSERT INTO sent VALUES (1, '{1:0.5,3:-2}/5'), (2, '{}/7'), (3, '{}'), (4, NULL), (5, '{2147483647:1e-45}'),
    (6, (SELECT to_svec(array_agg(i), array_agg((i / 7.0)::real), 50000) FROM generate_series(1, 20000) i));
CREATE TEMP TABLE received (id int, v svec);
SELECT current_setting('data_directory') || '/svec_binary.data' AS file \gset
COPY sent TO :'file' (FORMAT binary);
COPY received FROM :'file' (FORMAT binary);
SELECT id, nnz(r.v), svec_send(r.v) = svec_send(s.v) AS same_bytes, r.v = s.v AS same FROM received r JOIN sent s USING (id) ORDER BY id;
-- a column with a dimension
CREATE TEMP TABLE received_7 (id int, v svec(7));
COPY received_7 FROM :'file' (FORMAT binary);
