//! Ways to answer the queries.

use std::fmt::Display;

const EF_SEARCH: [usize; 6] = [40, 100, 200, 400, 800, 1_000];
const PRUNE_FACTORS: [f64; 10] = [0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.65, 0.6, 0.5, 0.4];
const QUERY_TERMS: [usize; 4] = [5, 7, 10, 14];
const QUERY_CUTS: [usize; 6] = [5, 7, 10, 14, 20, 100];
const HEAP_FACTORS: [f64; 5] = [1.0, 0.9, 0.8, 0.7, 0.6];

/// Makes an index be used whatever it costs.
pub const INDEX_ONLY: &str = "enable_seqscan = off";

/// One way to answer the queries.
#[derive(Clone)]
pub struct Way {
    pub name: String,
    /// What the plot joins by a line.
    pub family: &'static str,
    /// Whether it promises the true answers.
    pub exact: bool,
    pub how: How,
    pub speed: Speed,
}

#[derive(Clone)]
pub enum How {
    Server { table: &'static str, kind: &'static str, settings: Vec<String> },
    Rival { engine: &'static str, parameters: String },
}

/// How many queries a way can be asked in bearable time.
#[derive(Clone, Copy)]
pub enum Speed {
    Fast,
    Slow,
    Scan,
}

impl Way {
    /// Our index with these settings and no others.
    pub fn wand(name: &str, settings: Vec<String>) -> Self {
        let how = How::Server { table: "ours", kind: "svec", settings };
        Self { name: name.into(), family: "wand", exact: true, how, speed: Speed::Fast }
    }

    /// Our index on pgvector's type, by pgvector's operator.
    pub fn on_sparsevec() -> Self {
        let how = How::Server { table: "sparsevecs", kind: "sparsevec", settings: vec![INDEX_ONLY.into()] };
        Self { how, ..Self::wand("wand on sparsevec", Vec::new()) }
    }

    /// In the index's own order, which is that of its 8-bit weights.
    pub fn unchecked() -> Self {
        Self::approximate("wand, recheck off", "recheck", "off")
    }

    pub fn pruned() -> Vec<Self> {
        PRUNE_FACTORS.map(|factor| Self::approximate("wand, pruned", "prune_factor", factor)).into()
    }

    pub fn fewer_terms() -> Vec<Self> {
        QUERY_TERMS.map(|terms| Self::approximate("wand, fewer terms", "max_query_terms", terms)).into()
    }

    fn approximate(family: &'static str, setting: &str, value: impl Display) -> Self {
        let settings = vec![INDEX_ONLY.into(), format!("wand.{setting} = {value}")];
        Self { family, exact: false, ..Self::wand(&format!("wand, {setting} {value}"), settings) }
    }

    pub fn rival(name: &str, engine: &'static str, parameters: &str) -> Self {
        let how = How::Rival { engine, parameters: parameters.into() };
        Self { name: name.into(), family: engine, exact: engine == "qdrant", how, speed: Speed::Fast }
    }

    pub fn seismic() -> Vec<Self> {
        let settings = QUERY_CUTS.iter().flat_map(|cut| HEAP_FACTORS.iter().map(move |factor| (cut, factor)));
        let way = |(cut, factor)| {
            Self::rival(&format!("Seismic, cut {cut}, heap {factor}"), "seismic", &format!("{cut} {factor}"))
        };
        settings.map(way).collect()
    }

    /// HNSW returns at most `ef_search` rows.
    pub fn hnsw(k: usize) -> Vec<Self> {
        let way = |ef: usize| {
            let settings = vec![INDEX_ONLY.into(), format!("hnsw.ef_search = {ef}")];
            let how = How::Server { table: "theirs", kind: "sparsevec", settings };
            let name = format!("pgvector HNSW, ef_search {ef}");
            Self { name, family: "hnsw", exact: false, how, speed: Speed::Slow }
        };
        EF_SEARCH.into_iter().filter(|ef| *ef >= k).map(way).collect()
    }

    pub fn scans(with_pgvector: bool) -> Vec<Self> {
        let way = |name: &str, family, table, kind| {
            let how = How::Server { table, kind, settings: vec!["enable_indexscan = off".into()] };
            Self { name: name.into(), family, exact: true, how, speed: Speed::Scan }
        };
        let mut ways = vec![way("sequential scan", "scan", "ours", "svec")];
        if with_pgvector {
            ways.push(way("pgvector sequential scan", "pgvector scan", "theirs", "sparsevec"));
        }
        ways
    }
}
