//! Makes collections of any size in the shape of real learned-sparse vectors.
//!
//! The shape is that of a SPLADE model (30,522 word pieces) over 200,000 passages of Wikipedia, as numbers: how often
//! the term of each rank occurs ([`LENGTHS`]), how weights are distributed by rank ([`WEIGHTS`]), which ranks queries
//! use. What makes such vectors hard or easy to prune is not in those numbers but in what goes with what, so terms and
//! weights follow topics:
//!
//! ```text
//! a document: a topic, a second one, a length each of the HEAD most frequent terms is in it when  length + topic's
//! liking + chance  exceeds the term's threshold;
//!     the weight grows with the excess, as log(1 + relu(x)) does in the model
//!   the other terms are drawn from its topics' lists, their area's list and the list of all, until it is long enough;
//!     the weight is  term + topic's liking + chance, through the weights' quantiles
//! a query: a topic; ranks as queries have them; terms that the topic likes, by the same likings
//! ```
//!
//! A liking is a hash of seed, topic and term, so nothing of it is stored. What it does not do: word pieces that occur
//! as one word, near-duplicates, passages of one article, order (documents come shuffled).

use crate::corpus::Vector;
use crate::random::Random;

pub const TERMS: usize = 30_522;
const USED_TERMS: usize = 27_600;
/// Terms in more than 5 per cent of the documents: decided one by one.
const HEAD: usize = 630;
const AREAS: usize = 60;
const DOCUMENTS_A_TOPIC: usize = 60;
const MEAN_LENGTH: f64 = 181.6;
const DEVIATION: f64 = 43.0;

/// Rank (from 1) and the share of the documents that have the term.
const LENGTHS: [(f64, f64); 13] = [
    (1.0, 0.664),
    (3.0, 0.627),
    (10.0, 0.386),
    (30.0, 0.221),
    (100.0, 0.122),
    (300.0, 0.074),
    (1_000.0, 0.0375),
    (3_000.0, 0.0156),
    (5_000.0, 0.0086),
    (10_000.0, 0.002_54),
    (15_000.0, 0.000_86),
    (20_000.0, 0.000_3),
    (30_522.0, 0.000_02),
];

/// The first rank that is no longer in the band.
const BANDS: [usize; 5] = [10, 100, 1_000, 5_000, USED_TERMS];
const LEVELS: [f64; 8] = [0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0];
/// Quantiles of the documents' weights by band.
const WEIGHTS: [[f64; 8]; 5] = [
    [0.005, 0.09, 0.38, 0.70, 1.06, 1.54, 1.80, 2.20],
    [0.005, 0.04, 0.22, 0.48, 0.83, 1.39, 1.71, 2.20],
    [0.005, 0.04, 0.21, 0.47, 0.91, 1.61, 1.97, 2.50],
    [0.005, 0.04, 0.19, 0.46, 0.97, 1.80, 2.15, 2.70],
    [0.005, 0.04, 0.23, 0.56, 1.21, 1.92, 2.21, 2.78],
];
/// The same of queries.
const QUERY_WEIGHTS: [[f64; 8]; 5] = [
    [0.01, 0.14, 0.64, 1.23, 1.71, 2.23, 2.45, 2.78],
    [0.01, 0.07, 0.35, 0.77, 1.33, 1.96, 2.25, 2.78],
    [0.01, 0.06, 0.33, 0.79, 1.41, 2.01, 2.25, 2.78],
    [0.01, 0.07, 0.44, 1.09, 1.72, 2.20, 2.40, 2.78],
    [0.01, 0.10, 0.52, 1.20, 1.76, 2.19, 2.40, 2.78],
];
/// How many of a query's terms each band has.
const QUERY_SHARES: [f64; 5] = [0.12, 0.215, 0.315, 0.235, 0.115];

/// How much of a head term's presence the topic explains, and the document's length (parts of the variance).
const HEAD_TOPIC: f64 = 0.70;
const HEAD_LENGTH: f64 = 0.06;
/// How much of a weight the term and the topic explain.
const WEIGHT_TERM: f64 = 0.10;
const WEIGHT_TOPIC: f64 = 0.75;
/// Where the other terms are drawn from: the first topic, the second, the area; the rest from the list of all.
const FROM_TOPIC: f64 = 0.45;
const FROM_SECOND: f64 = 0.55;
const FROM_AREA: f64 = 0.78;
/// How many of a query's terms beyond the head are its topic's own.
const QUERY_FROM_TOPIC: f64 = 0.6;
const QUERY_NOISE: f64 = 1.7;
/// A topic's own term is in at most about this share of its documents.
const MOST_LOCAL: f64 = 0.7;

