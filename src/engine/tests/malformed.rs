//! Every door of the engine that takes bytes or text, with mutations of good values: accepted values are sound and
//! come back bit for bit, refused ones are told in words, and nothing panics.
//!
//! Sizes: `PG_WAND_MUTATIONS`, tried at each door (a million; before a release 500 million at each of `svec_text` and
//! `svec_binary`; slow doors get a part of that). `PG_WAND_DOOR` names the only one to try.

use super::mutator;
use super::targets::{rows, svec, words};
use super::trials::{self, Tally};
use crate::engine::random::Random;
use crate::engine::vector::aggregate::{Kind, State};
use crate::engine::vector::{binary, text};
use crate::engine::weights::measures::{Flops, Weighing};

/// A door: good values, and what to do with others.
struct Door {
    name: &'static str,
    seeds: Vec<Vec<u8>>,
    /// Words of the grammar; none if it is a door for bytes.
    pieces: &'static [&'static [u8]],
    take: fn(&[u8]) -> bool,
    /// Gets one mutation where others get so many.
    one_in: u64,
}

#[derive(Default)]
struct Accepted {
    n: u64,
    accepted: u64,
}

impl Tally for Accepted {
    fn add(&mut self, other: Self) {
        self.n += other.n;
        self.accepted += other.accepted;
    }
}

const LITERALS: [&str; 11] = [
    "{}",
    "{}/5",
    "{1:0.5,7592:1.2}/30522",
    " { 3 : 1 , 1 : 2. } / 3 ",
    "{1:1e-45,2:-3.4028235e38,2147483647:1}",
    "{5:0,5:1}/5",
    "{1:1,2:2,3:3,4:4,5:5,6:6}/9",
    "{+1:+.5e+1}/2147483647",
    "{16:1,8:1,4:1,2:1}",
    "{1:inf}/1",
    "{1:nan}/1",
];

const OF_LITERALS: &[&[u8]] = &[
    b"{",
    b"}",
    b":",
    b",",
    b"/",
    b"0",
    b"1",
    b"9",
    b"-",
    b"+",
    b".",
    b"e",
    b"e9",
    b"0x",
    b"nan",
    b"inf",
    b" ",
    b"\n",
    b"\0",
    b"\xff",
    b"\xd9\xa3",
    b"2147483648",
    b"9223372036854775808",
    b"1e-46",
    b"1e39",
    b"-0",
    b"1:1",
    b",2:2",
];

const OF_JSON: &[&[u8]] = &[
    b"{",
    b"}",
    b"[",
    b"]",
    b"\"",
    b":",
    b",",
    b"0",
    b"1",
    b"-1",
    b"1e400",
    b"1e-400",
    b"null",
    b"true",
    b"\\",
    b"\\u0000",
    b"\\ud800",
    b" ",
    b"\0",
    b"\xff",
    b"4294967295",
    b"2147483648",
    b"\"1\":1",
    b"\"type\"",
    b"\"vocab\"",
    b"\"id\"",
];

const OF_LINES: &[&[u8]] = &[
    b" ",
    b"\t",
    b"\n",
    b"\r\n",
    b"#",
    b"\xef\xbb\xbf",
    b"Q0",
    b"0",
    b"1",
    b"-1",
    b"2147483648",
    b"9223372036854775808",
    b"1e400",
    b"nan",
    b"inf",
    b"\0",
    b"\xff",
    b"\xc2\xa0",
    b"d1",
    b"7 Q0 d1 1 0.5 x\n",
    b"7 0 d1 1\n",
];

const OF_NAMES: &[&[u8]] = &[
    b"@",
    b"(",
    b")",
    b"=",
    b",",
    b"_",
    b"|",
    b"~",
    b"ndcg",
    b"map",
    b"p",
    b"rbp",
    b"err",
    b"recall",
    b"success",
    b"10",
    b"0",
    b"-1",
    b"4294967296",
    b"rel",
    b"{\"k\": 1}",
    b"{\"alpha\": 0.5}",
    b"min_max",
    b"rank",
    b"zero",
    b"none",
    b"e400",
];

fn texts(list: &[&str]) -> Vec<Vec<u8>> {
    list.iter().map(|text| text.as_bytes().to_vec()).collect()
}

