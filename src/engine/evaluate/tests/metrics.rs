//! Each metric against a second statement of it over plain arrays, and by hand.

use proptest::prelude::*;

use super::super::{Metric, Topic};
use super::*;

/// The list, seen down to rank `k`, padded with documents that are not relevant.
fn down_to(list: &[Option<i32>], k: usize) -> Vec<Option<i32>> {
    (0..k).map(|i| list.get(i).copied().flatten()).collect()
}

struct Naive {
    list: Vec<Option<i32>>,
    relevant: Vec<bool>,
    n_relevant: f64,
    k: usize,
}

impl Naive {
    fn new(case: &Case, rel: i32, judged_only: bool, k: Option<usize>) -> Self {
        let mut list = case.retrieved.clone();
        if judged_only {
            list.retain(|grade| matches!(grade, Some(0..)));
        }
        let k = k.unwrap_or(list.len());
        let list = down_to(&list, k);
        let relevant = list.iter().map(|grade| grade.unwrap_or(-1) >= rel).collect();
        Self { list, relevant, n_relevant: case.grades.iter().filter(|&&grade| grade >= rel).count() as f64, k }
    }

    fn hits(&self, k: usize) -> f64 {
        self.relevant[..k].iter().filter(|&&hit| hit).count() as f64
    }

    fn precision(&self, k: usize) -> f64 {
        if k == 0 { 0.0 } else { self.hits(k) / k as f64 }
    }

    fn recall(&self) -> f64 {
        if self.n_relevant == 0.0 { 0.0 } else { self.hits(self.k) / self.n_relevant }
    }

    fn f1(&self) -> f64 {
        let (p, r) = (self.precision(self.k), self.recall());
        if p + r == 0.0 { 0.0 } else { 2.0 * p * r / (p + r) }
    }

    fn average_precision(&self) -> f64 {
        let sum: f64 = (0..self.k).filter(|&i| self.relevant[i]).map(|i| self.precision(i + 1)).sum();
        if self.n_relevant == 0.0 { 0.0 } else { sum / self.n_relevant }
    }

    fn reciprocal_rank(&self) -> f64 {
        self.relevant.iter().position(|&hit| hit).map_or(0.0, |i| 1.0 / (i as f64 + 1.0))
    }

    fn rbp(&self, p: f64) -> f64 {
        (0..self.k).filter(|&i| self.relevant[i]).map(|i| (1.0 - p) * p.powi(i as i32)).sum()
    }

    fn ndcg(&self, case: &Case, gain: impl Fn(f64) -> f64) -> f64 {
        let dcg = |grades: &[f64]| -> f64 {
            (0..grades.len().min(self.k)).map(|i| gain(grades[i].max(0.0)) / (i as f64 + 2.0).log2()).sum()
        };
        let mut best: Vec<f64> = case.grades.iter().map(|&grade| f64::from(grade)).collect();
        best.sort_by(|a, b| b.total_cmp(a));
        // Without a cutoff the ideal list is not cut at the length of this one.
        let ideal: f64 =
            (0..best.len()).filter(|&i| i < self.k).map(|i| gain(best[i].max(0.0)) / (i as f64 + 2.0).log2()).sum();
        let got: Vec<f64> = self.list.iter().map(|grade| f64::from(grade.unwrap_or(0))).collect();
        if ideal == 0.0 { 0.0 } else { dcg(&got) / ideal }
    }

    fn bpref(case: &Case, rel: i32) -> f64 {
        let judged: Vec<i32> = case.retrieved.iter().copied().flatten().filter(|&grade| grade >= 0).collect();
        let n_relevant = case.grades.iter().filter(|&&grade| grade >= rel).count();
        let n_other = case.grades.iter().filter(|&&grade| grade >= 0 && grade < rel).count();
        let mut sum = 0.0;
        for (i, _) in judged.iter().enumerate().filter(|pair| *pair.1 >= rel) {
            let before = judged[..i].iter().filter(|&&grade| grade < rel).count();
            sum += match before {
                0 => 1.0,
                _ => 1.0 - before.min(n_relevant) as f64 / n_relevant.min(n_other) as f64,
            };
        }
        if n_relevant == 0 { 0.0 } else { sum / n_relevant as f64 }
    }
}

