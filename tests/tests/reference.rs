//! What the server says is what other programs compute: token ids and their places, the formulas of docs/weights.md,
//! BM25 scores; fused scores, metrics and their statistics, tuned fusions. They are Python programs; the scripts in
//! `tests/reference` compare, and count what they compare.
//!
//! `scripts/reference.sh` installs them and runs this: REFERENCE_PACKAGES is the folder where they are. REFERENCE_CASES
//! says how many fusions of each kind there are.

use pg_wand_tests::cluster::Cluster;
use pg_wand_tests::judged::{copy, escape, run};
use pg_wand_tests::{collection, project_root};
use postgres::Client;
use std::process::Command;

/// Texts that are compared: enough of them for 10,000 with those that the program makes up.
const TEXTS: usize = 9_000;

#[test]
fn tokens_are_those_of_the_python_package() {
    compare("tokens");
}

#[test]
fn weights_are_those_of_the_formulas() {
    compare("weights");
}

#[test]
fn bm25_scores_are_those_of_bm25s() {
    compare("bm25");
}

#[test]
fn fusion_is_that_of_ranx() {
    compare_alone("fusion.py");
}

#[test]
fn metrics_are_those_of_ir_measures() {
    compare_alone("evaluation.py");
}

#[test]
fn tuning_is_what_numpy_finds() {
    compare_alone("tuning.py");
}

/// By a script that makes up what it compares.
fn compare_alone(script: &str) {
    let cluster = Cluster::start_new(&["autovacuum = off"]);
    run(&mut cluster.connect(), "CREATE EXTENSION pg_wand");
    run_script(&cluster, script, &[]);
    cluster.finish();
}

/// By a part of the script that wants texts.
fn compare(part: &str) {
    let cluster = Cluster::start_new(&["autovacuum = off"]);
    let mut client = cluster.connect();
    run(&mut client, "CREATE EXTENSION pg_wand; CREATE TABLE corpus (id int PRIMARY KEY, body text)");
    fill(&cluster, &mut client);
    drop(client);
    run_script(&cluster, "reference.py", &[part]);
    cluster.finish();
}

fn run_script(cluster: &Cluster, script: &str, arguments: &[&str]) {
    let packages = std::env::var("REFERENCE_PACKAGES").expect("REFERENCE_PACKAGES: run scripts/reference.sh");
    let connection =
        format!("host={} port={} user=postgres dbname=postgres", cluster.folder().display(), cluster.port());
    let mut command = Command::new("python3");
    command.arg(project_root().join("tests/reference").join(script)).args(arguments).arg(connection);
    let status = command.env("PYTHONPATH", packages).status().unwrap_or_else(|e| panic!("python3: {e}"));
    assert!(status.success(), "{script} {arguments:?}: {status}");
}

/// Texts of the collections beside the project, or of the demo's where they are not there.
fn fill(cluster: &Cluster, client: &mut Client) {
    let texts = |name: &str| {
        let folder = collection::find(name)?;
        Some(collection::read_text(&folder.join("docs.txt.zst")).unwrap_or_else(|e| panic!("{e}")))
    };
    if let (Some(squad), Some(scifact)) = (texts("squad"), texts("scifact")) {
        // Every sixth: its first two thousand are paragraphs of a few dozen articles.
        let lines = squad.lines().step_by(6).chain(scifact.lines()).take(TEXTS);
        copy(client, "corpus", lines.enumerate().map(|(id, line)| format!("{id}\t{}", escape(line))));
    } else {
        println!("the collections squad and scifact are not here: the texts of the demo");
        cluster.place(&project_root().join("demo/pgdocs/passages.tsv.gz"));
        run(
            client,
            "CREATE TABLE passages (id int, page text, section text, body text);
             COPY passages FROM PROGRAM 'gzip -dc passages.tsv.gz';
             INSERT INTO corpus SELECT row_number() OVER (ORDER BY id) - 1, body FROM passages",
        );
    }
}
