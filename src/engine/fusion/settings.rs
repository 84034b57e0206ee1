//! How lists are fused: everything that the user says about it, checked.

use super::combine::Combine;
use super::error::{FusionError, Result};
use super::model::Model;
use super::names::{Kind, Method, choice, plain};
use super::normalise::{BoundMode, Bounds, Normaliser, OnEqual};
use super::options::Options;
use super::ranks::RankPart;
use super::{MAX_LISTS, MAX_WINDOW};

/// What the user said, apart from the method's name. Every part may be left out.
#[derive(Clone, Copy, Debug, Default)]
pub struct Given<'a> {
    /// One for each list, finite, not negative.
    pub weights: Option<&'a [f64]>,
    /// Of reciprocal ranks.
    pub k: Option<f64>,
    /// How scores come to one scale.
    pub normaliser: Option<&'a str>,
    /// What an item gets from a list that does not have it.
    pub missing: Option<&'a str>,
    /// What a list of equal scores becomes.
    pub on_equal: Option<&'a str>,
    /// A JSON object.
    pub options: Option<&'a str>,
}

/// What an item gets from a list that does not have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// No part.
    Skip,
    /// A part of 0.
    Zero,
    /// The part of the list's least normalised score; none from an empty list.
    Min,
    /// The part of the rank after the list's last; none from an empty list.
    RankAfter,
    /// The mean of the Borda points that the list has not given away.
    Share,
    /// ln(0.001/0.999), the log odds of something not retrieved.
    Floor,
}

/// Where an item's parts come from.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// The normalised score.
    Scores,
    /// 1/(k + a rank that is smooth in the normalised scores).
    SmoothRanks {
        /// As in RRF.
        k: f64,
        /// How steep.
        beta: f64,
    },
    /// A formula of the rank.
    Ranks(RankPart),
    /// Points: candidates - rank + 1.
    Borda,
    /// What was learned from judged queries.
    Model(Model),
}

/// How the score comes about.
#[derive(Clone, Debug, PartialEq)]
pub enum Plan {
    /// Each list gives each item a part, and the parts are combined.
    Parts {
        /// Where they come from.
        source: Source,
        /// How they are combined.
        combine: Combine,
    },
    /// The majority of lists decides about each pair.
    Condorcet,
    /// The lists give items in turn.
    Interleave {
        /// In an order drawn anew for each round, from this seed; `None`: the order given.
        draft: Option<u64>,
    },
}

/// Everything checked.
#[derive(Clone, Debug)]
pub struct Settings {
    pub(super) method: &'static str,
    pub(super) n_lists: usize,
    pub(super) plan: Plan,
    pub(super) weights: Vec<f64>,
    pub(super) normaliser: Option<Normaliser>,
    pub(super) missing: Missing,
    pub(super) on_equal: Option<OnEqual>,
}

impl Settings {
    /// Checks a method by name and all that goes with it, for so many lists. Names are not case-sensitive.
    pub fn new(method: &str, n_lists: usize, given: Given<'_>) -> Result<Self> {
        if n_lists > MAX_LISTS {
            return Err(FusionError::TooManyLists { lists: n_lists });
        }
        let method = Method::named(method)?;
        let mut options = Options::parse(given.options)?;
        let weights = weights(method, n_lists, given.weights, &mut options)?;
        let plan = plan(method, n_lists, given.k, &mut options)?;
        let normaliser = normaliser(method, n_lists, given.normaliser, &mut options)?;
        let missing = missing(method, &plan, normaliser.as_ref(), given.missing)?;
        let on_equal = on_equal(normaliser.as_ref(), given.on_equal)?;
        options.finish()?;
        Ok(Self { method: method.name(), n_lists, plan, weights, normaliser, missing, on_equal })
    }

    /// The method's own name, whichever alias was given.
    pub fn method(&self) -> &'static str {
        self.method
    }

    /// Lists that these settings are for.
    pub fn n_lists(&self) -> usize {
        self.n_lists
    }

    /// Whether every list must have scores.
    pub fn needs_scores(&self) -> bool {
        self.normaliser.as_ref().is_some_and(Normaliser::needs_scores)
    }
}

