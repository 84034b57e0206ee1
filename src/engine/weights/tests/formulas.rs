//! Functions of one vector or a few, against dense loops.

use proptest::prelude::*;

use super::super::activation::{Activation, of_logits, of_vector};
use super::super::feedback::{RocchioParts, rm3, rocchio};
use super::super::fold::{Join, fold_terms, lexical_mask, presence, unicoil};
use super::super::idf::{self, Frequencies, Variant};
use super::super::prune::{self, Crossing};
use super::super::quantise;
use super::*;
use crate::engine::vector::ops;

const ACTIVATIONS: [Activation; 6] = [
    Activation::Relu,
    Activation::LogSaturation { bias: 0.0 },
    Activation::LogSaturation { bias: -0.75 },
    Activation::DoubleLogSaturation,
    Activation::Softplus,
    Activation::LogSoftplus,
];

fn naive_activation(activation: Activation, x: f64) -> f64 {
    let relu = if x > 0.0 { x } else { 0.0 };
    let softplus = (1.0 + x.exp()).ln();
    match activation {
        Activation::Relu => relu,
        Activation::LogSaturation { bias } => (1.0 + (x + f64::from(bias)).max(0.0)).ln(),
        Activation::DoubleLogSaturation => (1.0 + (1.0 + relu).ln()).ln(),
        Activation::Softplus => softplus,
        Activation::LogSoftplus => (1.0 + softplus).ln(),
    }
}

/// Terms by falling magnitude, equal ones by rising id.
fn by_weight(list: &[f64]) -> Vec<usize> {
    let mut terms: Vec<usize> = (0..list.len()).filter(|&term| list[term] != 0.0).collect();
    terms.sort_by(|&a, &b| list[b].abs().total_cmp(&list[a].abs()).then(a.cmp(&b)));
    terms
}

fn keep(list: &[f64], kept: &[usize]) -> Vec<f64> {
    (0..list.len()).map(|term| if kept.contains(&term) { list[term] } else { 0.0 }).collect()
}