/// The state that documents and queries are made from.
pub struct Generator {
    seed: u64,
    /// Rank to term.
    terms: Vec<u32>,
    lengths: Vec<f64>,
    thresholds: Vec<f64>,
    topics: Draw,
    by_topic: Vec<Draw>,
    by_area: Vec<Draw>,
    by_all: Draw,
}

impl Generator {
    /// For about `documents` documents. `frequent` names the terms in order of frequency; the others come in any order.
    pub fn new(seed: u64, documents: usize, frequent: &[u32]) -> Self {
        let mut random = Random::new(seed);
        let terms = permutation(&mut random, frequent);
        let lengths: Vec<f64> = (0..USED_TERMS).map(length_of_rank).collect();
        let thresholds = lengths[..HEAD].iter().map(|share| probit(1.0 - share)).collect();
        let n_topics = (documents / DOCUMENTS_A_TOPIC).clamp(2 * AREAS, 20_000);
        let topics = Draw::new((0..n_topics).map(|at| (at, 1.0 / (at as f64 + 10.0).sqrt())).collect());
        let mut by_topic = vec![Vec::new(); n_topics];
        let mut by_area = vec![Vec::new(); AREAS];
        for (rank, length) in lengths.iter().copied().enumerate().skip(HEAD) {
            // As many topics as the term's documents need, and two areas.
            let share = length * FROM_TOPIC * n_topics as f64;
            let places = ((share / MOST_LOCAL).ceil() as usize).max(1);
            for _ in 0..places {
                by_topic[random.below(n_topics)].push((rank, length / places as f64));
            }
            for _ in 0..2 {
                by_area[random.below(AREAS)].push((rank, length));
            }
        }
        let by_all = Draw::new((HEAD..USED_TERMS).map(|rank| (rank, lengths[rank])).collect());
        let by_topic = by_topic.into_iter().map(Draw::new).collect();
        let by_area = by_area.into_iter().map(Draw::new).collect();
        Self { seed, terms, lengths, thresholds, topics, by_topic, by_area, by_all }
    }

    pub fn document(&self, random: &mut Random) -> Vector {
        let (first, second) = (self.topics.one(random), self.topics.one(random));
        let size = normal(random);
        let wanted = (MEAN_LENGTH + DEVIATION * size).clamp(31.0, 430.0) as usize;
        let mut vector = Vector::new();
        for rank in 0..HEAD {
            let liking = HEAD_TOPIC.sqrt() * self.affinity(first, rank) + HEAD_LENGTH.sqrt() * size;
            let value = liking + (1.0 - HEAD_TOPIC - HEAD_LENGTH).sqrt() * normal(random);
            if value > self.thresholds[rank] {
                // Where among the term's documents this one stands.
                let level = 1.0 - (1.0 - phi(value)) / self.lengths[rank];
                let shift = WEIGHT_TERM.sqrt() * self.liking(usize::MAX, rank);
                let level = phi((1.0 - WEIGHT_TERM).sqrt() * probit(level) + shift);
                vector.insert(self.terms[rank], quantile(&WEIGHTS[band(rank)], level, random));
            }
        }
        for _ in 0..8 * wanted {
            if vector.len() >= wanted {
                break;
            }
            let (rank, topic) = self.draw(first, second, random);
            vector.entry(self.terms[rank]).or_insert_with(|| {
                let z = self.weight_score(topic, rank, random);
                quantile(&WEIGHTS[band(rank)], phi(z), random)
            });
        }
        vector
    }

    pub fn query(&self, random: &mut Random) -> Vector {
        let topic = self.topics.one(random);
        let wanted = (18.5 + 4.8 * normal(random)).clamp(3.0, 50.0) as usize;
        let mut vector = Vector::new();
        while vector.len() < wanted {
            let mut share = random.unit() * QUERY_SHARES.iter().sum::<f64>();
            let at = QUERY_SHARES.iter().position(|part| {
                share -= part;
                share < 0.0
            });
            let at = at.unwrap_or(0);
            let rank = self.query_rank(topic, at, random);
            let liking = if rank < HEAD { HEAD_TOPIC } else { WEIGHT_TOPIC };
            // Its terms are those that the topic likes: taken as they are, their weights would be too great, and too
            // alike.
            let liked = liking.sqrt() * self.affinity(topic, rank) - if rank < HEAD { 1.0 } else { 0.5 };
            let z = liked + QUERY_NOISE * (1.0 - liking).sqrt() * normal(random);
            vector.insert(self.terms[rank], quantile(&QUERY_WEIGHTS[at], phi(z), random));
        }
        vector
    }