fn weights(method: &Method, n_lists: usize, given: Option<&[f64]>, options: &mut Options) -> Result<Vec<f64>> {
    let is_share = method.kind == Kind::WeightedSum;
    let alpha = if is_share && n_lists == 2 { options.number("alpha", (0.0, 1.0), SHARE)? } else { None };
    let mut weights = match (given, alpha) {
        (Some(_), _) if !method.weights => {
            let hint = "Leave them out, or use a method that is a sum: weighted_sum, comb_sum, rrf.";
            return Err(FusionError::NotApplicable { argument: "weights", with: method.name().into(), hint });
        }
        (Some(_), Some(_)) => {
            let hint = "Give either, not both: alpha means the weights (alpha, 1 - alpha).";
            return Err(FusionError::NotApplicable { argument: "weights", with: "alpha".into(), hint });
        }
        (None, Some(alpha)) => vec![alpha, 1.0 - alpha],
        (Some(given), None) => given.to_vec(),
        (None, None) if is_share => vec![1.0 / super::normalise::length(n_lists.max(1)); n_lists],
        (None, None) => vec![1.0; n_lists],
    };
    if weights.len() != n_lists {
        return Err(FusionError::WrongCount { argument: "weights", given: weights.len(), lists: n_lists });
    }
    if let Some((at, &bad)) = weights.iter().enumerate().find(|(_, weight)| !(0.0..=f64::MAX).contains(*weight)) {
        let argument = format!("weight {}", at + 1);
        return Err(FusionError::out_of_range(argument, bad, "Give finite weights that are not negative."));
    }
    // A mean is the same for weights times any factor; these are so that their sums and products stay in float8.
    if matches!(method.kind, Kind::ArithmeticMean | Kind::GeometricMean | Kind::HarmonicMean) {
        let greatest = weights.iter().copied().fold(0.0, f64::max);
        weights.iter_mut().filter(|_| greatest > 0.0).for_each(|weight| *weight /= greatest);
    }
    Ok(weights)
}

const SHARE: &str = "Give a number from 0 to 1.";
const NOT_NEGATIVE: &str = "Give a finite number that is not negative.";
const POSITIVE: &str = "Give a finite number greater than 0.";
const FROM_ONE: &str = "Give a finite number that is at least 1.";

fn plan(method: &Method, n_lists: usize, k: Option<f64>, options: &mut Options) -> Result<Plan> {
    let takes_k = matches!(method.kind, Kind::Rrf | Kind::RrfQdrant | Kind::Srrf);
    if k.is_some() && !takes_k {
        let hint = "Only rrf, rrf_qdrant and srrf have a k.";
        return Err(FusionError::NotApplicable { argument: "k", with: method.name().into(), hint });
    }
    let parts = |source, combine| Ok(Plan::Parts { source, combine });
    let scores = |combine| Ok(Plan::Parts { source: Source::Scores, combine });
    let ranks = |part, combine| Ok(Plan::Parts { source: Source::Ranks(part), combine });
    match method.kind {
        Kind::Rrf => ranks(reciprocal(k, options)?, Combine::Sum),
        Kind::RrfQdrant => ranks(stretched(k)?, Combine::Sum),
        Kind::Srrf => {
            let k = check("k", k.unwrap_or(60.0), 0.0, NOT_NEGATIVE)?;
            let beta = options.number("beta", (f64::MIN_POSITIVE, f64::MAX), POSITIVE)?.unwrap_or(10.0);
            parts(Source::SmoothRanks { k, beta }, Combine::Sum)
        }
        Kind::CombMin => scores(Combine::Min),
        Kind::CombMax => scores(Combine::Max),
        Kind::CombMed => scores(Combine::Median),
        Kind::CombSum | Kind::WeightedSum => scores(Combine::Sum),
        Kind::CombAnz => scores(Combine::Mean),
        Kind::CombMnz => scores(Combine::Power { gamma: 1.0 }),
        Kind::CombGmnz => {
            let range = "Give a number from -100 to 100.";
            let gamma = options.number("gamma", (-100.0, 100.0), range)?.unwrap_or(1.0);
            scores(Combine::Power { gamma })
        }
        Kind::Mixed => scores(Combine::Power { gamma: 0.5 }),
        Kind::Wmnz => scores(Combine::WeightTimes),
        Kind::ArithmeticMean => scores(Combine::Arithmetic),
        Kind::GeometricMean => scores(Combine::Geometric { zeros_count: zeros_count(options)? }),
        Kind::HarmonicMean => scores(Combine::Harmonic { zeros_count: zeros_count(options)? }),
        Kind::Isr => ranks(RankPart::InverseSquare, Combine::Power { gamma: 1.0 }),
        Kind::LogIsr => ranks(RankPart::InverseSquare, Combine::Log { sigma: 0.0 }),
        Kind::LogNIsr => {
            let sigma = options.number("sigma", (0.0, 1.0), SHARE)?.unwrap_or(0.01);
            ranks(RankPart::InverseSquare, Combine::Log { sigma })
        }
        Kind::Rbc => {
            let phi = options.number("phi", (0.0, 1.0), SHARE)?.unwrap_or(0.8);
            ranks(RankPart::Geometric { phi }, Combine::Sum)
        }
        Kind::Borda => parts(Source::Borda, Combine::Sum),
        Kind::Condorcet => Ok(Plan::Condorcet),
        Kind::Interleave => Ok(Plan::Interleave { draft: None }),
        Kind::TeamDraft => {
            let seed = options.whole("seed", (0, u64::MAX), "Give a whole number that is not negative.")?;
            Ok(Plan::Interleave { draft: Some(seed.unwrap_or(0)) })
        }
        Kind::Bayes | Kind::Pos | Kind::Prob | Kind::Seg | Kind::Slide | Kind::Map => {
            let window =
                if method.kind == Kind::Slide { options.whole("window", (0, MAX_WINDOW), WINDOW)? } else { None };
            let model = Model::read(method.kind, options.value("model"), n_lists, window)?;
            parts(Source::Model(model), Combine::Sum)
        }
    }
}