fn assert_close(got: f64, wanted: f64, what: &str) {
    assert!((got - wanted).abs() <= 1e-12 * wanted.abs().max(1.0), "{what}: {got} instead of {wanted}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn agree_with_their_definitions(
        case in some_case(), k in 1usize..40, rel in 1i32..4, judged_only: bool, p in 0.01f64..0.99,
    ) {
        for cutoff in [Some(k), None] {
            let naive = Naive::new(&case, rel, judged_only, cutoff);
            let at = cutoff.map_or(String::new(), |k| format!("@{k}"));
            let only = if judged_only { "True" } else { "false" };
            for (word, wanted) in [
                ("P", naive.precision(naive.k)), ("R", naive.recall()), ("F1", naive.f1()),
                ("AP", naive.average_precision()), ("RR", naive.reciprocal_rank()),
                ("Success", naive.hits(naive.k).min(1.0)), ("hits", naive.hits(naive.k)),
            ] {
                let name = format!("{word}(rel={rel}, judged_only={only}){at}");
                assert_close(case.of(&name), wanted, &name);
            }
            let name = format!("RBP(p={p}, rel={rel}, judged_only={only}){at}");
            assert_close(case.of(&name), naive.rbp(p), &name);
            if let Some(k) = cutoff {
                let judged = case.retrieved.iter().take(k).filter(|grade| grade.is_some()).count();
                let seen = k.min(case.retrieved.len()).max(1);
                assert_close(case.of(&format!("Judged@{k}")), judged as f64 / seen as f64, "Judged");
            }
            // Long enough for the ideal list.
            let naive = Naive::new(&case, rel, judged_only, cutoff.or(Some(100)));
            let name = format!("nDCG(judged_only={only}){at}");
            assert_close(case.of(&name), naive.ndcg(&case, |grade| grade), &name);
            let name = format!("nDCG(gains=exp,judged_only={only}){at}");
            assert_close(case.of(&name), naive.ndcg(&case, |grade| grade.exp2() - 1.0), &name);
        }
        let r = case.grades.iter().filter(|&&grade| grade >= rel).count();
        let naive = Naive::new(&case, rel, judged_only, Some(r));
        assert_close(case.of(&format!("Rprec(rel={rel},judged_only={judged_only})")), naive.precision(r), "Rprec");
        assert_close(case.of(&format!("Bpref(rel={rel})")), Naive::bpref(&case, rel), "Bpref");
    }

    #[test]
    fn lie_between_nothing_and_perfection(case in some_case(), k in 1usize..40) {
        for word in ["nDCG", "ndcg_exp", "RR", "AP", "P", "R", "F1", "Success", "Judged", "RBP", "Bpref", "Rprec"] {
            let name = if word == "Bpref" || word == "Rprec" { word.to_owned() } else { format!("{word}@{k}") };
            let value = case.of(&name);
            prop_assert!((0.0..=1.0 + 1e-12).contains(&value), "{name}: {value}");
        }
    }

    #[test]
    fn any_numbers_give_finite_values(
        retrieved in proptest::collection::vec(any::<Option<i32>>(), 0..30),
        grades in proptest::collection::vec(any::<i32>(), 0..30),
    ) {
        let topic = Topic { retrieved: &retrieved, grades: &grades };
        for name in [
            "nDCG", "nDCG@3", "ndcg_exp", "ndcg_exp@3", "RR", "AP", "P@4294967295", "SetP", "R", "F1", "Success",
            "hits",            "Judged", "Rprec", "Bpref", "Bpref(rel=2147483647)", "RBP", "RBP(p=0.999999)",
        ] {
            let value = Metric::parse(name).unwrap().of(&topic);
            prop_assert!(value.is_finite(), "{name}: {value}");
        }
    }

    #[test]
    fn a_perfect_list(grades in proptest::collection::vec(-2i32..60, 1..60)) {
        let mut best = grades.clone();
        best.sort_by(|a, b| b.cmp(a));
        let case = Case { retrieved: best.into_iter().map(Some).collect(), grades };
        let is_any = case.grades.iter().any(|&grade| grade > 0);
        for name in ["nDCG", "nDCG@7", "ndcg_exp", "ndcg_exp@7", "AP", "R", "Rprec", "Bpref", "RR"] {
            assert_close(case.of(name), f64::from(is_any), name);
        }
    }
}