fn some_list<T: Clone>(list: &[T]) -> impl ExactSizeIterator<Item = Option<T>> {
    list.iter().cloned().map(Some).collect::<Vec<_>>().into_iter()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn activations(v in some_vector(), logits in proptest::collection::vec(-30.0f32..30.0, N_TERMS as usize)) {
        for activation in ACTIVATIONS {
            let of_stored = |w: f64| if w == 0.0 { 0.0 } else { naive_activation(activation, w) };
            let expected: Vec<f64> = dense(&v).into_iter().map(of_stored).collect();
            assert_close(&of_vector(v.as_ref(), activation).unwrap(), &expected);
            let expected: Vec<f64> = logits.iter().map(|&x| naive_activation(activation, f64::from(x))).collect();
            assert_close(&of_logits(some_list(&logits), activation).unwrap(), &expected);
        }
    }

    #[test]
    fn tokens(pairs in proptest::collection::vec((0..N_TERMS.cast_signed(), some_weight()), 0..40)) {
        let (ids, weights): (Vec<i32>, Vec<f32>) = pairs.iter().copied().unzip();
        for (join, start) in [(Join::Sum, 0.0), (Join::Max, 0.0)] {
            let mut expected = vec![start; N_TERMS as usize];
            for (id, weight) in &pairs {
                let slot = &mut expected[id.cast_unsigned() as usize];
                let weight = f64::from(weight.max(0.0));
                *slot = if join == Join::Sum { *slot + weight } else { slot.max(weight) };
            }
            let dim = Some(N_TERMS.cast_signed());
            assert_close(&unicoil(some_list(&ids), some_list(&weights), join, dim).unwrap(), &expected);
        }
    }

    #[test]
    fn words(
        v in some_vector(),
        words in proptest::collection::vec(proptest::option::of(0..N_TERMS.cast_signed()), N_TERMS as usize),
    ) {
        for join in [Join::Sum, Join::Max] {
            let mut expected: Vec<Option<f64>> = vec![None; N_TERMS as usize];
            for (weight, word) in dense(&v).into_iter().zip(&words) {
                if let (true, Some(word)) = (weight != 0.0, word) {
                    let slot = &mut expected[word.cast_unsigned() as usize];
                    let join = |old: f64| if join == Join::Sum { old + weight } else { old.max(weight) };
                    *slot = Some(slot.map_or(weight, join));
                }
            }
            let expected: Vec<f64> = expected.into_iter().map(Option::unwrap_or_default).collect();
            let folded = fold_terms(v.as_ref(), words.clone().into_iter(), join, Some(N_TERMS.cast_signed()));
            assert_close(&folded.unwrap(), &expected);
        }
    }

    #[test]
    fn masks(v in some_vector(), tokens in some_vector()) {
        let expected: Vec<f64> = dense(&v).into_iter().map(|w| if w > 0.0 { 1.0 } else { 0.0 }).collect();
        assert_same(&presence(v.as_ref()).unwrap(), &expected);
        let pairs = dense(&v).into_iter().zip(dense(&tokens));
        let expected: Vec<f64> = pairs.map(|(w, token)| if token == 0.0 { 0.0 } else { w }).collect();
        assert_same(&lexical_mask(v.as_ref(), tokens.as_ref()).unwrap(), &expected);
    }

    #[test]
    fn pruning_by_weight(v in some_vector(), k in 0i32..20, share in 0.0f64..=1.0) {
        let (list, order) = (dense(&v), by_weight(&dense(&v)));
        let top = order.iter().copied().take(k.cast_unsigned() as usize).collect::<Vec<_>>();
        assert_same(&prune::top_k(v.as_ref(), k).unwrap(), &keep(&list, &top));

        let threshold = narrow(share * 4.0);
        let heavy = order.iter().copied().filter(|&t| list[t].abs() >= f64::from(threshold)).collect::<Vec<_>>();
        assert_same(&prune::below(v.as_ref(), threshold).unwrap(), &keep(&list, &heavy));

        let best = list.iter().fold(0.0f64, |best, w| best.max(w.abs()));
        let near = order.iter().copied().filter(|&t| narrow(list[t].abs()) >= narrow(share * best)).collect::<Vec<_>>();
        assert_same(&prune::max_ratio(v.as_ref(), share).unwrap(), &keep(&list, &near));

        // Sums of the weights before and up to each term of the order, and after it.
        let total: f64 = order.iter().map(|&t| list[t].abs()).sum();
        let before = |n: usize| order[..n].iter().map(|&t| list[t].abs()).sum::<f64>();
        let rest = |n: usize| order[n..].iter().rev().map(|&t| list[t].abs()).sum::<f64>();
        let whole = rest(0);
        let chosen = |keeps: &dyn Fn(usize) -> bool| -> Vec<usize> {
            (0..order.len()).filter(|&n| keeps(n)).map(|n| order[n]).collect()
        };
        let with = chosen(&|n| n == 0 || before(n) < share * total);
        assert_same(&prune::mass(v.as_ref(), share, Crossing::Kept).unwrap(), &keep(&list, &with));
        let without = chosen(&|n| before(n + 1) <= share * total);
        assert_same(&prune::mass(v.as_ref(), share, Crossing::Dropped).unwrap(), &keep(&list, &without));
        let left = chosen(&|n| rest(n) > share * whole);
        assert_same(&prune::mass_share(v.as_ref(), share).unwrap(), &keep(&list, &left));
    }

    #[test]
    fn pruning_by_frequency(
        v in some_vector(), df in frequencies(40), idf in some_vector(), ratio in 0.0f64..4.0, share in 0.0f64..=1.0,
    ) {
        let (list, counts) = (dense(&v), dense(&df));
        let known = counts.iter().filter(|&&df| df > 0.0).count();
        let average = counts.iter().sum::<f64>() / known.max(1) as f64;
        let best = list.iter().fold(0.0f64, |best, w| best.max(w.abs()));
        let checked = Frequencies::new(df.as_ref(), 40).unwrap();
        let all = |keeps: &dyn Fn(usize) -> bool| -> Vec<f64> {
            (0..list.len()).map(|t| if keeps(t) { list[t] } else { 0.0 }).collect()
        };

        let frequent = all(&|t| {
            counts[t] > 0.0 && (counts[t] < ratio * average || narrow(list[t].abs()) > narrow(share * best))
        });
        assert_same(&prune::frequent(v.as_ref(), checked, ratio, share).unwrap(), &frequent);
        assert_same(&prune::stop_words(v.as_ref(), checked, share).unwrap(), &all(&|t| counts[t] / 40.0 <= share));
        let (table, min) = (dense(&idf), narrow(ratio));
        let expected = all(&|t| table[t] != 0.0 && table[t] > f64::from(min));
        assert_same(&prune::min_idf(v.as_ref(), idf.as_ref(), min).unwrap(), &expected);
    }

    #[test]
    fn quantised_scores_stay_within_the_bound(
        q in some_vector(), d in some_vector(), bits in 1i32..=24, max_weight in 4.0f32..8.0,
    ) {
        let levels = quantise::quantise(d.as_ref(), bits, Some(max_weight)).unwrap();
        let step = quantise::step(max_weight, bits).unwrap();
        for (level, weight) in dense(&levels).into_iter().zip(dense(&d)) {
            prop_assert!(level.fract() == 0.0 && (level * step - weight).abs() <= step / 2.0 * (1.0 + 1e-9));
        }
        let score = |d: &SparseVector, unit: f64| -> f64 {
            dense(&q).into_iter().zip(dense(d)).map(|(v, w)| v * w * unit).sum()
        };
        let bound = quantise::error_bound(q.as_ref(), step).unwrap();
        let off = (score(&levels, step) - score(&d, 1.0)).abs();
        prop_assert!(off <= bound * (1.0 + 1e-9) + 1e-12, "{off} > {bound}");

        let expected: Vec<f64> = dense(&levels).into_iter().map(|level| level * step).collect();
        assert_close(&quantise::dequantise(levels.as_ref(), step).unwrap(), &expected);
        // Its own greatest weight gets the last level.
        let own = quantise::quantise(d.as_ref(), bits, None).unwrap();
        let last = f64::from((1u32 << bits) - 1);
        prop_assert_eq!(ops::max_norm(own.as_ref()), if d.as_ref().nnz() == 0 { 0.0 } else { last });
    }

    #[test]
    fn idf_of_vectors(q in some_vector(), df in frequencies(40), queries in frequencies(7)) {
        let n = 40.0;
        type Naive = fn(f64, f64) -> f64;
        let variants: [(&str, Naive); 6] = [
            ("lucene", |df, n| (1.0 + (n - df + 0.5) / (df + 0.5)).ln()),
            ("robertson", |df, n| ((n - df + 0.5) / (df + 0.5)).ln()),
            ("plain", |df, n| (n / df).ln()),
            ("atire", |df, n| (n / df).ln()),
            ("bm25l", |df, n| ((n + 1.0) / (df + 0.5)).ln()),
            ("bm25plus", |df, n| ((n + 1.0) / df).ln()),
        ];
        let checked = Frequencies::new(df.as_ref(), 40).unwrap();
        for (name, naive) in variants {
            let variant = Variant::named(name.as_bytes()).unwrap();
            let of_known = |df: f64| if df == 0.0 { 0.0 } else { naive(df, n) };
            let expected: Vec<f64> = dense(&df).into_iter().map(of_known).collect();
            assert_close(&idf::of_vector(checked, variant).unwrap(), &expected);
            for frequency in dense(&df).into_iter().filter(|&df| df > 0.0) {
                prop_assert!((idf::of_term(frequency, 40, variant).unwrap() - naive(frequency, n)).abs() < 1e-12);
            }
        }
        let table = idf::of_vector(checked, Variant::Robertson).unwrap();
        let expected: Vec<f64> = dense(&q).into_iter().zip(dense(&table)).map(|(q, idf)| q * idf.max(0.0)).collect();
        assert_close(&idf::apply(q.as_ref(), table.as_ref()).unwrap(), &expected);

        let touched: f64 = dense(&q).into_iter().zip(dense(&df)).map(|(q, df)| if q == 0.0 { 0.0 } else { df }).sum();
        prop_assert_eq!(idf::postings_touched(q.as_ref(), df.as_ref()).unwrap(), touched);
        let flops: f64 = dense(&queries).into_iter().zip(dense(&df)).map(|(q, d)| q / 7.0 * (d / 40.0)).sum();
        let own = idf::retrieval_flops(Frequencies::new(queries.as_ref(), 7).unwrap(), checked).unwrap();
        prop_assert!((own - flops).abs() < 1e-12);
    }

    #[test]
    fn feedback(
        q in positive_vector(),
        documents in proptest::collection::vec((positive_vector(), 0.1f32..9.0), 0..5),
        bad in proptest::collection::vec(positive_vector(), 0..3),
        factors in (0.0f64..2.0, 0.0f64..2.0, 0.0f64..2.0),
        terms in 0i32..12,
    ) {
        let (good, scores): (Vec<SparseVector>, Vec<f32>) = documents.into_iter().unzip();
        let good_refs: Vec<_> = good.iter().map(SparseVector::as_ref).collect();
        let bad_refs: Vec<_> = bad.iter().map(SparseVector::as_ref).collect();
        let mean = |list: &[SparseVector], term: usize| {
            list.iter().map(|d| dense(d)[term]).sum::<f64>() / list.len().max(1) as f64
        };
        let (alpha, beta, gamma) = factors;
        let raw: Vec<f64> = (0..N_TERMS as usize)
            .map(|t| alpha * dense(&q)[t] + beta * mean(&good, t) - gamma * mean(&bad, t))
            .map(|w| w.max(0.0))
            .collect();
        let parts = RocchioParts { alpha, beta, gamma };
        let moved = |terms| rocchio(q.as_ref(), &good_refs, &bad_refs, parts, terms, &mut || {}).unwrap();
        // Where everything cancels, what is left is rounding.
        let raw: Vec<f64> = raw.into_iter().map(|w| if w < 1e-9 { 0.0 } else { w }).collect();
        let whole = moved(None);
        for (got, wanted) in dense(&whole).into_iter().zip(&raw) {
            prop_assert!((got - wanted).abs() <= wanted * 1e-7 + 1e-9);
        }
        let best = by_weight(&dense(&whole)).into_iter().take(terms.cast_unsigned() as usize).collect::<Vec<_>>();
        assert_same(&moved(Some(terms)), &keep(&dense(&whole), &best));

        let lambda = alpha / 2.0;
        let total: f64 = scores.iter().map(|&s| f64::from(s)).sum();
        let share = |d: &SparseVector, t: usize| {
            let norm: f64 = dense(d).iter().sum();
            if norm == 0.0 { 0.0 } else { dense(d)[t] / norm }
        };
        let model: Vec<f64> = (0..N_TERMS as usize)
            .map(|t| good.iter().zip(&scores).map(|(d, &s)| f64::from(s) / total * share(d, t)).sum())
            .collect();
        let rounded: Vec<f64> = model.iter().map(|&w| f64::from(narrow(w))).collect();
        let best = by_weight(&rounded).into_iter().take(terms.cast_unsigned() as usize).collect::<Vec<_>>();
        let cut = keep(&model, &best);
        let sum = cut.iter().sum::<f64>();
        let expected: Vec<f64> = (0..N_TERMS as usize)
            .map(|t| lambda * share(&q, t) + (1.0 - lambda) * if sum > 0.0 { cut[t] / sum } else { 0.0 })
            .collect();
        let got = rm3(q.as_ref(), &good_refs, &scores, terms, lambda, &mut || {}).unwrap();
        // Two terms as good but for the last bit may change places.
        let is_tie = |a: usize, b: usize| !best.contains(&b) && (model[a] - model[b]).abs() < 1e-7;
        let ties = best.iter().any(|&a| (0..N_TERMS as usize).any(|b| is_tie(a, b)));
        if !ties {
            assert_close(&got, &expected);
        }
    }
}