pub(super) const WINDOW: &str = "Give a whole number from 0 to 1000.";

fn check(argument: &'static str, value: f64, least: f64, range: &'static str) -> Result<f64> {
    let is_good = (least..=f64::MAX).contains(&value);
    if is_good { Ok(value) } else { Err(FusionError::out_of_range(argument, value, range)) }
}

fn reciprocal(k: Option<f64>, options: &mut Options) -> Result<RankPart> {
    #[derive(Clone, Copy, PartialEq)]
    enum Variant {
        Paper,
        Chroma,
        Qdrant,
    }
    let variant = match options.name("variant")? {
        None => Variant::Paper,
        Some(name) => {
            let names = [("paper", Variant::Paper), ("chroma", Variant::Chroma), ("qdrant", Variant::Qdrant)];
            choice("option variant", &name, &names)?
        }
    };
    if variant == Variant::Qdrant {
        return stretched(k);
    }
    let default = if variant == Variant::Chroma { 0 } else { 1 };
    let base = options.whole("rank_base", (0, 1), "Give 0 or 1.")?.unwrap_or(default);
    let k = k.unwrap_or(60.0);
    match base {
        0 => Ok(RankPart::Reciprocal { k: check("k", k, f64::MIN_POSITIVE, POSITIVE)?, first: 0.0 }),
        _ => Ok(RankPart::Reciprocal { k: check("k", k, 0.0, NOT_NEGATIVE)?, first: 1.0 }),
    }
}

/// With a `k` below 1 it could divide by 0 or order backwards.
fn stretched(k: Option<f64>) -> Result<RankPart> {
    Ok(RankPart::Stretched { k: check("k", k.unwrap_or(2.0), 1.0, FROM_ONE)? })
}

fn zeros_count(options: &mut Options) -> Result<bool> {
    match options.name("zeros")? {
        None => Ok(false),
        Some(name) => choice("option zeros", &name, &[("skip", false), ("count", true)]),
    }
}

fn normaliser(
    method: &Method,
    n_lists: usize,
    given: Option<&str>,
    options: &mut Options,
) -> Result<Option<Normaliser>> {
    let Some(default) = method.normaliser else {
        return match given.map(plain).as_deref() {
            None | Some("none") => Ok(None),
            Some(_) => {
                let hint = "This method reads ranks only; leave the normaliser out.";
                Err(FusionError::NotApplicable { argument: "normaliser", with: method.name().into(), hint })
            }
        };
    };
    let given = given.unwrap_or(default);
    Ok(Some(match plain(given).as_str() {
        "none" => Normaliser::None,
        "min_max" | "minmax" => Normaliser::MinMax,
        "min_max_inverted" | "minmax_inverted" => Normaliser::MinMaxInverted,
        "bounded_min_max" => bounded(n_lists, options)?,
        "theoretical" | "tmm" | "theoretical_min_max" => {
            Normaliser::Theoretical { lower: or(options.per_list("lower", n_lists)?, n_lists, 0.0) }
        }
        "max" => Normaliser::Max,
        "sum" => Normaliser::Sum,
        "z_score" | "zscore" | "zmuv" => Normaliser::ZScore { sample: false },
        "z_score_sample" => Normaliser::ZScore { sample: true },
        "l2" | "l2_norm" => Normaliser::L2,
        "dbsf" => Normaliser::Dbsf,
        "arctan_ip" | "arctan" | "atan" => Normaliser::ArctanIp,
        "arctan_bm25" => Normaliser::ArctanBm25,
        "arctan_cosine" => Normaliser::ArctanCosine,
        "arctan_distance" => Normaliser::ArctanDistance,
        "sigmoid" | "platt" => Normaliser::Sigmoid {
            slope: or(options.per_list("slope", n_lists)?, n_lists, 1.0),
            intercept: or(options.per_list("intercept", n_lists)?, n_lists, 0.0),
        },
        "rank" => Normaliser::Rank,
        "borda" => Normaliser::Borda,
        _ => return Err(FusionError::unknown("normaliser", given, NORMALISERS.into())),
    }))
}

