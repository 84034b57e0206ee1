//! The metrics, one topic at a time.
//!
//! `g(i)` is the grade at rank i (from 1), `rel(i)` is 1 if it is at least `rel` (1 unless said) else 0, `R` the number
//! of relevant documents of the topic, `k` the cutoff, `n` the length of the list; without a cutoff k is n. All lie
//! between 0 and 1, except hits. `N(i)` are the documents judged not relevant before rank i, `N` all of the topic.
//!
//! | name | formula | source |
//! |---|---|---|
//! | nDCG@k | DCG/ideal DCG, DCG = sum over i <= k of g(i)/log2(i + 1); ideal: best first | Jarvelin, Kekalainen 2002 |
//! | nDCG(gains=exp)@k | the same with 2^g(i) - 1 for g(i) | Burges et al. 2005 |
//! | RR@k | 1/i of the first relevant document, 0 if there is none up to k | Kantor and Voorhees 2000 |
//! | AP@k | 1/R sum over i <= k of rel(i) P@i | Harman 1992 |
//! | P@k | 1/k sum over i <= k of rel(i); SetP: k is n | van Rijsbergen 1979 |
//! | R@k | 1/R sum over i <= k of rel(i); SetR: k is n | the same |
//! | F1@k | 2 P@k R@k/(P@k + R@k) | the same |
//! | Success@k | 1 if there is a relevant document up to k, else 0 | trec_eval; ranx: hit rate |
//! | hits@k | sum over i <= k of rel(i) | ranx |
//! | Judged@k | judged documents up to k / min(k, n) | ir-measures |
//! | Rprec | P@R | Buckley and Voorhees 2005 |
//! | Bpref | 1/R sum over relevant i of 1 - min(N(i), R)/min(N, R) | Buckley and Voorhees 2004, as trec_eval |
//! | RBP | (1 - p) sum over i <= k of rel(i) p^(i - 1), p is 0.8 unless said | Moffat and Zobel 2008 |
//!
//! One pass over the list; nDCG also makes one over the grades for each of the first 16 that occur, and sorts the rest.

use super::Topic;
use super::error::reserved;

/// What is to be measured, with all its parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Metric {
    pub(super) kind: Kind,
    /// How far down the list, from 1; `None`: to its end.
    pub(super) cutoff: Option<u32>,
    /// The least grade that counts as relevant, from 0.
    pub(super) rel: i32,
    /// Documents without a grade, or with a negative one, are taken out of the list first.
    pub(super) judged_only: bool,
}

/// Which formula.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    Ndcg { gain: Gain },
    ReciprocalRank,
    AveragePrecision,
    Precision,
    Recall,
    F1,
    Success,
    Hits,
    Judged,
    RPrecision,
    Bpref,
    RankBiased { p: f64 },
}

/// What a grade is worth to nDCG.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gain {
    /// The grade.
    Linear,
    /// 2^grade - 1.
    Exponential,
}

impl Metric {
    /// The value for one topic; finite for every input. A document that `retrieved` has but `grades` lacks makes no
    /// sense and can lead to values above 1.
    pub fn of(&self, topic: &Topic<'_>) -> f64 {
        let n_relevant = topic.grades.iter().filter(|&&grade| self.is_relevant(Some(grade))).count();
        match self.kind {
            Kind::Judged => self.judged(topic),
            Kind::Ndcg { gain } => self.ndcg(topic, gain),
            _ if n_relevant == 0 => 0.0,
            Kind::ReciprocalRank => self.ranks(topic).next().map_or(0.0, |rank| 1.0 / count(rank)),
            Kind::AveragePrecision => {
                let precisions = self.ranks(topic).zip(1usize..).map(|(rank, nth)| count(nth) / count(rank));
                precisions.sum::<f64>() / count(n_relevant)
            }
            Kind::Precision => count(self.ranks(topic).count()) / count(self.divisor(topic)),
            Kind::Recall => count(self.ranks(topic).count()) / count(n_relevant),
            Kind::F1 => {
                // The harmonic mean of h/k and h/R without its 0/0.
                2.0 * count(self.ranks(topic).count()) / (count(self.divisor(topic)) + count(n_relevant))
            }
            Kind::Success => count(self.ranks(topic).take(1).count()),
            Kind::Hits => count(self.ranks(topic).count()),
            Kind::RPrecision => {
                count(self.ranks(topic).take_while(|&rank| rank <= n_relevant).count()) / count(n_relevant)
            }
            Kind::Bpref => self.bpref(topic, n_relevant),
            Kind::RankBiased { p } => self.rank_biased(topic, p),
        }
    }

    /// So many documents from the top decide the value; `None`: all do.
    pub fn depth(&self) -> Option<usize> {
        self.cutoff.filter(|_| !self.judged_only).and_then(|k| usize::try_from(k).ok())
    }

    fn is_relevant(&self, grade: Option<i32>) -> bool {
        grade.is_some_and(|grade| grade >= self.rel.max(0))
    }

