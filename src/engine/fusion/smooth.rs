//! Smooth ranks, of which SRRF takes the reciprocals: Bruch, Gai, Ingber, TOIS 2023 (arXiv 2210.11934).
//!
//! The smooth rank of a score `s` is 1/2 plus the sum over all scores `s'` of its list, its own included, of
//! sigma(beta (s' - s)), where sigma(x) = 1/(1 + e^-x). With a great beta that is the rank; with a small one, scores
//! that are close get ranks that are close.
//!
//! Written down, that is a sum over all pairs. A long list is summed faster, to about 1e-12 of the result. Scores
//! times beta are sorted and cut into clusters no wider than [`WIDTH`]. For each cluster, others are
//!
//! - *far* beyond [`FAR`]: sigma(-x) = e^-x - e^-2x + e^-3x and so on, a sum of [`TERMS`] terms in which a source and a
//!   target are factors apart. So running sums of e^kx serve all targets, in one walk upwards for the sources below
//!   and one downwards for those above, where sigma(x) = 1 - sigma(-x);
//! - *near* otherwise, some ten clusters. Between two small ones all pairs are summed. Where a cluster is great, sigma
//!   is smooth across it (its singularities are pi away), so a polynomial through [`NODES`] points is as good as exact:
//!   sources are moved onto these points, and targets read between them.

use std::f64::consts::PI;
use std::ops::Range;

use super::arith::finite;
use super::error::{Result, collected, filled, reserved};
use super::table::STEPS;

/// Up to this length all pairs are summed.
const SHORT: usize = 128;
/// Of a cluster, in units of 1/beta.
const WIDTH: f64 = 0.5;
/// Between a target's cluster and a far one.
const FAR: f64 = 2.0;
/// Of the series; the first that is left out is e^-42.
const TERMS: usize = 20;
/// Of a polynomial across one cluster.
const NODES: usize = 12;