/// More grades than passes are made for, so that the rest is sorted.
#[test]
fn many_grades() {
    let grades: Vec<i32> = (1..=200).collect();
    let case = Case { retrieved: grades.iter().rev().copied().map(Some).collect(), grades: grades.clone() };
    for name in ["nDCG", "nDCG@100", "nDCG@5", "ndcg_exp", "ndcg_exp@100"] {
        assert_close(case.of(name), 1.0, name);
    }
    let worst = Case { retrieved: grades.iter().copied().map(Some).collect(), grades };
    let naive = Naive::new(&worst, 1, false, Some(200));
    assert_close(worst.of("nDCG"), naive.ndcg(&worst, |grade| grade), "nDCG");
    let great = Case { retrieved: vec![Some(1000), Some(5000)], grades: vec![5000, 1000] };
    assert_close(great.of("ndcg_exp"), 1.0 / 3f64.log2() / 1.0, "2^5000 is none");
}

#[test]
fn by_hand() {
    // Ranks 1 to 6; one relevant document, of grade 3, was not found.
    let case =
        Case { retrieved: vec![Some(0), Some(2), None, Some(1), Some(-1), Some(0)], grades: vec![0, 2, 1, -1, 0, 3] };
    for (name, wanted) in [
        ("P@4", 0.5),
        ("P@10", 0.2),
        ("SetP", 2.0 / 6.0),
        ("R@2", 1.0 / 3.0),
        ("RR", 0.5),
        ("RR@1", 0.0),
        ("RR(rel=1)@2", 0.5),
        ("RR(rel=3)", 0.0),
        ("AP", (0.5 + 0.5) / 3.0),
        ("AP@3", 0.5 / 3.0),
        ("Success@1", 0.0),
        ("Success@2", 1.0),
        ("hits@3", 1.0),
        ("hits", 2.0),
        ("Judged@3", 2.0 / 3.0),
        ("Judged@10", 5.0 / 6.0),
        ("Rprec", 1.0 / 3.0),
        ("F1@2", 2.0 * (0.5 / 3.0) / (0.5 + 1.0 / 3.0)),
        // One of min(R, N) = 2 not relevant documents stands before both.
        ("Bpref", (0.5 + 0.5) / 3.0),
        ("RBP(p=0.5)", 0.5 * (0.5 + 0.125)),
        ("RBP(p=0.5)@2", 0.25),
        ("nDCG@2", (2.0 / 3f64.log2()) / (3.0 + 2.0 / 3f64.log2())),
        ("nDCG(gains=exp)@2", (3.0 / 3f64.log2()) / (7.0 + 3.0 / 3f64.log2())),
        ("P(judged_only=True)@3", 2.0 / 3.0),
    ] {
        assert_close(case.of(name), wanted, name);
    }
}

#[test]
fn nothing_to_find_or_nothing_found() {
    let nothing = Case { retrieved: vec![], grades: vec![1, 0] };
    let hopeless = Case { retrieved: vec![Some(0), None, Some(-1)], grades: vec![0, -1] };
    let unjudged = Case { retrieved: vec![None], grades: vec![] };
    for name in [
        "nDCG",
        "nDCG@10",
        "ndcg_exp@10",
        "RR",
        "AP@5",
        "P@5",
        "SetP",
        "R@5",
        "SetF",
        "Success@5",
        "hits@5",
        "Rprec",
        "Bpref",
        "RBP",
        "P(rel=0)@5",
    ] {
        assert_eq!(nothing.of(name), 0.0, "{name}");
        assert_eq!(unjudged.of(name), 0.0, "{name}");
        if name != "P(rel=0)@5" {
            assert_eq!(hopeless.of(name), 0.0, "{name}");
        }
    }
    assert_eq!(hopeless.of("P(rel=0)@5"), 0.2);
    assert_eq!([nothing.of("Judged@5"), unjudged.of("Judged@5"), hopeless.of("Judged@5")], [0.0, 0.0, 2.0 / 3.0]);
}
