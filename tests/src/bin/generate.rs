//! Makes a collection in the shape of learned-sparse vectors, with exact answers, or describes one.
//!
//! usage: generate FOLDER DOCUMENTS QUERIES SEED [BASE]    docs.spz, queries.spz, gt_*.zst
//!        generate describe FOLDER...                      list lengths, weights, postings a query, pruning
//!
//! BASE is a folder like demo/pgdocs (passages.svec.tsv.gz, queries.svec.tsv): its documents and queries are part of
//! the collection, its frequent terms are the frequent ones, and the rest is made up.

use pg_wand_tests::collection::{self, Matrix};
use pg_wand_tests::exact::Lists;
use pg_wand_tests::generate::{Generator, TERMS};
use pg_wand_tests::random::Random;
use std::path::Path;
use std::process::Command;

type Row = Vec<(u32, f32)>;

const STEP: f32 = 0.001;
const RANKS: [usize; 8] = [1, 10, 100, 1_000, 5_000, 10_000, 15_000, 20_000];
const WIDTHS: [usize; 4] = [4, 8, 16, 64];
const LIMITS: [usize; 3] = [10, 100, 1_000];

fn main() -> Result<(), String> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["describe", folders @ ..] if !folders.is_empty() => {
            folders.iter().try_for_each(|folder| describe(Path::new(folder)))
        }
        [folder, documents, queries, seed, base @ ..] if base.len() < 2 => {
            let number = |text: &str| text.parse::<u64>().map_err(|e| format!("{text}: {e}"));
            let size = |text: &str| number(text).and_then(|n| usize::try_from(n).map_err(|e| e.to_string()));
            let base = base.first().map(|base| read_base(Path::new(base))).transpose()?.unwrap_or_default();
            make(Path::new(folder), (size(documents)?, size(queries)?), number(seed)?, base)
        }
        _ => Err("usage: generate FOLDER DOCUMENTS QUERIES SEED [BASE] | generate describe FOLDER...".into()),
    }
}

fn make(folder: &Path, sizes: (usize, usize), seed: u64, base: (Vec<Row>, Vec<Row>)) -> Result<(), String> {
    let (n_docs, n_queries) = sizes;
    let (mut docs, mut queries) = base;
    let generator = Generator::new(seed, n_docs, &by_frequency(&docs));
    let mut random = Random::new(seed.wrapping_add(1));
    while docs.len() < n_docs {
        docs.push(generator.document(&mut random).into_iter().collect());
    }
    while queries.len() < n_queries {
        queries.push(generator.query(&mut random).into_iter().collect());
    }
    for rows in [&mut docs, &mut queries] {
        for at in (1..rows.len()).rev() {
            rows.swap(at, random.below(at + 1));
        }
    }
    docs.truncate(n_docs);
    queries.truncate(n_queries);
    std::fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let write = |name: &str, rows: Vec<Row>| {
        let path = folder.join(name);
        collection::write_matrix(&path, &Matrix { columns: TERMS as u32, rows }, STEP)?;
        // The answers are of the weights as they are read.
        collection::read_matrix(&path)
    };
    let (docs, queries) = (write("docs.spz", docs)?, write("queries.spz", queries)?);
    collection::write_truth(folder, &Lists::new(&docs).truth(&queries.rows))?;
    println!("{}: {} documents, {} queries", folder.display(), docs.rows.len(), queries.rows.len());
    Ok(())
}

fn by_frequency(docs: &[Row]) -> Vec<u32> {
    let mut counts = vec![0usize; TERMS];
    for (term, _) in docs.iter().flatten() {
        counts[*term as usize] += 1;
    }
    let mut terms: Vec<u32> = (0..TERMS as u32).filter(|term| counts[*term as usize] > 0).collect();
    terms.sort_by_key(|term| (std::cmp::Reverse(counts[*term as usize]), *term));
    terms
}

fn read_base(folder: &Path) -> Result<(Vec<Row>, Vec<Row>), String> {
    let passages = folder.join("passages.svec.tsv.gz");
    let unpacked = Command::new("gzip").arg("-dc").arg(&passages).output().map_err(|e| format!("gzip: {e}"))?;
    if !unpacked.status.success() {
        return Err(format!("gzip -dc {}: {}", passages.display(), String::from_utf8_lossy(&unpacked.stderr)));
    }
    let path = folder.join("queries.svec.tsv");
    let queries = std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
    let docs = String::from_utf8(unpacked.stdout).map_err(|e| e.to_string())?;
    let parse = |text: &str| text.lines().map(parse_line).collect::<Option<Vec<Row>>>();
    let both = parse(&docs).zip(parse(&queries));
    both.ok_or_else(|| format!("{}: not lines of id, tab, vector", folder.display()))
}

/// `id<tab>{index:weight,...}/dimensions`
fn parse_line(line: &str) -> Option<Row> {
    let inner = line.split('\t').nth(1)?.strip_prefix('{')?.split('}').next()?;
    let pair = |text: &str| {
        let (index, weight) = text.split_once(':')?;
        Some((index.parse::<u32>().ok()?.checked_sub(1)?, weight.parse().ok()?))
    };
    inner.split(',').filter(|text| !text.is_empty()).map(pair).collect()
}

fn describe(folder: &Path) -> Result<(), String> {
    let docs = collection::read_matrix(&folder.join("docs.spz"))?;
    let mut queries = collection::read_matrix(&folder.join("queries.spz"))?.rows;
    queries.truncate(pg_wand_tests::size("QUERIES", 100));
    let n = docs.rows.len() as f64;
    println!("{}", folder.display());
    println!(
        "  documents {n}, non-zeros {:.1} a document, {:.1} a query",
        docs.nonzeros() as f64 / n,
        mean_length(&queries)
    );
    println!("  weights at 5 25 50 75 95 99 %: {:?}", quantiles(&docs.rows));
    println!("  queries' weights: {:?}", quantiles(&queries));
    let lists = Lists::new(&docs);
    drop(docs);
    let mut lengths = lists.lengths();
    lengths.sort_unstable_by(|a, b| b.cmp(a));
    let share = |rank: usize| format!("{:.3}", 100.0 * lengths[rank - 1] as f64 / n);
    println!("  list lengths, % of the documents, at ranks {RANKS:?}: {}", RANKS.map(share).join(" "));
    let postings = queries.iter().map(|query| lists.postings(query)).sum::<usize>() as f64;
    println!("  postings a query reads, per document: {:.2}", postings / n / queries.len() as f64);
    println!("  blocks whose 4-bit bound reaches the k-th score, %, at widths {WIDTHS:?}");
    for k in LIMITS {
        let mut sums = [0.0; WIDTHS.len()];
        for query in &queries {
            let last = lists.best(query, k).last().map_or(0.0, |(_, score)| *score);
            for (sum, width) in sums.iter_mut().zip(WIDTHS) {
                *sum += lists.reaching(query, width, last);
            }
        }
        println!("    k={k}: {}", sums.map(|sum| format!("{:.2}", 100.0 * sum / queries.len() as f64)).join(" "));
    }
    Ok(())
}

fn mean_length(rows: &[Row]) -> f64 {
    rows.iter().map(Vec::len).sum::<usize>() as f64 / rows.len() as f64
}

fn quantiles(rows: &[Row]) -> [f32; 6] {
    let mut weights: Vec<f32> = rows.iter().take(20_000).flatten().map(|(_, weight)| *weight).collect();
    weights.sort_unstable_by(f32::total_cmp);
    [5, 25, 50, 75, 95, 99].map(|percent| weights[weights.len() * percent / 100])
}
