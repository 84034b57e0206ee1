//! Chosen values: the edges, the sources' own examples, and what is refused with which words.

use super::super::activation::{Activation, of_logits, of_vector};
use super::super::feedback::{RocchioParts, rm3, rocchio};
use super::super::fold::{Join, fold_terms, lexical_mask, unicoil};
use super::super::idf::{self, Frequencies, Variant};
use super::super::measures::sparsity;
use super::super::prune::{self, Crossing};
use super::super::quantise;
use super::*;

fn list<T>(items: Vec<Option<T>>) -> impl ExactSizeIterator<Item = Option<T>> {
    items.into_iter()
}

#[test]
fn pooling_a_double_logarithm_before_or_after_is_the_same() {
    let rows = [[-1.0f32, 0.5, 3.0], [2.0, 0.25, -4.0]];
    let best: Vec<Option<f32>> = (0..3).map(|t| Some(rows[0][t].max(rows[1][t]))).collect();
    let pooled = of_logits(list(best), Activation::DoubleLogSaturation).unwrap();
    let parts = rows.map(|row| of_logits(list(row.map(Some).to_vec()), Activation::DoubleLogSaturation).unwrap());
    let mut state = crate::engine::vector::aggregate::State::new(crate::engine::vector::aggregate::Kind::Max);
    parts.iter().for_each(|part| state.add(part.as_ref(), &mut || {}).unwrap());
    assert_eq!(state.max(&mut || {}).unwrap(), pooled);
}

#[test]
fn extreme_logits() {
    let great = of_logits(list(vec![Some(3e38f32), Some(-3e38), Some(0.0)]), Activation::Softplus).unwrap();
    assert_eq!(great, vector("{1:3e38,3:0.6931472}/3"));
    let small = of_vector(vector("{1:-200,2:1e-45}").as_ref(), Activation::Softplus).unwrap();
    assert_eq!(small, vector("{2:0.6931472}"));
    // ln(1 + x) of the smallest number is that number; without ln_1p it would be lost.
    let tiny = vector("{1:1e-45}");
    assert_eq!(of_vector(tiny.as_ref(), Activation::DoubleLogSaturation), Ok(tiny.clone()));
    assert_eq!(told(of_logits(list(vec![Some(1.0), None]), Activation::Relu))[1], "Element 2 is NULL.");
    assert_eq!(told(of_logits(list(vec![]), Activation::Relu))[0], "svec must have at least 1 dimension");
    let nan = of_logits(list(vec![Some(f32::NAN)]), Activation::Relu).unwrap_err();
    assert_eq!(nan.message(), "NaN not allowed in svec");
    let bias = Activation::LogSaturation { bias: f32::INFINITY };
    assert_eq!(told(of_vector(tiny.as_ref(), bias))[0], "svec bias must be finite");
}

#[test]
fn the_two_readings_of_a_share_of_the_mass() {
    let v = vector("{1:4,2:3,3:2,4:1}");
    for (share, kept, dropped) in [
        (0.0, "{1:4}", "{}"),
        (0.4, "{1:4}", "{1:4}"),
        (0.41, "{1:4,2:3}", "{1:4}"),
        (1.0, "{1:4,2:3,3:2,4:1}", "{1:4,2:3,3:2,4:1}"),
    ] {
        assert_eq!(prune::mass(v.as_ref(), share, Crossing::Kept), Ok(vector(kept)), "{share}");
        assert_eq!(prune::mass(v.as_ref(), share, Crossing::Dropped), Ok(vector(dropped)), "{share}");
    }
    for (share, left) in [(0.0, "{1:4,2:3,3:2,4:1}"), (0.1, "{1:4,2:3,3:2}"), (0.3, "{1:4,2:3}"), (1.0, "{}")] {
        assert_eq!(prune::mass_share(v.as_ref(), share), Ok(vector(left)), "{share}");
    }
    // All of the mass is every term, those too that are too light to change the sum.
    let uneven = vector("{1:1e30,2:1e-30}");
    assert_eq!(prune::mass(uneven.as_ref(), 1.0, Crossing::Kept), Ok(uneven.clone()));
    assert_eq!(prune::mass(vector("{}/3").as_ref(), 0.5, Crossing::Kept), Ok(vector("{}/3")));
    assert_eq!(prune::mass(vector("{2:1,5:1,7:1}").as_ref(), 0.5, Crossing::Kept), Ok(vector("{2:1,5:1}")));
}