    /// The list down to the cutoff, as this metric sees it.
    fn list<'a>(&self, topic: &Topic<'a>) -> impl Iterator<Item = Option<i32>> + 'a {
        let judged_only = self.judged_only;
        let cutoff = self.cutoff.map_or(usize::MAX, |k| usize::try_from(k).unwrap_or(usize::MAX));
        topic.retrieved.iter().copied().filter(move |&grade| !judged_only || is_judged(grade)).take(cutoff)
    }

    /// The ranks of the relevant documents, ascending, from 1.
    fn ranks(&self, topic: &Topic<'_>) -> impl Iterator<Item = usize> {
        let metric = *self;
        self.list(topic).zip(1usize..).filter(move |&(grade, _)| metric.is_relevant(grade)).map(|(_, rank)| rank)
    }

    /// What precision divides by: the cutoff, else the length of the list, at least 1.
    fn divisor(&self, topic: &Topic<'_>) -> usize {
        let divisor = match self.cutoff {
            Some(k) => usize::try_from(k).unwrap_or(usize::MAX),
            None => self.list(topic).count(),
        };
        divisor.max(1)
    }

    fn judged(&self, topic: &Topic<'_>) -> f64 {
        let (mut n, mut n_judged) = (0usize, 0usize);
        for grade in self.list(topic) {
            n += 1;
            n_judged += usize::from(grade.is_some());
        }
        count(n_judged) / count(n.max(1))
    }

    fn bpref(&self, topic: &Topic<'_>, n_relevant: usize) -> f64 {
        let n_other = topic.grades.iter().filter(|&&grade| grade >= 0 && grade < self.rel).count();
        let worst = n_other.min(n_relevant).max(1);
        let (mut n_before, mut sum) = (0usize, 0.0);
        for grade in self.list(topic).filter(|&grade| is_judged(grade)) {
            if self.is_relevant(grade) {
                sum += 1.0 - count(n_before.min(n_relevant)) / count(worst);
            } else {
                n_before += 1;
            }
        }
        sum / count(n_relevant)
    }

    fn rank_biased(&self, topic: &Topic<'_>, p: f64) -> f64 {
        let (mut sum, mut weight, mut at) = (0.0, 1.0, 1usize);
        // Ranks ascend, so p^(rank - 1) is carried along.
        for rank in self.ranks(topic) {
            while at < rank {
                weight *= p;
                at = at.saturating_add(1);
            }
            sum += weight;
        }
        (1.0 - p) * sum
    }

    /// Gains are divided by 2^(greatest grade), or nothing, which leaves the quotient as it is and keeps it finite for
    /// every grade: 2^2000 is none.
    fn ndcg(&self, topic: &Topic<'_>, gain: Gain) -> f64 {
        let retrieved = topic.retrieved.iter().copied().flatten();
        let greatest = retrieved.chain(topic.grades.iter().copied()).max().unwrap_or(0);
        let worth = |grade: i32| match gain {
            _ if grade <= 0 => 0.0,
            Gain::Linear => f64::from(grade),
            Gain::Exponential => (f64::from(grade) - f64::from(greatest)).exp2() - (-f64::from(greatest)).exp2(),
        };
        let ideal = self.ideal(topic.grades, worth);
        if ideal <= 0.0 {
            return 0.0;
        }
        let gains = self.list(topic).zip(1usize..).map(|(grade, rank)| grade.map_or(0.0, worth) / discount(rank));
        gains.sum::<f64>() / ideal
    }

    /// The DCG of all judged documents, best first.
    fn ideal(&self, grades: &[i32], worth: impl Fn(i32) -> f64) -> f64 {
        let cutoff = self.cutoff.map_or(usize::MAX, |k| usize::try_from(k).unwrap_or(usize::MAX));
        let (mut sum, mut rank) = (0.0, 0usize);
        best_first(grades, |grade| {
            rank = rank.saturating_add(1);
            sum += worth(grade) / discount(rank);
            rank < cutoff
        });
        sum
    }
}

/// So many passes are made before the rest is sorted. Judges use two to five grades, so nothing is, as a rule.
const MAX_PASSES: usize = 16;

/// Visits the grades above 0, greatest first, until `visit` says no. Each pass finds the next grade and visits it as
/// often as it occurs: no memory and, for the few grades there are, less work than sorting. Should there be no memory
/// to sort the rest, passes go on.
fn best_first(grades: &[i32], mut visit: impl FnMut(i32) -> bool) {
    let mut below = i64::from(i32::MAX) + 1;
    for pass in 1usize.. {
        let rest = || grades.iter().copied().filter(|&grade| grade > 0 && i64::from(grade) < below);
        if pass > MAX_PASSES
            && let Ok(mut sorted) = reserved(grades.len())
        {
            sorted.extend(rest());
            sorted.sort_unstable_by(|a, b| b.cmp(a));
            sorted.into_iter().all(visit);
            return;
        }
        let Some(next) = rest().max() else { return };
        let n = grades.iter().filter(|&&grade| grade == next).count();
        if !(0..n).all(|_| visit(next)) {
            return;
        }
        below = i64::from(next);
    }
}

/// Whether trec_eval calls it judged.
fn is_judged(grade: Option<i32>) -> bool {
    grade.is_some_and(|grade| grade >= 0)
}

/// log2(rank + 1).
fn discount(rank: usize) -> f64 {
    (count(rank) + 1.0).log2()
}

/// A number of documents.
#[expect(clippy::cast_precision_loss, reason = "no list has 2^53 documents")]
pub(super) fn count(n: usize) -> f64 {
    n as f64
}