    /// A rank of the band that goes with the topic.
    fn query_rank(&self, topic: usize, at: usize, random: &mut Random) -> usize {
        let first = if at == 0 { 0 } else { BANDS[at - 1] };
        for _ in 0..200 {
            if first >= HEAD || random.chance(0.5) && BANDS[at] > HEAD {
                let of_topic = random.chance(QUERY_FROM_TOPIC);
                let rank = if of_topic { self.by_topic[topic].one(random) } else { self.draw(topic, topic, random).0 };
                if (first..BANDS[at]).contains(&rank) && random.chance(phi(1.5 * self.affinity(topic, rank))) {
                    return rank;
                }
            } else {
                let rank = first + random.below(BANDS[at].min(HEAD) - first);
                // As often as the topic's documents have the term.
                let missing = self.thresholds[rank] - HEAD_TOPIC.sqrt() * self.affinity(topic, rank);
                let level = 1.0 - phi(missing / (1.0 - HEAD_TOPIC).sqrt());
                if random.chance(level) {
                    return rank;
                }
            }
        }
        first + random.below(BANDS[at] - first)
    }

    /// A rank beyond the head, and the topic whose liking it follows.
    fn draw(&self, first: usize, second: usize, random: &mut Random) -> (usize, usize) {
        let from = random.unit();
        if from < FROM_TOPIC {
            (self.by_topic[first].one(random), first)
        } else if from < FROM_SECOND {
            (self.by_topic[second].one(random), second)
        } else if from < FROM_AREA {
            (self.by_area[first % AREAS].one(random), first)
        } else {
            (self.by_all.one(random), first)
        }
    }

    fn weight_score(&self, topic: usize, rank: usize, random: &mut Random) -> f64 {
        WEIGHT_TERM.sqrt() * self.liking(usize::MAX, rank)
            + WEIGHT_TOPIC.sqrt() * self.affinity(topic, rank)
            + (1.0 - WEIGHT_TERM - WEIGHT_TOPIC).sqrt() * normal(random)
    }

    /// What a topic thinks of a term: one half its own opinion, one half its area's.
    fn affinity(&self, topic: usize, rank: usize) -> f64 {
        0.5f64.sqrt() * (self.liking(topic, rank) + self.liking(usize::MAX - 1 - topic % AREAS, rank))
    }

    /// A standard normal number that belongs to topic and term; `usize::MAX` is no topic.
    fn liking(&self, topic: usize, rank: usize) -> f64 {
        let mixed =
            (topic as u64).wrapping_mul(0xD6E8_FEB8_6659_FD93) ^ (rank as u64).wrapping_mul(0xA5A5_1F3D_9C6B_4E27);
        normal(&mut Random::new(self.seed ^ mixed))
    }
}

/// Draws items by their weights, in constant time (Walker's alias method).
struct Draw {
    items: Vec<(usize, f64, usize)>,
}

impl Draw {
    fn new(weighted: Vec<(usize, f64)>) -> Self {
        let mean = weighted.iter().map(|(_, weight)| weight).sum::<f64>() / weighted.len().max(1) as f64;
        let mut items: Vec<(usize, f64, usize)> = weighted.iter().map(|(item, w)| (*item, w / mean, *item)).collect();
        let (mut small, mut large): (Vec<usize>, Vec<usize>) = (0..items.len()).partition(|at| items[*at].1 < 1.0);
        while let (Some(poor), Some(rich)) = (small.pop(), large.pop()) {
            items[poor].2 = items[rich].0;
            items[rich].1 -= 1.0 - items[poor].1;
            if items[rich].1 < 1.0 { small.push(rich) } else { large.push(rich) }
        }
        for at in small.into_iter().chain(large) {
            items[at].1 = 1.0;
        }
        Self { items }
    }

    fn one(&self, random: &mut Random) -> usize {
        let (item, own, other) = *random.pick(&self.items);
        if random.unit() < own { item } else { other }
    }
}