#[test]
fn parameters_out_of_range() {
    let v = vector("{1:1}");
    for (told, message, detail, hint) in [
        (
            told(prune::top_k(v.as_ref(), -1)),
            "svec k is out of range",
            "The value given is -1.",
            "Give a number that is not negative.",
        ),
        (
            told(prune::below(v.as_ref(), f32::NAN)),
            "svec threshold is out of range",
            "The value given is NaN.",
            "Give a finite number that is not negative.",
        ),
        (
            told(prune::max_ratio(v.as_ref(), 1.5)),
            "svec ratio is out of range",
            "The value given is 1.5.",
            "Give a number from 0 to 1.",
        ),
        (
            told(quantise::quantise(v.as_ref(), 25, None)),
            "svec bits is out of range",
            "The value given is 25.",
            "Give a number from 1 to 24.",
        ),
        (
            told(quantise::dequantise(v.as_ref(), 0.0)),
            "svec step is out of range",
            "The value given is 0.",
            "Give a finite number greater than 0.",
        ),
        (
            told(Variant::named(b"bm25")),
            "svec variant \"bm25\" is not known",
            "",
            "Write lucene, robertson, plain, atire, bm25l or bm25plus.",
        ),
        (told(Join::named(b"mean")), "svec how \"mean\" is not known", "", "Write sum or max."),
        (
            told(Frequencies::new(vector("{3:5}").as_ref(), 4)),
            "svec df must not exceed the number of documents",
            "The frequency at index 3 is 5, the number of documents 4.",
            "Count documents and frequencies over the same rows.",
        ),
        (
            told(Frequencies::new(vector("{3:-5}").as_ref(), 4)),
            "svec df must not have negative weights",
            "The weight at index 3 is negative.",
            "Negative weights can be dropped with relu().",
        ),
        (told(idf::of_term(0.0, 4, Variant::Plain)), "svec df must not be 0 for this variant", "", ""),
        (
            told(idf::of_term(5.0, 4, Variant::Lucene)),
            "svec df is out of range",
            "The value given is 5.",
            "Give a number from 0 to the number of documents.",
        ),
        (
            told(fold_terms(vector("{3:1}").as_ref(), list(vec![Some(0)]), Join::Sum, None)),
            "svec words must have an element for every term",
            "",
            "",
        ),
        (
            told(unicoil(list(vec![Some(1)]), list(vec![]), Join::Sum, None)),
            "svec needs as many weights as ids",
            "There are 1 ids and 0 weights.",
            "",
        ),
        (told(sparsity(v.as_ref(), None)), "svec dim must be given for a value without one", "", ""),
    ] {
        assert_eq!(told, [message, detail, hint], "{message}");
    }
}

#[test]
fn frequencies_that_float4_has_rounded_up() {
    // 16,777,219 documents all have the term; as float4 there are 16,777,220.
    let df = vector("{1:16777220}");
    let checked = Frequencies::new(df.as_ref(), 16_777_219).unwrap();
    assert_eq!(idf::of_vector(checked, Variant::Plain), Ok(vector("{}")));
    assert!(Frequencies::new(vector("{1:16777222}").as_ref(), 16_777_219).is_err());
}

#[test]
fn elasticsearch_needs_both_conditions() {
    // Average frequency 20; 100 is five times that.
    let df = vector("{1:100,2:4,3:4,4:4,5:4,6:4}");
    let checked = Frequencies::new(df.as_ref(), 1000).unwrap();
    let prune = |q: &str| prune::frequent(vector(q).as_ref(), checked, 5.0, 0.4).unwrap();
    assert_eq!(prune("{1:0.4,2:1}"), vector("{2:1}"));
    assert_eq!(prune("{1:0.41,2:1}"), vector("{1:0.41,2:1}"), "heavy enough");
    assert_eq!(prune("{2:0.01,3:1}"), vector("{2:0.01,3:1}"), "rare enough");
    assert_eq!(prune("{2:1,7:1}"), vector("{2:1}"), "no document has it");
}

#[test]
fn feedback_at_the_edges() {
    let q = vector("{1:2}/3");
    let parts = RocchioParts { alpha: 1.0, beta: 0.75, gamma: 0.15 };
    assert_eq!(rocchio(q.as_ref(), &[], &[], parts, None, &mut || {}), Ok(q.clone()));
    let bad = vector("{1:40}");
    assert_eq!(rocchio(q.as_ref(), &[], &[bad.as_ref()], parts, None, &mut || {}), Ok(vector("{}/3")));
    assert_eq!(rm3(q.as_ref(), &[], &[], 10, 0.5, &mut || {}), Ok(vector("{1:0.5}/3")));
    let d = vector("{2:3,3:1}");
    assert_eq!(rm3(q.as_ref(), &[d.as_ref()], &[7.0], 10, 0.5, &mut || {}), Ok(vector("{1:0.5,2:0.375,3:0.125}/3")));
    assert_eq!(rm3(q.as_ref(), &[d.as_ref()], &[7.0], 1, 0.5, &mut || {}), Ok(vector("{1:0.5,2:0.5}/3")));
    assert_eq!(told(rm3(q.as_ref(), &[d.as_ref()], &[0.0], 1, 0.5, &mut || {}))[0], "svec scores must not all be 0");
    assert_eq!(told(rm3(q.as_ref(), &[d.as_ref()], &[-1.0], 1, 0.5, &mut || {}))[0], "svec score is out of range");
    assert_eq!(
        told(rm3(q.as_ref(), &[d.as_ref()], &[], 1, 0.5, &mut || {}))[0],
        "svec scores must be as many as documents"
    );
}

#[test]
fn dimensions_go_together() {
    let (three, four, free) = (vector("{1:1}/3"), vector("{1:1}/4"), vector("{1:1}"));
    assert!(lexical_mask(three.as_ref(), four.as_ref()).is_err());
    assert_eq!(lexical_mask(free.as_ref(), three.as_ref()), Ok(vector("{1:1}/3")));
    assert!(idf::apply(three.as_ref(), four.as_ref()).is_err());
    assert!(idf::postings_touched(three.as_ref(), four.as_ref()).is_err());
    assert_eq!(sparsity(vector("{1:1}/4").as_ref(), None), Ok(0.75));
    assert_eq!(sparsity(free.as_ref(), Some(10)), Ok(0.9));
    assert!(sparsity(three.as_ref(), Some(4)).is_err());
}