fn doors() -> Vec<Door> {
    let vectors = || LITERALS.iter().filter_map(|literal| text::parse(literal.as_bytes(), &mut || {}).ok());
    let state = |kind| {
        let mut state = State::new(kind);
        vectors().filter(|v| v.as_ref().dim() == 0).for_each(|v| state.add(v.as_ref(), &mut || {}).expect("a vector"));
        state.serialize(&mut || {}).expect("a state")
    };
    let measure = |weighing: Weighing| {
        let mut state = Flops::new(weighing);
        state.add(text::parse(b"{1:1,3:2}", &mut || {}).expect("a vector").as_ref(), &mut || {}).expect("a vector");
        state.serialize(&mut || {}).expect("a state")
    };
    let idf = text::parse(b"{1:1.5,3:2}", &mut || {}).expect("a vector");
    let measures = vec![
        measure(Weighing::Plain),
        measure(Weighing::min_nnz(2).expect("a number")),
        measure(Weighing::idf(idf.as_ref()).expect("weights")),
        measure(Weighing::df(0.5, 2.0).expect("numbers")),
    ];
    let with_text = |json: &str| [json.as_bytes(), b"\0 ab sun plants"].concat();
    let door = |name, seeds, pieces, take, one_in| Door { name, seeds, pieces, take, one_in };
    vec![
        door("svec_text", texts(&LITERALS), OF_LITERALS, svec::text, 1),
        door(
            "svec_binary",
            vectors().map(|v| binary::format(v.as_ref()).expect("bytes")).collect(),
            &[],
            svec::binary,
            1,
        ),
        door(
            "svec_json",
            texts(&[r#"{"7592": 1.2, "2088": 0.5}"#, "{}", r#"{"0": -1e-45}"#, r#"{"1": 1, "1": 2}"#]),
            OF_JSON,
            svec::json,
            4,
        ),
        door(
            "match_query",
            texts(&["{1:1,2:1}|{1:1}|{3:1}|{2:1,4:1}", "{1:1}/5|x|{2:1}/5|{1:1}", "{}|{}|{}|{}", "{1:1}|{1:1}||"]),
            OF_LITERALS,
            svec::match_query,
            4,
        ),
        door("aggregate_state", vec![state(Kind::Sum), state(Kind::Max)], &[], svec::aggregate_state, 4),
        door("measure_state", measures, &[], svec::measure_state, 4),
        door("pending", vec![rows::good_page()], &[], rows::pending, 4),
        door("filter_values", rows::good_values(), &[], rows::filter_values, 1),
        door("special_docs", rows::good_sets(), &[], rows::special_docs, 16),
        door(
            "trec_run",
            texts(&["7 Q0 d1 1 0.5 x\n8 Q0 d2 2 -1e-3 y", "\u{feff}# nothing\n\n7\tQ0\td1\t0\t3\tx\r\n"]),
            OF_LINES,
            words::trec_run,
            4,
        ),
        door(
            "trec_judgements",
            texts(&["7 0 d1 1\n8 0 d2 -2", "7 0 d1 2147483647"]),
            OF_LINES,
            words::trec_judgements,
            4,
        ),
        door(
            "metric",
            texts(&["ndcg@10", "map", "P@5", "rbp(p=0.8)", "recall(rel=2)@100", "ndcg_cut_10", "err@20", "mrr"]),
            OF_NAMES,
            words::metric,
            4,
        ),
        door(
            "fusion",
            texts(&[
                "rrf|~|~|~|{\"rank_base\": 0}",
                "weighted_sum|min_max|zero|half|{\"alpha\": 0.3}",
                "comb_gmnz|sigmoid|~|~|{\"gamma\": 2, \"slope\": [1, 2]}",
                "condorcet|~|~|~|~",
                "slide|~|~|~|{\"window\": 3, \"model\": {\"lists\": [[0.5], [0.25]]}}",
            ]),
            OF_NAMES,
            words::fusion,
            16,
        ),
        door(
            "weights_table",
            texts(&[r###"{"sun": 1.5, "plan": 0.25, "##ts": -1}"###, "{}", r#"{"a": 1, "a": 2}"#]),
            OF_JSON,
            words::weights_table,
            8,
        ),
        door(
            "tokenizer",
            [words::WORD_PIECE, words::BYTE_LEVEL, words::UNIGRAM].map(with_text).to_vec(),
            OF_JSON,
            words::tokenizer,
            200,
        ),
    ]
}

#[test]
fn mutations_are_sound_or_refused() {
    let only = std::env::var("PG_WAND_DOOR").ok();
    let (mut n_all, mut n_doors) = (0, 0);
    for door in doors().into_iter().filter(|door| only.as_ref().is_none_or(|only| only == door.name)) {
        let n = trials::size("PG_WAND_MUTATIONS", 1_000_000).div_ceil(door.one_in);
        // A case is some mutations: threads take cases, and a case must be worth it.
        const IN_A_CASE: u64 = 100;
        let case = |random: &mut Random, counts: &mut Accepted| {
            let mut bytes = Vec::new();
            for _ in 0..IN_A_CASE {
                bytes.clear();
                bytes.extend_from_slice(&door.seeds[random.below(door.seeds.len())]);
                if door.pieces.is_empty() {
                    mutator::binary(random, &mut bytes);
                } else {
                    mutator::text(random, &mut bytes, door.pieces);
                }
                counts.n += 1;
                counts.accepted += u64::from((door.take)(&bytes));
            }
        };
        let command = format!("PG_WAND_DOOR={} scripts/unit.sh mutations_are", door.name);
        let counts: Accepted = trials::run(&command, n.div_ceil(IN_A_CASE), 1, case);
        let Accepted { n, accepted } = counts;
        println!("  {}: {n}, {accepted} of them accepted", door.name);
        (n_all, n_doors) = (n_all + n, n_doors + 1);
        // Both outcomes must be common, or the test says nothing.
        let is_balanced = accepted > n / 1_000 && accepted < n - n / 100;
        assert!(is_balanced || n < 1_000, "{}: {accepted} of {n} accepted", door.name);
        for seed in &door.seeds {
            (door.take)(seed);
        }
    }
    assert!(n_doors > 0, "there is no such door: {only:?}");
    println!("mutations: {n_all} at {n_doors} doors, all sound or refused; SEED={}", trials::seed(1));
}
