//! Which settings are tried.

use super::error::TuneError;
use crate::engine::evaluate::error::reserved;
use crate::engine::fusion::{FusionError, Given, Settings};

/// More would take long and, since each has to be told from luck, find little.
pub const MAX_SETTINGS: u64 = 10_000;

/// What to try. An empty list of numbers stands for the method's own default.
///
/// | methods | are tried with |
/// |---|---|
/// | rrf | each k and no weights; each point of the simplex and k 60 (the first k, if 60 is not one) |
/// | rrf_qdrant, srrf | each k |
/// | weighted_sum, relative_score, wmnz, mixed, the three means | each normaliser and point of the simplex |
/// | tm2c2; weighted_borda, weighted_condorcet | each point of the simplex |
/// | comb_gmnz | each normaliser and gamma |
/// | comb_min, comb_max, comb_med, comb_sum, comb_anz, comb_mnz | each normaliser |
/// | rbc | each phi |
/// | all others | nothing more |
///
/// The simplex has every way to divide `weight_steps` steps among the lists, so that weights sum to 1 exactly where
/// floating point would lose some of them. Equal weights are tried first in any case. The corners, where one list has
/// everything, are tried with rrf only: every method makes the same of them, that list and then what only others have.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    /// Names that `fuse` takes; those of trained methods need a model and are refused.
    pub methods: Vec<String>,
    /// For the methods that read scores.
    pub normalisers: Vec<String>,
    /// 10 are weights of 0, 0.1, ... 1; 0: equal weights only.
    pub weight_steps: u32,
    /// Of reciprocal rank fusion.
    pub ks: Vec<f64>,
    /// Of rbc.
    pub phis: Vec<f64>,
    /// Of comb_gmnz.
    pub gammas: Vec<f64>,
}

/// With two lists 74 settings, with three 295, with four 1,172.
impl Default for Grid {
    fn default() -> Self {
        let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        Self {
            methods: names(&[
                "rrf",
                "weighted_sum",
                "comb_mnz",
                "comb_gmnz",
                "comb_max",
                "isr",
                "logn_isr",
                "rbc",
                "borda",
            ]),
            normalisers: names(&["min_max", "theoretical", "z_score"]),
            weight_steps: 10,
            ks: vec![60.0, 10.0, 20.0, 30.0, 40.0, 50.0, 70.0, 80.0, 90.0, 100.0],
            phis: vec![0.8, 0.5, 0.7, 0.9, 0.95, 0.98],
            gammas: vec![0.5, 0.75, 1.5, 2.0],
        }
    }
}

/// One way to fuse, in the words of `fuse`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Setting {
    /// The method's name.
    pub method: String,
    /// `None`: equal.
    pub weights: Option<Vec<f64>>,
    /// `None`: the method's default, or it has none.
    pub k: Option<f64>,
    /// `None`: the method's default, or it has none.
    pub normaliser: Option<String>,
    /// A JSON object.
    pub options: Option<String>,
}

impl Setting {
    /// As `fuse` takes it.
    pub fn checked(&self, n_lists: usize) -> Result<Settings, FusionError> {
        let given = Given {
            weights: self.weights.as_deref(),
            k: self.k,
            normaliser: self.normaliser.as_deref(),
            options: self.options.as_deref(),
            ..Given::default()
        };
        Settings::new(&self.method, n_lists, given)
    }

    /// As arguments in SQL: `method => 'weighted_sum', weights => '{0.3,0.7}', normaliser => 'min_max'`.
    pub fn arguments(&self) -> String {
        let mut text = format!("method => '{}'", self.method);
        if let Some(weights) = &self.weights {
            let weights: Vec<String> = weights.iter().map(f64::to_string).collect();
            text.push_str(&format!(", weights => '{{{}}}'", weights.join(",")));
        }
        if let Some(k) = self.k {
            text.push_str(&format!(", k => {k}"));
        }
        if let Some(normaliser) = &self.normaliser {
            text.push_str(&format!(", normaliser => '{normaliser}'"));
        }
        if let Some(options) = &self.options {
            text.push_str(&format!(", options => '{options}'"));
        }
        text
    }
}

