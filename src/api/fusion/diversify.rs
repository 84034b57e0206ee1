//! What may be done to a list when it is fused: diversification, and factors that fall with a distance.

use pgrx::pg_sys;

use super::arrays::{self, OF_FLOAT8, for_each_element, of_ids};
use super::error::{OrRaise, Refusal, Result, collected, reserve};
use super::fuse::count;
use super::ids::{Id, Text, Uuid};
use super::ranked::{Collection, Ranking};
use crate::api::call::{self, Call, Outcome, interrupts, pg_fn};
use crate::api::encoders::text;
use crate::engine::fusion::{Decay, min_max, mmr};
use crate::engine::vector::ops;
use crate::storage::datum::SVec;

pg_fn! {
    /// mmr(ranking, svec[], lambda, top_k, normalise)
    fn fusion_mmr_bigint(call) {
        diversify::<i64>(call, &Sparse::read(call).or_raise())
    }

    /// The same of uuids.
    fn fusion_mmr_uuid(call) {
        diversify::<Uuid>(call, &Sparse::read(call).or_raise())
    }

    /// The same of text.
    fn fusion_mmr_text(call) {
        diversify::<Text>(call, &Sparse::read(call).or_raise())
    }

    /// mmr(ranking, real[], lambda, top_k, normalise), a row of the array for each document
    fn fusion_mmr_dense_bigint(call) {
        diversify::<i64>(call, &Dense::read(call).or_raise())
    }

    /// The same of uuids.
    fn fusion_mmr_dense_uuid(call) {
        diversify::<Uuid>(call, &Dense::read(call).or_raise())
    }

    /// The same of text.
    fn fusion_mmr_dense_text(call) {
        diversify::<Text>(call, &Dense::read(call).or_raise())
    }

    /// decay(x, shape, origin, scale, offset, decay)
    fn fusion_decay(call) {
        let decay = Decay::new(&text::argument(call, 1), call.f64(2), call.f64(3), call.f64(4), call.f64(5)).or_raise();
        call::f64(decay.at(call.f64(0)))
    }
}

/// Vectors of documents, to be compared in pairs.
trait Vectors {
    /// How many.
    fn n(&self) -> usize;
    /// The cosine of two; 0 if one has no length.
    fn cosine(&self, a: usize, b: usize) -> f64;
}

/// With their lengths; `None` for NULL.
struct Sparse(Vec<Option<(SVec, f64)>>);

impl Sparse {
    fn read(call: Call) -> Result<Self> {
        let mut all = Vec::new();
        let Some(array) = call.datum(1) else { return Ok(Self(all)) };
        // SAFETY: declared as an array of svec.
        unsafe {
            let of_svec = (arrays::element_type(array), -1, false, pg_sys::TYPALIGN_INT);
            for_each_element(array, of_svec, |_, vector| {
                reserve(&mut all, 1)?;
                all.push(vector.map(|vector| {
                    let vector = SVec::from_datum_raw(vector);
                    let length = ops::l2_norm(vector.as_ref());
                    (vector, length)
                }));
                Ok(())
            })?;
        }
        Ok(Self(all))
    }
}

impl Vectors for Sparse {
    fn n(&self) -> usize {
        self.0.len()
    }

    fn cosine(&self, a: usize, b: usize) -> f64 {
        let (Some(Some((a, a_length))), Some(Some((b, b_length)))) = (self.0.get(a), self.0.get(b)) else { return 0.0 };
        let product: f64 = f64::from(ops::inner_product(a.as_ref(), b.as_ref()));
        share(product, a_length * b_length)
    }
}

/// A row of numbers for each document.
struct Dense {
    rows: Vec<f32>,
    n: usize,
    dim: usize,
}

impl Dense {
    fn read(call: Call) -> Result<Self> {
        let mut read = Self { rows: Vec::new(), n: 0, dim: 0 };
        let Some(array) = call.datum(1) else { return Ok(read) };
        // SAFETY: declared as an array of float4.
        unsafe {
            match arrays::lengths(array)[..] {
                [n, dim] => (read.n, read.dim) = (n, dim),
                [] => return Ok(read),
                ref other => return Err(Refusal::NotTwoDimensional { argument: "vectors", n_dims: other.len() }),
            }
            let of_float4 = (pg_sys::FLOAT4OID, 4, true, pg_sys::TYPALIGN_INT);
            for_each_element(array, of_float4, |at, value| {
                let value =
                    value.ok_or(Refusal::NullElement { function: "mmr", argument: "vectors", element: at + 1 })?;
                reserve(&mut read.rows, 1)?;
                read.rows.push(f32::from_bits(value.value() as u32));
                Ok(())
            })?;
        }
        Ok(read)
    }

    fn row(&self, at: usize) -> &[f32] {
        self.rows.get(at * self.dim..(at + 1) * self.dim).unwrap_or_default()
    }
}

impl Vectors for Dense {
    fn n(&self) -> usize {
        self.n
    }

    fn cosine(&self, a: usize, b: usize) -> f64 {
        let (a, b) = (self.row(a), self.row(b));
        let product = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(&v, &w)| f64::from(v) * f64::from(w)).sum::<f64>();
        share(product(a, b), (product(a, a) * product(b, b)).sqrt())
    }
}

fn share(product: f64, lengths: f64) -> f64 {
    if lengths > 0.0 { product / lengths } else { 0.0 }
}

/// The ranking in the order in which its documents are picked, with the scores that they had.
fn diversify<I: Id>(call: Call, vectors: &impl Vectors) -> Outcome {
    let Some(row) = call.datum(0) else { return call.null() };
    // SAFETY: declared as a ranking of this id type.
    let ranking = unsafe { Ranking::<I>::read(row) }.or_raise();
    let scores = ranking.scores().ok_or(Refusal::NoScores { function: "mmr" }).or_raise();
    if vectors.n() != scores.len() {
        Err(Refusal::DifferentLengths { of: "mmr", what: "vectors", ids: scores.len(), others: vectors.n() }).or_raise()
    }
    let rankings = std::slice::from_ref(&ranking);
    if Collection::new(rankings).or_raise().ids.len() != scores.len() {
        Err(Refusal::Repeated { function: "mmr" }).or_raise()
    }
    let top = count("mmr", "top_k", call.i32(3)).or_raise();
    let relevance = if call.bool(4) {
        min_max(scores).or_raise()
    } else {
        collected(scores.len(), scores.iter().copied()).or_raise()
    };
    let mut n_asked = 0u32;
    let mut similarity = |a, b| {
        n_asked = n_asked.wrapping_add(1);
        if n_asked.is_multiple_of(4096) {
            interrupts();
        }
        vectors.cosine(a, b)
    };
    let picked = mmr(&relevance, call.f64(2), top, &mut similarity).or_raise();
    let ids = arrays::list(of_ids::<I>(), picked.iter().map(|&at| ranking.ids()[at].to_datum())).or_raise();
    let scores = picked.iter().map(|&at| call::float8(scores[at]));
    let scores = arrays::list(OF_FLOAT8, scores).or_raise();
    Ok(call::record(call, [Some(ids), Some(scores)]))
}
