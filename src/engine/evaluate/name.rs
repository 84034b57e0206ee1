//! Names of metrics, as ir-measures writes them: `name(parameter=value, ...)@cutoff`.
//!
//! Case and white space do not matter, values may stand in quotes. Besides ir-measures' names those of trec_eval
//! (`ndcg_cut_10`, `recip_rank`) and ranx (`ndcg_burges@10`, `hit_rate@5`) are read; [`Metric::name`] writes
//! ir-measures' form, where it has one.
//!
//! | name | also | parameters | cutoff |
//! |---|---|---|---|
//! | nDCG | ndcg_cut_K | gains (linear, exp), judged_only; ndcg_exp, ndcg_burges, dcg='exp-log2': gains=exp | may |
//! | RR | MRR, recip_rank, reciprocal_rank | rel, judged_only | may |
//! | AP | MAP, map_cut_K, average_precision | rel, judged_only | may |
//! | P | Precision, P_K | rel, judged_only | may; SetP is P without |
//! | R | Recall, recall_K | rel, judged_only | may; SetR is R without |
//! | F1 | F | rel, judged_only | may; SetF is F1 without |
//! | Success | hit_rate, success_K | rel, judged_only | may |
//! | hits | NumRelRet, num_rel_ret | rel, judged_only | may |
//! | Judged | - | - | may |
//! | Rprec | R_precision | rel, judged_only | no |
//! | Bpref | - | rel | no |
//! | RBP | rank_biased_precision | p, rel, judged_only | may |
//!
//! `rel` is from 0 (default 1), `p` lies between 0 and 1 (default 0.8), `judged_only` is true or false. The map of
//! gains of ir-measures, `gains={1:3}`, is not read: change the grades instead.

use super::error::EvaluationError;
use super::metric::{Gain, Kind, Metric};
use crate::engine::vector::error::excerpt;

/// Persistence of RBP when none is given, as in ir-measures.
const DEFAULT_P: f64 = 0.8;
/// The least relevant grade when none is given.
const DEFAULT_REL: i32 = 1;

/// Names that trec_eval and pytrec_eval end with a cutoff: `ndcg_cut_10`.
const TREC_CUT: [&str; 5] = ["ndcg_cut", "map_cut", "p", "recall", "success"];

impl Metric {
    /// By name.
    pub fn parse(name: &str) -> Result<Metric, EvaluationError> {
        let given = || excerpt(name.trim().as_bytes());
        let bad = |problem: String| EvaluationError::BadMetric { given: given(), problem };
        let lower = name.trim().to_ascii_lowercase();
        let (rest, mut cutoff) = match lower.rsplit_once('@') {
            Some((rest, k)) => (rest.trim_end(), Some(parse_cutoff(k.trim()).map_err(bad)?)),
            None => (lower.as_str(), None),
        };
        let (mut word, parameters) = match rest.split_once('(') {
            None => (rest, ""),
            Some((word, list)) => match list.strip_suffix(')') {
                Some(list) => (word.trim_end(), list),
                None => return Err(bad("A closing parenthesis is missing".into())),
            },
        };
        if let Some((cut, k)) = word.rsplit_once('_')
            && TREC_CUT.contains(&cut)
            && k.bytes().all(|b| b.is_ascii_digit())
        {
            if cutoff.is_some() {
                return Err(bad("It has two cutoffs".into()));
            }
            (word, cutoff) = (cut, Some(parse_cutoff(k).map_err(bad)?));
        }
        let (kind, is_set) = kind_named(word).ok_or_else(|| EvaluationError::UnknownMetric { given: given() })?;
        let mut metric = Metric { kind, cutoff, rel: DEFAULT_REL, judged_only: false };
        if cutoff.is_some() && (is_set || matches!(kind, Kind::RPrecision | Kind::Bpref)) {
            return Err(bad("It has no cutoff".into()));
        }
        let mut seen: Vec<&str> = Vec::new();
        for parameter in parameters.split(',').filter(|_| !parameters.trim().is_empty()) {
            let (key, value) =
                parameter.split_once('=').ok_or_else(|| bad("A parameter is written name=value".into()))?;
            let (key, value) = (key.trim(), unquoted(value.trim()));
            if seen.contains(&key) {
                return Err(bad(format!("Parameter {} is given twice", excerpt(key.as_bytes()))));
            }
            seen.push(key);
            metric.set(key, value).map_err(bad)?;
        }
        Ok(metric)
    }

