-- svec(n): a column with a dimension.
CREATE TEMP TABLE t (v svec(3));
SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 't'::regclass AND attname = 'v';
INSERT INTO t VALUES ('{1:1}/3'), (NULL);
-- a value without a dimension takes the column's
INSERT INTO t VALUES ('{3:1}');
INSERT INTO t SELECT to_svec(ARRAY[2], ARRAY[1]);
SELECT v, dims(v) FROM t;
INSERT INTO t VALUES ('{1:1}/4');
INSERT INTO t VALUES ('{4:1}');
INSERT INTO t SELECT '{1:1}/4'::svec;
SELECT '{1:1}/4'::svec(3);
SELECT '{1:1}/4'::svec::svec(4), '{1:1}'::svec::svec(4);
ALTER TABLE t ALTER v TYPE svec(4);
ALTER TABLE t ALTER v TYPE svec;
-- the modifier itself
SELECT '{}'::svec(0);
SELECT '{}'::svec(-1);
SELECT '{}'::svec(3, 4);
SELECT '{}'::svec(2147483648);
SELECT '{}'::svec('a');
SELECT '{}'::svec(2147483647);
