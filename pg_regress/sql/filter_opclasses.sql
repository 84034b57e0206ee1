-- Operator classes of the access method: vectors, and columns to filter by.
SELECT opcname FROM pg_opclass JOIN pg_am ON pg_am.oid = opcmethod WHERE amname = 'wand' AND NOT amvalidate(pg_opclass.oid) ORDER BY 1;

-- which types there are, each with its class
SELECT opcintype::regtype AS type, opcname AS class, opfname AS family, opcdefault AS is_default
FROM pg_opclass JOIN pg_am ON pg_am.oid = opcmethod JOIN pg_opfamily ON pg_opfamily.oid = opcfamily
WHERE amname = 'wand' ORDER BY opcintype::regtype::text COLLATE "C", opcname;
-- the operators of vector classes
SELECT opfname, amopstrategy AS n, amopopr::regoperator AS operator, amoppurpose AS purpose
FROM pg_amop JOIN pg_opfamily f ON f.oid = amopfamily JOIN pg_am ON pg_am.oid = opfmethod
WHERE amname = 'wand' AND amoplefttype = 'svec'::regtype ORDER BY 1, 2;
-- families of more than one type
SELECT opfname, count(*) AS comparisons, (SELECT count(*) FROM pg_amop WHERE amopfamily = f.oid) AS operators
FROM pg_amproc JOIN pg_opfamily f ON f.oid = amprocfamily JOIN pg_am ON pg_am.oid = opfmethod
WHERE amname = 'wand' AND amprocnum = 2 GROUP BY f.oid, opfname HAVING count(*) > 1 ORDER BY 1;
-- a filter class has what the B-tree's class of the type has: operators by number, comparison
WITH operators AS (
    SELECT amname, amoplefttype AS l, amoprighttype AS r, amopstrategy AS n, amopopr AS o FROM pg_amop JOIN pg_am ON pg_am.oid = amopmethod
), comparisons AS (
    SELECT amname, amproclefttype AS l, amprocrighttype AS r, amprocnum AS n, amproc::oid AS f
    FROM pg_amproc JOIN pg_opfamily o ON o.oid = amprocfamily JOIN pg_am ON pg_am.oid = opfmethod
)
SELECT count(*) AS members, count(*) FILTER (WHERE b.o IS NULL) AS unlike FROM (
    SELECT l, r, n, o FROM operators WHERE amname = 'wand' AND l <> 'svec'::regtype
    UNION ALL SELECT l, r, 0, f FROM comparisons WHERE amname = 'wand' AND n = 2
) w LEFT JOIN (
    SELECT l, r, n, o FROM operators WHERE amname = 'btree' UNION SELECT l, r, 0, f FROM comparisons WHERE amname = 'btree' AND n = 1
) b USING (l, r, n, o);
-- CREATE INDEX need not name them: the default class of each type is called as the B-tree's
SELECT t::regtype AS type, c.opcname AS btree, w.opcname AS wand
FROM unnest('{bool,"\"char\"",int2,int4,int8,oid,float4,float8,numeric,money,text,bpchar,name,bytea,uuid,date,timestamp,timestamptz,time,timetz,interval,inet,macaddr,macaddr8,bit,varbit,pg_lsn,anyenum}'::regtype[]) t
LEFT JOIN pg_opclass c ON c.opcintype = t AND c.opcdefault AND c.opcmethod = (SELECT oid FROM pg_am WHERE amname = 'btree')
LEFT JOIN pg_opclass w ON w.opcintype = t AND w.opcdefault AND w.opcmethod = (SELECT oid FROM pg_am WHERE amname = 'wand')
WHERE w.opcname IS DISTINCT FROM c.opcname;

-- what is wrong with a class is told
CREATE FUNCTION valid(class text) RETURNS bool LANGUAGE sql AS $$
    SELECT amvalidate(pg_opclass.oid) FROM pg_opclass JOIN pg_am ON pg_am.oid = opcmethod WHERE amname = 'wand' AND opcname = class
$$;
CREATE FUNCTION metric_of_nothing() RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';
CREATE FUNCTION compare_text(a int, b int) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT 0::bigint';
CREATE OPERATOR CLASS no_function FOR TYPE int4 USING wand AS OPERATOR 1 <;
SELECT valid('no_function');
CREATE OPERATOR CLASS too_few FOR TYPE int4 USING wand AS OPERATOR 3 =, OPERATOR 1 <, FUNCTION 2 btint4cmp(int4, int4);
SELECT valid('too_few');
CREATE OPERATOR CLASS no_operators FOR TYPE int4 USING wand AS FUNCTION 2 btint4cmp(int4, int4);
SELECT valid('no_operators');
CREATE OPERATOR CLASS bad_comparison FOR TYPE int4 USING wand AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >,
    OPERATOR 6 <>, FUNCTION 2 compare_text(int4, int4);
SELECT valid('bad_comparison');
CREATE OPERATOR FAMILY no_comparison USING wand;
CREATE OPERATOR CLASS no_comparison FOR TYPE int4 USING wand FAMILY no_comparison AS
    OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 2 btint4cmp(int4, int4);
SELECT valid('no_comparison');
ALTER OPERATOR FAMILY no_comparison USING wand ADD OPERATOR 3 = (int4, int8), FUNCTION 2 (int8, int4) btint84cmp(int8, int4);
SELECT valid('no_comparison');
CREATE OPERATOR CLASS no_distance FOR TYPE svec USING wand AS OPERATOR 2 &&, FUNCTION 1 wand_metric_cosine(internal);
SELECT valid('no_distance');
CREATE OPERATOR CLASS no_metric FOR TYPE svec USING wand AS OPERATOR 1 <#> FOR ORDER BY float_ops;
SELECT valid('no_metric');
CREATE OPERATOR CLASS bad_vector FOR TYPE svec USING wand AS OPERATOR 1 <, OPERATOR 2 <#> FOR ORDER BY float_ops, OPERATOR 7 =,
    FUNCTION 1 metric_of_nothing();
SELECT valid('bad_vector');
CREATE OPERATOR CLASS both_kinds FOR TYPE svec USING wand AS OPERATOR 1 <#> FOR ORDER BY float_ops,
    FUNCTION 1 wand_metric_cosine(internal), FUNCTION 2 svec_cmp(svec, svec);
SELECT valid('both_kinds');
DROP OPERATOR FAMILY no_function USING wand;
DROP OPERATOR FAMILY too_few USING wand;
DROP OPERATOR FAMILY no_operators USING wand;
DROP OPERATOR FAMILY bad_comparison USING wand;
DROP OPERATOR FAMILY no_comparison USING wand;
DROP OPERATOR FAMILY no_distance USING wand;
DROP OPERATOR FAMILY no_metric USING wand;
DROP OPERATOR FAMILY bad_vector USING wand;
DROP OPERATOR FAMILY both_kinds USING wand;
DROP FUNCTION valid, metric_of_nothing, compare_text;
