//! The names that users write, ours and those of other systems, and what belongs to each.

use super::error::{FusionError, Result};

/// A method, before its parameters are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Rrf,
    RrfQdrant,
    Srrf,
    CombMin,
    CombMax,
    CombMed,
    CombSum,
    CombAnz,
    CombMnz,
    CombGmnz,
    WeightedSum,
    ArithmeticMean,
    GeometricMean,
    HarmonicMean,
    Wmnz,
    Mixed,
    Isr,
    LogIsr,
    LogNIsr,
    Rbc,
    Borda,
    Condorcet,
    Interleave,
    TeamDraft,
    Bayes,
    Pos,
    Prob,
    Seg,
    Slide,
    Map,
}

/// What belongs to a method.
#[derive(Debug)]
pub struct Method {
    /// Ours first.
    names: &'static [&'static str],
    /// What it is.
    pub kind: Kind,
    /// The normaliser that it takes if the user names none; `None`: it reads no normalised scores.
    pub normaliser: Option<&'static str>,
    /// Whether it takes weights.
    pub weights: bool,
}

impl Method {
    /// Our name.
    pub fn name(&self) -> &'static str {
        self.names.first().copied().unwrap_or_default()
    }

    /// By any of its names, in any case, with `-` or `_`.
    pub fn named(given: &str) -> Result<&'static Self> {
        let name = plain(given);
        METHODS
            .iter()
            .find(|method| method.names.contains(&name.as_str()))
            .ok_or_else(|| FusionError::unknown("method", given, listed(METHODS.iter().map(Self::name))))
    }
}

const fn by_score(kind: Kind, names: &'static [&'static str], normaliser: &'static str, weights: bool) -> Method {
    Method { names, kind, normaliser: Some(normaliser), weights }
}

const fn by_rank(kind: Kind, names: &'static [&'static str], weights: bool) -> Method {
    Method { names, kind, normaliser: None, weights }
}

static METHODS: [Method; 33] = [
    by_rank(Kind::Rrf, &["rrf", "reciprocal_rank_fusion", "ranked_fusion", "rankedfusion"], true),
    by_rank(Kind::RrfQdrant, &["rrf_qdrant", "qdrant", "qdrant_rrf"], true),
    by_score(Kind::Srrf, &["srrf"], "min_max", true),
    by_score(Kind::CombMin, &["comb_min", "combmin", "min"], "min_max", false),
    by_score(Kind::CombMax, &["comb_max", "combmax", "max"], "min_max", false),
    by_score(Kind::CombMed, &["comb_med", "combmed", "med", "median"], "min_max", false),
    by_score(Kind::CombSum, &["comb_sum", "combsum", "sum"], "min_max", true),
    by_score(Kind::CombAnz, &["comb_anz", "combanz", "anz"], "min_max", true),
    by_score(Kind::CombMnz, &["comb_mnz", "combmnz", "mnz"], "min_max", true),
    by_score(Kind::CombGmnz, &["comb_gmnz", "combgmnz", "gmnz"], "min_max", true),
    by_score(Kind::WeightedSum, &["weighted_sum", "convex", "linear", "wsum", "weighted"], "min_max", true),
    by_score(Kind::WeightedSum, &["relative_score", "relative_score_fusion", "relativescorefusion"], "min_max", true),
    by_score(Kind::WeightedSum, &["tm2c2"], "theoretical", true),
    by_score(Kind::ArithmeticMean, &["arithmetic_mean"], "min_max", true),
    by_score(Kind::GeometricMean, &["geometric_mean"], "min_max", true),
    by_score(Kind::HarmonicMean, &["harmonic_mean"], "min_max", true),
    by_score(Kind::Wmnz, &["wmnz"], "min_max", true),
    by_score(Kind::Mixed, &["mixed"], "min_max", true),
    by_rank(Kind::Isr, &["isr"], true),
    by_rank(Kind::LogIsr, &["log_isr"], true),
    by_rank(Kind::LogNIsr, &["logn_isr"], true),
    by_rank(Kind::Rbc, &["rbc", "rank_biased_centroid"], true),
    by_rank(Kind::Borda, &["borda", "bordafuse", "weighted_borda", "weighted_bordafuse", "w_bordafuse"], true),
    by_rank(Kind::Condorcet, &["condorcet", "condorcetfuse", "weighted_condorcet", "w_condorcet"], true),
    by_score(Kind::CombSum, &["dbsf", "distribution_based_score_fusion"], "dbsf", true),
    by_rank(Kind::Interleave, &["interleave", "round_robin"], false),
    by_rank(Kind::TeamDraft, &["team_draft"], false),
    by_rank(Kind::Bayes, &["bayes", "bayesfuse"], true),
    by_rank(Kind::Pos, &["pos", "posfuse"], true),
    by_rank(Kind::Prob, &["prob", "probfuse"], true),
    by_score(Kind::Seg, &["seg", "segfuse"], "min_max", true),
    by_rank(Kind::Slide, &["slide", "slidefuse"], true),
    by_rank(Kind::Map, &["map", "mapfuse"], true),
];

/// A name as it stands in our lists.
pub fn plain(given: &str) -> String {
    given.trim().to_ascii_lowercase().replace('-', "_")
}

/// "a, b or c".
pub fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.collect();
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => names.concat(),
    }
}

/// One of a few names.
pub fn choice<T: Copy>(argument: &'static str, given: &str, choices: &[(&str, T)]) -> Result<T> {
    let name = plain(given);
    let found = choices.iter().find(|choice| choice.0 == name);
    found
        .map(|choice| choice.1)
        .ok_or_else(|| FusionError::unknown(argument, given, listed(choices.iter().map(|choice| choice.0))))
}