/// The smooth rank of each score.
pub fn ranks(scores: &[f64], beta: f64, interrupts: &mut dyn FnMut()) -> Result<Vec<f64>> {
    let scaled = |s: &f64| finite(beta * s);
    if scores.len() <= SHORT {
        let rank = |t: f64| scores.iter().fold(0.5, |sum, s| sum + sigmoid(scaled(s) - t));
        return collected(scores.iter().map(|s| rank(scaled(s))));
    }
    let mut order = collected(scores.iter().map(scaled).enumerate())?;
    order.sort_unstable_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
    interrupts();
    let sorted = collected(order.iter().map(|pair| pair.1))?;
    let sums = sorted_ranks(&sorted, interrupts)?;
    let mut ranks = filled(scores.len(), 0.0)?;
    for (&(at, _), rank) in order.iter().zip(sums) {
        if let Some(place) = ranks.get_mut(at) {
            *place = rank;
        }
    }
    Ok(ranks)
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// The smooth rank of each of ascending numbers.
fn sorted_ranks(sorted: &[f64], interrupts: &mut dyn FnMut()) -> Result<Vec<f64>> {
    let clusters = clusters(sorted)?;
    let below = far(sorted, &clusters, interrupts)?;
    // The same from the other end.
    let n = sorted.len();
    let mirrored = collected(sorted.iter().rev().map(|x| -x))?;
    let mirrored_clusters = collected(clusters.iter().rev().map(|cluster| n - cluster.end..n - cluster.start))?;
    let above = far(&mirrored, &mirrored_clusters, interrupts)?;

    let mut ranks = reserved(n)?;
    let nodes = Nodes::new();
    for ((number, cluster), (n_below, n_above)) in
        clusters.iter().enumerate().zip(below.n_far.iter().zip(above.n_far.iter().rev()))
    {
        interrupts();
        let n_above_points = n - clusters.get(clusters.len() - n_above).map_or(n, |first| first.start);
        let near = clusters.get(*n_below..clusters.len() - n_above).unwrap_or_default();
        debug_assert!((*n_below..clusters.len() - n_above).contains(&number), "a cluster is near itself");
        let first = ranks.len();
        ranks.resize(cluster.end, 0.5 + super::normalise::length(n_above_points));
        let ranks = ranks.get_mut(first..).unwrap_or_default();
        nodes.add_near(sorted, near, cluster, ranks);
        let far = below.sums.get(cluster.clone()).unwrap_or_default().iter();
        let over = above.sums.get(n - cluster.end..n - cluster.start).unwrap_or_default().iter().rev();
        for (rank, (below, above)) in ranks.iter_mut().zip(far.zip(over)) {
            *rank += below - above;
        }
    }
    Ok(ranks)
}

/// Ranges of positions, each as long as its numbers differ by no more than [`WIDTH`].
fn clusters(sorted: &[f64]) -> Result<Vec<Range<usize>>> {
    let mut clusters: Vec<Range<usize>> = Vec::new();
    let mut start = (0, f64::NEG_INFINITY);
    for (at, &x) in sorted.iter().enumerate() {
        if x - start.1 > WIDTH {
            if at > 0 {
                super::error::push(&mut clusters, start.0..at)?;
            }
            start = (at, x);
        }
    }
    super::error::push(&mut clusters, start.0..sorted.len())?;
    Ok(clusters)
}

/// What far clusters below add.
struct FarBelow {
    /// To each number: the sum of sigma.
    sums: Vec<f64>,
    /// How many clusters are far below each cluster: the first so many.
    n_far: Vec<usize>,
}

fn far(sorted: &[f64], clusters: &[Range<usize>], interrupts: &mut dyn FnMut()) -> Result<FarBelow> {
    let mut found = FarBelow { sums: reserved(sorted.len())?, n_far: reserved(clusters.len())? };
    // Element k - 1: the sum over sources y of e^(k (y - at)).
    let mut moments = [0.0; TERMS];
    let mut at = f64::NEG_INFINITY;
    let mut sources = clusters.iter().peekable();
    let mut n_far = 0;
    for cluster in clusters {
        let targets = sorted.get(cluster.clone()).unwrap_or_default();
        let first = targets.first().copied().unwrap_or(f64::NEG_INFINITY);
        // Written as a difference: a great number less 2 is itself.
        let is_far = |source: &Range<usize>| sorted.get(source.end - 1).is_some_and(|last| first - last >= FAR);
        while let Some(source) = sources.next_if(|source| is_far(source)) {
            for &y in sorted.get(source.clone()).unwrap_or_default() {
                let step = (at - y).exp();
                let mut power = 1.0;
                for moment in &mut moments {
                    power *= step;
                    *moment = *moment * power + 1.0;
                }
                at = y;
            }
            n_far += 1;
        }
        found.n_far.push(n_far);
        for &t in targets {
            if found.sums.len().is_multiple_of(STEPS) {
                interrupts();
            }
            let q = if n_far == 0 { 0.0 } else { (at - t).exp() };
            // Horner's scheme, from the last term.
            found.sums.push(moments.iter().rev().fold(0.0, |rest, moment| q * (moment - rest)));
        }
    }
    Ok(found)
}

/// Chebyshev's points across a cluster, as distances from its beginning, and how a polynomial through them is read.
struct Nodes {
    at: [f64; NODES],
    /// Barycentric weights.
    weights: [f64; NODES],
}

impl Nodes {
    fn new() -> Self {
        let angle = |k: usize| (2.0 * super::normalise::length(k) + 1.0) * PI / (2.0 * super::normalise::length(NODES));
        let sign = |k: usize| if k.is_multiple_of(2) { 1.0 } else { -1.0 };
        Self {
            at: std::array::from_fn(|k| WIDTH / 2.0 * (1.0 + angle(k).cos())),
            weights: std::array::from_fn(|k| sign(k) * angle(k).sin()),
        }
    }

    /// What a number at `distance` from the beginning has of each node; 1 in all.
    fn shares(&self, distance: f64) -> [f64; NODES] {
        if let Some(hit) = self.at.iter().position(|&node| node == distance) {
            return std::array::from_fn(|k| if k == hit { 1.0 } else { 0.0 });
        }
        let terms: [f64; NODES] = std::array::from_fn(|k| match (self.weights.get(k), self.at.get(k)) {
            (Some(weight), Some(node)) => weight / (distance - node),
            _ => 0.0,
        });
        let sum: f64 = terms.iter().sum();
        terms.map(|term| term / sum)
    }

    /// Adds to each target of a cluster what the near clusters, its own among them, give.
    fn add_near(&self, sorted: &[f64], near: &[Range<usize>], cluster: &Range<usize>, ranks: &mut [f64]) {
        let targets = sorted.get(cluster.clone()).unwrap_or_default();
        let Some(&origin) = targets.first() else { return };
        let is_small = targets.len() <= NODES;
        let mut at_nodes = [0.0; NODES];
        for source in near {
            let sources = sorted.get(source.clone()).unwrap_or_default();
            let Some(&start) = sources.first() else { continue };
            // Sources as distances from the target cluster's beginning, with how many each stands for.
            let moved = (sources.len() > NODES).then(|| self.moved(sources, start, start - origin));
            let sum = |distance: f64| match &moved {
                Some(nodes) => nodes.iter().fold(0.0, |sum, (y, count)| sum + count * sigmoid(y - distance)),
                None => sources.iter().fold(0.0, |sum, y| sum + sigmoid(y - origin - distance)),
            };
            if is_small {
                ranks.iter_mut().zip(targets).for_each(|(rank, t)| *rank += sum(t - origin));
            } else {
                at_nodes.iter_mut().zip(self.at).for_each(|(value, node)| *value += sum(node));
            }
        }
        if !is_small {
            for (rank, t) in ranks.iter_mut().zip(targets) {
                let shares = self.shares(t - origin);
                *rank += shares.iter().zip(at_nodes).fold(0.0, |sum, (share, value)| sum + share * value);
            }
        }
    }

    /// The nodes of a cluster that begins at `start`, as seen from `offset` before it, each with its part of the
    /// cluster's numbers.
    fn moved(&self, sources: &[f64], start: f64, offset: f64) -> [(f64, f64); NODES] {
        let mut nodes = self.at.map(|node| (offset + node, 0.0));
        for y in sources {
            let shares = self.shares(y - start);
            nodes.iter_mut().zip(shares).for_each(|(node, share)| node.1 += share);
        }
        nodes
    }
}