/// What a method is tried with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Axes {
    KsOrWeights,
    Ks,
    NormalisersAndWeights,
    Weights,
    NormalisersAndGammas,
    Normalisers,
    Phis,
    Nothing,
}

impl Axes {
    /// By the name as given and by the method's own name.
    fn of(given: &str, name: &str) -> Self {
        match name {
            "rrf" => Self::KsOrWeights,
            "rrf_qdrant" | "srrf" => Self::Ks,
            "weighted_sum" | "relative_score" | "arithmetic_mean" | "geometric_mean" | "harmonic_mean" | "wmnz"
            | "mixed" => Self::NormalisersAndWeights,
            "tm2c2" => Self::Weights,
            "borda" | "condorcet" if given.starts_with('w') => Self::Weights,
            "comb_gmnz" => Self::NormalisersAndGammas,
            "comb_min" | "comb_max" | "comb_med" | "comb_sum" | "comb_anz" | "comb_mnz" => Self::Normalisers,
            "rbc" => Self::Phis,
            _ => Self::Nothing,
        }
    }
}

impl Grid {
    /// All settings for so many lists, each of them valid; those that everybody tries first come first.
    pub fn settings(&self, n_lists: usize) -> Result<Vec<Setting>, TuneError> {
        let mut methods: Vec<(String, Axes)> = Vec::new();
        for given in &self.methods {
            let given = given.trim().to_ascii_lowercase();
            let name = Settings::new(&given, n_lists, Given::default()).map_err(TuneError::Setting)?.method();
            let axes = Axes::of(&given, name);
            if !methods.contains(&(name.to_owned(), axes)) {
                methods.push((name.to_owned(), axes));
            }
        }
        // The weighted form begins with equal weights.
        let weighted: Vec<String> =
            methods.iter().filter(|method| method.1 == Axes::Weights).map(|method| method.0.clone()).collect();
        methods.retain(|(name, axes)| *axes != Axes::Nothing || !weighted.contains(name));
        let n_settings = methods.iter().fold(0u64, |sum, method| sum.saturating_add(self.count(method.1, n_lists)));
        if n_settings > MAX_SETTINGS {
            return Err(TuneError::TooManySettings { settings: n_settings });
        }
        let mut settings = reserved(usize::try_from(n_settings).unwrap_or(usize::MAX))?;
        for (method, axes) in methods {
            self.add(method, axes, n_lists, &mut settings);
        }
        for setting in &settings {
            setting.checked(n_lists).map_err(TuneError::Setting)?;
        }
        if settings.is_empty() { Err(TuneError::NoSettings) } else { Ok(settings) }
    }

    /// At most so many settings come of a method; some points of the simplex may be left out.
    fn count(&self, axes: Axes, n_lists: usize) -> u64 {
        let length = |n: usize| u64::try_from(n.max(1)).unwrap_or(u64::MAX);
        let simplex = || n_points(self.weight_steps, n_lists).saturating_add(1);
        let normalisers = length(self.normalisers.len());
        match axes {
            Axes::KsOrWeights => length(self.ks.len()).saturating_add(simplex()),
            Axes::Ks => length(self.ks.len()),
            Axes::NormalisersAndWeights => normalisers.saturating_mul(simplex()),
            Axes::Weights => simplex(),
            Axes::NormalisersAndGammas => normalisers.saturating_mul(length(self.gammas.len())),
            Axes::Normalisers => normalisers,
            Axes::Phis => length(self.phis.len()),
            Axes::Nothing => 1,
        }
    }

