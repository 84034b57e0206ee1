//! Training: what [`super::model`] holds, from queries whose relevant items are known.

use super::List;
use super::error::{FusionError, Result, filled};
use super::model::{BAYES_EDGES, Model, N_SEGMENTS, Trained, segment_end};
use super::names::Method;
use super::normalise::length;
use super::options::Options;
use super::settings::WINDOW;
use super::{MAX_LISTS, MAX_WINDOW};
use crate::engine::pace::Pace;

/// A query: its lists, the same systems in every topic, and what is relevant.
#[derive(Clone, Debug)]
pub struct Topic<'a> {
    /// One of each system.
    pub lists: Vec<List<'a>>,
    /// Ascending.
    pub relevant: &'a [u32],
}

/// Segments of ProbFuse if the options do not say: what its authors found best.
const PROB_SEGMENTS: u64 = 25;
/// Ranks on either side of SlideFuse if the options do not say.
const SLIDE_WINDOW: u64 = 5;

/// A model for a trained method, as JSON for the option "model" of [`super::fuse`]. Options: `segments` of `prob`,
/// `window` of `slide`. `interrupts` is called now and then.
pub fn train(
    method: &str,
    topics: &[Topic<'_>],
    options: Option<&str>,
    interrupts: &mut dyn FnMut(),
) -> Result<String> {
    let method = Method::named(method)?;
    let Some(trained) = Trained::of(method.kind) else {
        let hint = "Only bayes, pos, prob, seg, slide and map are trained.";
        return Err(FusionError::NotApplicable { argument: "training", with: method.name().into(), hint });
    };
    let mut options = Options::parse(options)?;
    let segments = match trained {
        Trained::Prob => options.whole("segments", (1, 1_000_000), "Give a whole number from 1 to 1000000.")?,
        _ => None,
    };
    let window = match trained {
        Trained::Slide => options.whole("window", (0, MAX_WINDOW), WINDOW)?.unwrap_or(SLIDE_WINDOW),
        _ => 0,
    };
    options.finish()?;
    let n_lists = topics.first().map_or(0, |topic| topic.lists.len());
    if n_lists > MAX_LISTS {
        return Err(FusionError::TooManyLists { lists: n_lists });
    }
    if let Some(other) = topics.iter().find(|topic| topic.lists.len() != n_lists) {
        return Err(FusionError::OtherLists { lists: other.lists.len(), expected: n_lists });
    }
    let segments = usize::try_from(segments.unwrap_or(PROB_SEGMENTS)).unwrap_or(1);
    let mut pace = Pace::new(interrupts);
    let lists = (0..n_lists).map(|list| numbers(trained, topics, list, segments, &mut pace)).collect::<Result<_>>()?;
    Model { trained, lists, window: usize::try_from(window).unwrap_or(0) }.to_json()
}

/// What one list's model consists of.
fn numbers(
    trained: Trained,
    topics: &[Topic<'_>],
    list: usize,
    segments: usize,
    pace: &mut Pace<'_>,
) -> Result<Vec<f64>> {
    match trained {
        Trained::Bayes => {
            let precisions = mean((topics, list), BAYES_EDGES.len(), pace, |j, hits| {
                let start = j.checked_sub(1).and_then(|before| BAYES_EDGES.get(before)).copied().unwrap_or(0);
                precision(hits, start, BAYES_EDGES.get(j).copied().unwrap_or(start))
            })?;
            Ok(precisions.into_iter().map(log_odds).collect())
        }
        Trained::Seg => mean((topics, list), N_SEGMENTS, pace, |j, hits| {
            precision(hits, j.checked_sub(1).map_or(0, segment_end), segment_end(j))
        }),
        Trained::Prob => mean((topics, list), segments, pace, |j, hits| {
            let size = hits.len().div_ceil(segments);
            let (start, end) = ((j * size).min(hits.len()), ((j + 1) * size).min(hits.len()));
            if start < end { precision(hits, start, end) } else { 0.0 }
        }),
        Trained::Map => {
            let average = |topic: &Topic<'_>| average_precision(topic, list, pace);
            let n = length(topics.len().max(1));
            Ok(vec![topics.iter().map(average).sum::<Result<f64>>()? / n])
        }
        Trained::Pos | Trained::Slide => at_ranks(topics, list, pace),
    }
}

/// The mean over the topics of each of `n` numbers, which come from which of the list's items are relevant.
fn mean(
    (topics, list): (&[Topic<'_>], usize),
    n: usize,
    pace: &mut Pace<'_>,
    number: impl Fn(usize, &[bool]) -> f64,
) -> Result<Vec<f64>> {
    let mut sums = filled(n, 0.0)?;
    for topic in topics {
        let hits = hits(topic, list, pace)?;
        pace.step(n);
        sums.iter_mut().enumerate().for_each(|(j, sum)| *sum += number(j, &hits));
    }
    sums.iter_mut().for_each(|sum| *sum /= length(topics.len().max(1)));
    Ok(sums)
}

/// Relevant items from index `start` to before `end`, by how many there are in a full list: a list that ends before
/// has found nothing there.
fn precision(hits: &[bool], start: usize, end: usize) -> f64 {
    let found = hits.iter().take(end).skip(start).filter(|&&hit| hit).count();
    length(found) / length(end.saturating_sub(start).max(1))
}

/// Neither 0 nor 1 has odds: they count as a thousandth, on their side.
fn log_odds(p: f64) -> f64 {
    let p = if p == 0.0 { 0.001 } else { p };
    let not = if p == 1.0 { 0.001 } else { 1.0 - p };
    (p / not).ln()
}

/// Of each rank: the part of the topics whose lists reach it that have something relevant there.
fn at_ranks(topics: &[Topic<'_>], list: usize, pace: &mut Pace<'_>) -> Result<Vec<f64>> {
    let longest = topics.iter().filter_map(|topic| topic.lists.get(list)).map(|list| list.items.len()).max();
    let mut counts = filled(longest.unwrap_or(0), (0.0, 0.0))?;
    for topic in topics {
        for (count, hit) in counts.iter_mut().zip(hits(topic, list, pace)?) {
            count.0 += f64::from(u8::from(hit));
            count.1 += 1.0;
        }
    }
    super::error::collected(counts.into_iter().map(|(hits, all)| hits / all))
}

/// The sum of the precisions at each relevant item, by the number of relevant ones; 0 if there are none.
fn average_precision(topic: &Topic<'_>, list: usize, pace: &mut Pace<'_>) -> Result<f64> {
    let mut found = 0.0;
    let mut sum = 0.0;
    for (before, _) in hits(topic, list, pace)?.iter().enumerate().filter(|(_, hit)| **hit) {
        found += 1.0;
        sum += found / length(before + 1);
    }
    Ok(sum / length(topic.relevant.len().max(1)))
}

/// Of each item of the list whether it is relevant.
fn hits(topic: &Topic<'_>, list: usize, pace: &mut Pace<'_>) -> Result<Vec<bool>> {
    let items = topic.lists.get(list).map(|list| list.items).unwrap_or_default();
    super::error::collected(items.iter().map(|item| {
        pace.step(1);
        topic.relevant.binary_search(item).is_ok()
    }))
}