/// `frequent` first, then all other terms in random order.
fn permutation(random: &mut Random, frequent: &[u32]) -> Vec<u32> {
    let mut there = vec![false; TERMS];
    let mut terms: Vec<u32> = Vec::with_capacity(TERMS);
    for term in frequent {
        if !std::mem::replace(&mut there[*term as usize], true) {
            terms.push(*term);
        }
    }
    let mut others: Vec<u32> = (0..TERMS as u32).filter(|term| !there[*term as usize]).collect();
    for at in (1..others.len()).rev() {
        others.swap(at, random.below(at + 1));
    }
    terms.append(&mut others);
    terms
}

/// Straight lines between the points of [`LENGTHS`], both axes logarithmic.
fn length_of_rank(rank: usize) -> f64 {
    let x = (rank as f64 + 1.0).ln();
    let at = LENGTHS.iter().position(|(point, _)| point.ln() >= x).unwrap_or(LENGTHS.len() - 1).max(1);
    let ((x0, y0), (x1, y1)) = (LENGTHS[at - 1], LENGTHS[at]);
    let part = (x - x0.ln()) / (x1.ln() - x0.ln());
    (y0.ln() + part * (y1.ln() - y0.ln())).exp()
}

fn band(rank: usize) -> usize {
    BANDS.iter().position(|end| rank < *end).unwrap_or(BANDS.len() - 1)
}

/// The weight at a level, between the quantiles; a multiple of 0.001, never 0.
fn quantile(points: &[f64; 8], level: f64, random: &mut Random) -> f32 {
    let at = LEVELS.iter().position(|point| *point >= level).unwrap_or(LEVELS.len() - 1).max(1);
    let part = (level - LEVELS[at - 1]) / (LEVELS[at] - LEVELS[at - 1]);
    let weight = points[at - 1] + part.clamp(0.0, 1.0) * (points[at] - points[at - 1]);
    let milli = (1_000.0 * weight + random.unit()).floor().max(1.0);
    milli as f32 * 0.001
}

fn normal(random: &mut Random) -> f64 {
    let radius = (-2.0 * (1.0 - random.unit()).ln()).sqrt();
    radius * (std::f64::consts::TAU * random.unit()).cos()
}

/// The normal distribution function, to about 3e-4.
fn phi(x: f64) -> f64 {
    0.5 * (1.0 + (0.797_884_560_8 * (x + 0.044_715 * x * x * x)).tanh())
}

/// The inverse of [`phi`].
fn probit(level: f64) -> f64 {
    let (mut low, mut high) = (-6.0, 6.0);
    for _ in 0..40 {
        let middle = 0.5 * (low + high);
        if phi(middle) < level { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_collection() {
        let make = |seed| {
            let generator = Generator::new(seed, 1_000, &[]);
            let mut random = Random::new(seed);
            (generator.document(&mut random), generator.query(&mut random))
        };
        assert_eq!(make(5), make(5));
        assert_ne!(make(5), make(6));
    }

    #[test]
    fn documents_have_the_shape_that_was_asked_for() {
        let generator = Generator::new(1, 2_000, &[7, 3]);
        let mut random = Random::new(2);
        let documents: Vec<Vector> = (0..2_000).map(|_| generator.document(&mut random)).collect();
        let mean = documents.iter().map(Vector::len).sum::<usize>() as f64 / 2_000.0;
        assert!((mean - MEAN_LENGTH).abs() < 8.0, "{mean} terms a document");
        let first = documents.iter().filter(|vector| vector.contains_key(&7)).count();
        assert!((1_150..1_500).contains(&first), "the most frequent term is in {first} of 2,000");
        let weights = documents.iter().flat_map(Vector::values);
        assert!(weights.into_iter().all(|weight| *weight > 0.0 && *weight < 2.9));
    }

    #[test]
    fn draws_follow_the_weights() {
        let draw = Draw::new(vec![(3, 1.0), (4, 3.0), (5, 0.0)]);
        let mut random = Random::new(1);
        let mut counts = [0; 6];
        for _ in 0..4_000 {
            counts[draw.one(&mut random)] += 1;
        }
        assert!((900..1_100).contains(&counts[3]) && counts[5] == 0, "{counts:?}");
    }

    #[test]
    fn phi_and_probit_are_inverse() {
        for level in [0.001, 0.05, 0.5, 0.8, 0.999] {
            assert!((phi(probit(level)) - level).abs() < 1e-9);
        }
        assert!((phi(1.96) - 0.975).abs() < 1e-3);
    }
}