    fn add(&self, method: String, axes: Axes, n_lists: usize, settings: &mut Vec<Setting>) {
        let plain = Setting { method, ..Setting::default() };
        let weights = || simplex(self.weight_steps, n_lists);
        let inner = |weights: &Vec<f64>| weights.iter().all(|&weight| weight < 1.0);
        match axes {
            Axes::KsOrWeights => {
                settings.extend(or_none(&self.ks).map(|k| Setting { k, ..plain.clone() }));
                let k = self.ks.iter().copied().find(|&k| k == 60.0).or_else(|| self.ks.first().copied());
                settings.extend(weights().map(|weights| Setting { k, weights: Some(weights), ..plain.clone() }));
            }
            Axes::Ks => settings.extend(or_none(&self.ks).map(|k| Setting { k, ..plain.clone() })),
            Axes::NormalisersAndWeights => {
                for normaliser in self.normalisers() {
                    let equal = Setting { normaliser, ..plain.clone() };
                    settings.push(equal.clone());
                    let weights = weights().filter(inner);
                    settings.extend(weights.map(|weights| Setting { weights: Some(weights), ..equal.clone() }));
                }
            }
            Axes::Weights => {
                settings.push(plain.clone());
                let weights = weights().filter(inner);
                settings.extend(weights.map(|weights| Setting { weights: Some(weights), ..plain.clone() }));
            }
            Axes::NormalisersAndGammas => {
                for normaliser in self.normalisers() {
                    settings.extend(or_none(&self.gammas).map(|gamma| Setting {
                        normaliser: normaliser.clone(),
                        options: gamma.map(|gamma| format!("{{\"gamma\": {gamma:?}}}")),
                        ..plain.clone()
                    }));
                }
            }
            Axes::Normalisers => {
                settings.extend(self.normalisers().map(|normaliser| Setting { normaliser, ..plain.clone() }));
            }
            Axes::Phis => settings.extend(
                or_none(&self.phis)
                    .map(|phi| Setting { options: phi.map(|phi| format!("{{\"phi\": {phi:?}}}")), ..plain.clone() }),
            ),
            Axes::Nothing => settings.push(plain),
        }
    }

    fn normalisers(&self) -> impl Iterator<Item = Option<String>> {
        let default = self.normalisers.is_empty().then_some(None);
        let names = self.normalisers.iter().map(|name| Some(name.trim().to_ascii_lowercase()));
        default.into_iter().chain(names)
    }
}

/// The numbers, or once none.
fn or_none(numbers: &[f64]) -> impl Iterator<Item = Option<f64>> {
    numbers.is_empty().then_some(None).into_iter().chain(numbers.iter().copied().map(Some))
}

/// Points of the simplex: the ways to divide `steps` among `n_lists`, C(steps + n_lists - 1, n_lists - 1). Counting
/// ends beyond [`MAX_SETTINGS`].
fn n_points(steps: u32, n_lists: usize) -> u64 {
    let mut n = u64::from(steps > 0 && n_lists > 0);
    for list in 1..u64::try_from(n_lists).unwrap_or(u64::MAX) {
        // Whole at every step: a binomial coefficient.
        n = n.saturating_mul(u64::from(steps).saturating_add(list)) / list;
        if n > MAX_SETTINGS {
            break;
        }
    }
    n
}

/// The points, but the one in the middle if there is one: equal weights are tried anyhow.
fn simplex(steps: u32, n_lists: usize) -> impl Iterator<Item = Vec<f64>> {
    let mut next = (steps > 0 && n_lists > 0).then(|| {
        let mut parts = vec![0u32; n_lists];
        parts.iter_mut().take(1).for_each(|first| *first = steps);
        parts
    });
    let points = std::iter::from_fn(move || {
        let parts = next.take()?;
        next = following(&parts);
        Some(parts)
    });
    let unequal = |parts: &Vec<u32>| parts.windows(2).any(|pair| pair.first() != pair.last());
    points.filter(unequal).map(move |parts| parts.iter().map(|&part| f64::from(part) / f64::from(steps)).collect())
}

/// The next way to divide: of the last part that something can be taken from (the very last one excepted), one goes to
/// its neighbour, and with it all that the very last one had.
fn following(parts: &[u32]) -> Option<Vec<u32>> {
    let (&tail, head) = parts.split_last()?;
    let at = head.iter().rposition(|&part| part > 0)?;
    let mut next = parts.to_vec();
    *next.last_mut()? = 0;
    *next.get_mut(at)? -= 1;
    *next.get_mut(at.checked_add(1)?)? = tail.checked_add(1)?;
    Some(next)
}