    /// The shortest name that reads back as this metric.
    pub fn name(&self) -> String {
        let word = match self.kind {
            Kind::Ndcg { .. } => "nDCG",
            Kind::ReciprocalRank => "RR",
            Kind::AveragePrecision => "AP",
            Kind::Precision if self.cutoff.is_none() => "SetP",
            Kind::Precision => "P",
            Kind::Recall if self.cutoff.is_none() => "SetR",
            Kind::Recall => "R",
            Kind::F1 if self.cutoff.is_none() => "SetF",
            Kind::F1 => "F1",
            Kind::Success => "Success",
            Kind::Hits => "hits",
            Kind::Judged => "Judged",
            Kind::RPrecision => "Rprec",
            Kind::Bpref => "Bpref",
            Kind::RankBiased { .. } => "RBP",
        };
        let mut parameters = Vec::new();
        match self.kind {
            Kind::Ndcg { gain: Gain::Exponential } => parameters.push("gains=exp".to_owned()),
            Kind::RankBiased { p } if p.to_bits() != DEFAULT_P.to_bits() => parameters.push(format!("p={p}")),
            _ => (),
        }
        if self.rel != DEFAULT_REL {
            parameters.push(format!("rel={}", self.rel));
        }
        if self.judged_only {
            parameters.push("judged_only=True".to_owned());
        }
        let mut name = word.to_owned();
        if !parameters.is_empty() {
            name.push_str(&format!("({})", parameters.join(",")));
        }
        if let Some(k) = self.cutoff {
            name.push_str(&format!("@{k}"));
        }
        name
    }

    /// Sets a parameter; the error is a sentence without its full stop.
    fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        let shown = || excerpt(value.as_bytes());
        match (key, &mut self.kind) {
            ("gains", Kind::Ndcg { gain }) => match value {
                "linear" => *gain = Gain::Linear,
                "exp" => *gain = Gain::Exponential,
                _ => return Err(format!("gains is linear or exp, not {}", shown())),
            },
            ("dcg", Kind::Ndcg { gain }) => match value {
                "log2" => *gain = Gain::Linear,
                "exp-log2" => *gain = Gain::Exponential,
                _ => return Err(format!("dcg is log2 or exp-log2, not {}", shown())),
            },
            ("p", Kind::RankBiased { p }) => {
                *p = value
                    .parse()
                    .ok()
                    .filter(|p| *p > 0.0 && *p < 1.0)
                    .ok_or_else(|| format!("p lies between 0 and 1, and is not {}", shown()))?;
            }
            ("rel", kind) if !matches!(kind, Kind::Ndcg { .. } | Kind::Judged) => {
                self.rel = value
                    .parse()
                    .ok()
                    .filter(|rel| *rel >= 0)
                    .ok_or_else(|| format!("rel is a whole number from 0, not {}", shown()))?;
            }
            ("judged_only", kind) if !matches!(kind, Kind::Judged | Kind::Bpref) => {
                self.judged_only =
                    value.parse().map_err(|_| format!("judged_only is true or false, not {}", shown()))?;
            }
            _ => return Err(format!("It has no parameter {}", excerpt(key.as_bytes()))),
        }
        Ok(())
    }
}

/// The formula of that name, in lower case, and whether the name means the whole list.
fn kind_named(word: &str) -> Option<(Kind, bool)> {
    let kind = match word {
        "ndcg" | "ndcg_cut" => Kind::Ndcg { gain: Gain::Linear },
        "ndcg_exp" | "ndcg_burges" => Kind::Ndcg { gain: Gain::Exponential },
        "rr" | "mrr" | "recip_rank" | "reciprocal_rank" => Kind::ReciprocalRank,
        "ap" | "map" | "map_cut" | "average_precision" => Kind::AveragePrecision,
        "p" | "precision" | "setp" => Kind::Precision,
        "r" | "recall" | "setr" => Kind::Recall,
        "f1" | "f" | "setf" => Kind::F1,
        "success" | "hit_rate" => Kind::Success,
        "hits" | "numrelret" | "num_rel_ret" => Kind::Hits,
        "judged" => Kind::Judged,
        "rprec" | "r_precision" => Kind::RPrecision,
        "bpref" => Kind::Bpref,
        "rbp" | "rank_biased_precision" => Kind::RankBiased { p: DEFAULT_P },
        _ => return None,
    };
    Some((kind, word.starts_with("set")))
}

fn parse_cutoff(text: &str) -> Result<u32, String> {
    let digits = Some(text).filter(|text| text.bytes().all(|b| b.is_ascii_digit()));
    digits
        .and_then(|text| text.parse().ok())
        .filter(|k| *k >= 1)
        .ok_or_else(|| format!("The cutoff is a whole number from 1, not {}", excerpt(text.as_bytes())))
}

/// The value without the quotes around it.
fn unquoted(value: &str) -> &str {
    let inner = |quote: char| value.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    inner('\'').or_else(|| inner('"')).unwrap_or(value)
}