const NORMALISERS: &str = "none, min_max, min_max_inverted, bounded_min_max, theoretical, max, sum, z_score, \
     z_score_sample, l2, dbsf, arctan_ip, arctan_bm25, arctan_cosine, arctan_distance, sigmoid, rank or borda";

/// What was given for each list, and a value where nothing was.
fn or(given: Option<Vec<Option<f64>>>, n_lists: usize, value: f64) -> Vec<f64> {
    match given {
        Some(given) => given.into_iter().map(|one| one.unwrap_or(value)).collect(),
        None => vec![value; n_lists],
    }
}

fn bounded(n_lists: usize, options: &mut Options) -> Result<Normaliser> {
    let lower = options.per_list("lower", n_lists)?.unwrap_or_else(|| vec![None; n_lists]);
    let upper = options.per_list("upper", n_lists)?.unwrap_or_else(|| vec![None; n_lists]);
    let mode = match options.name("bounds")? {
        None => BoundMode::Apply,
        Some(name) => {
            let names = [("apply", BoundMode::Apply), ("clip", BoundMode::Clip), ("ignore", BoundMode::Ignore)];
            choice("option bounds", &name, &names)?
        }
    };
    let bounds: Vec<Bounds> = lower.into_iter().zip(upper).map(|(lower, upper)| Bounds { lower, upper }).collect();
    let crossed = |bound: &&Bounds| bound.lower.zip(bound.upper).is_some_and(|(lower, upper)| lower >= upper);
    if let Some(upper) = bounds.iter().find(crossed).and_then(|bound| bound.upper) {
        return Err(FusionError::out_of_range("option upper", upper, "Give a number greater than that in lower."));
    }
    Ok(Normaliser::Bounded { mode, bounds })
}

fn missing(method: &Method, plan: &Plan, normaliser: Option<&Normaliser>, given: Option<&str>) -> Result<Missing> {
    const SKIP: (&str, Missing) = ("skip", Missing::Skip);
    const ZERO: (&str, Missing) = ("zero", Missing::Zero);
    let choices: &[(&str, Missing)] = match plan {
        Plan::Condorcet | Plan::Interleave { .. } => match given {
            None => return Ok(Missing::Skip),
            Some(_) => {
                let hint = "Leave it out: what a list does not have comes after all that it has.";
                return Err(FusionError::NotApplicable { argument: "missing", with: method.name().into(), hint });
            }
        },
        Plan::Parts { source: Source::Ranks(_) | Source::SmoothRanks { .. }, .. } => {
            &[SKIP, ZERO, ("rank_after", Missing::RankAfter)]
        }
        Plan::Parts { source: Source::Borda, .. } => &[("share", Missing::Share), SKIP, ZERO],
        Plan::Parts { source: Source::Model(model), .. } if model.has_floor() => {
            &[("floor", Missing::Floor), SKIP, ZERO]
        }
        Plan::Parts { source: Source::Model(_), .. } => &[SKIP, ZERO],
        Plan::Parts { source: Source::Scores, .. } if normaliser == Some(&Normaliser::Borda) => {
            &[("share", Missing::Share), SKIP, ZERO, ("min", Missing::Min)]
        }
        Plan::Parts { source: Source::Scores, combine: Combine::Arithmetic } => &[ZERO, SKIP, ("min", Missing::Min)],
        Plan::Parts { source: Source::Scores, .. } => &[SKIP, ZERO, ("min", Missing::Min)],
    };
    match given {
        Some(name) => choice("missing", name, choices),
        None => Ok(choices.first().map_or(Missing::Skip, |first| first.1)),
    }
}

fn on_equal(normaliser: Option<&Normaliser>, given: Option<&str>) -> Result<Option<OnEqual>> {
    let Some(name) = given else { return Ok(None) };
    if normaliser.and_then(|normaliser| normaliser.constant(1)).is_none() {
        let hint = "It is for the min_max family, sum, z_score and dbsf.";
        let with = if normaliser.is_some() { "this normaliser" } else { "a method of ranks" };
        return Err(FusionError::NotApplicable { argument: "on_equal", with: with.into(), hint });
    }
    let names = [("zero", OnEqual::Zero), ("half", OnEqual::Half), ("one", OnEqual::One), ("rank", OnEqual::Rank)];
    choice("on_equal", name, &names).map(Some)
}
