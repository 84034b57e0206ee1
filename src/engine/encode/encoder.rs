//! An encoder: a tokenizer and its tokens' weights.

use super::error::{EncodeError, Result};
use super::tokenizer::Tokenizer;
use crate::engine::vector::arith::{Collector, narrow};
use crate::engine::vector::check::{check_dim, check_range, reserve};
use crate::engine::vector::{SparseVector, SparseVectorRef};

/// Turns text into vectors whose terms are token ids.
pub struct Encoder {
    tokenizer: Tokenizer,
    /// Of the vectors.
    dim: u32,
    /// One for each token id; `None`: all weigh 1.
    weights: Option<Vec<f32>>,
}

/// How a query is encoded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct QueryOptions {
    /// Whether a token's weight is multiplied by how often it occurs.
    pub counts: bool,
    /// Tokens of the text that are looked at, from its beginning.
    pub max_length: usize,
    /// Whether markers and unknown words are terms like others.
    pub special_tokens: bool,
    /// Terms of less weight than this are left out.
    pub min_weight: f32,
}

impl Default for QueryOptions {
    fn default() -> Self {
        Self { counts: false, max_length: usize::MAX, special_tokens: false, min_weight: f32::NEG_INFINITY }
    }
}

impl Encoder {
    /// Vectors have dimension `dim`, that of the model: see [`dim_for`]. `weights` has one for each term; terms that it
    /// does not have weigh nothing.
    pub fn new(tokenizer: Tokenizer, dim: u32, weights: Option<SparseVectorRef<'_>>) -> Result<Self> {
        let weights = match weights {
            None => None,
            Some(vector) => {
                let n = dim as usize;
                let mut table = Vec::new();
                reserve(&mut table, n)?;
                table.resize(n, 0.0);
                for (id, weight) in vector.iter() {
                    *table.get_mut(id as usize).ok_or_else(|| too_far(id))? = weight;
                }
                Some(table)
            }
        };
        Ok(Self { tokenizer, dim, weights })
    }

    /// Its tokenizer.
    pub fn tokenizer(&self) -> &Tokenizer {
        &self.tokenizer
    }

    /// The weight of a token; 0 for an id that it does not have.
    pub fn weight(&self, id: u32) -> f32 {
        match &self.weights {
            Some(table) => table.get(id as usize).copied().unwrap_or(0.0),
            None => f32::from(u8::from(id < self.tokenizer.n_ids())),
        }
    }

    /// A query: each of the text's tokens once, with its weight.
    pub fn query(&self, text: &str, options: &QueryOptions, between: &mut dyn FnMut()) -> Result<SparseVector> {
        let any = (f64::NEG_INFINITY, f64::INFINITY);
        check_range("min_weight", f64::from(options.min_weight), any, "Give a number.")?;
        self.vector(text, options, between, |id, n| {
            let times = if options.counts { n as f64 } else { 1.0 };
            let weight = narrow(f64::from(self.weight(id)) * times);
            if weight >= options.min_weight { weight } else { 0.0 }
        })
    }

    /// How often each token occurs in the text; markers and unknown words left out.
    pub fn counts(&self, text: &str, between: &mut dyn FnMut()) -> Result<SparseVector> {
        self.vector(text, &QueryOptions::default(), between, |_, n| narrow(n as f64))
    }

    fn vector(
        &self,
        text: &str,
        options: &QueryOptions,
        between: &mut dyn FnMut(),
        weight: impl Fn(u32, u64) -> f32,
    ) -> Result<SparseVector> {
        let mut bag = Bag::default();
        let tokenizer = &self.tokenizer;
        tokenizer.for_each_id(text, options.max_length, between, |id| {
            if options.special_tokens || !tokenizer.is_special(id) {
                bag.add(id)?;
            }
            Ok(())
        })?;
        let counted = bag.counted()?;
        let mut vector = Collector::new(self.dim, counted.len())?;
        for (id, n) in counted {
            vector.push(id, weight(id, n))?;
        }
        Ok(vector.finish())
    }
}

/// The dimension of an encoder's vectors: what the user says, since a model may have more terms than its tokenizer has
/// ids (tables are often padded), or else the number of ids.
pub fn dim_for(tokenizer: &Tokenizer, wanted: Option<i32>) -> Result<u32> {
    let n_ids = tokenizer.n_ids();
    match wanted.map(|dim| (dim, check_dim(i64::from(dim)))) {
        None => Ok(n_ids),
        Some((_, Ok(dim))) if dim >= n_ids => Ok(dim),
        Some((dim, Ok(_))) => Err(EncodeError::BadDim { dim, n_ids }),
        Some((_, Err(error))) => Err(error.into()),
    }
}

fn too_far(id: u32) -> EncodeError {
    EncodeError::BadWeights {
        problem: format!("There is a weight for token id {id}, which the tokenizer does not have"),
    }
}

/// Token ids with their numbers; sorted and added up whenever many have come, so that it does not grow with the text.
#[derive(Default)]
struct Bag {
    ids: Vec<u32>,
    counted: Vec<(u32, u64)>,
}

impl Bag {
    const MOST: usize = 1 << 16;

    fn add(&mut self, id: u32) -> Result<()> {
        reserve(&mut self.ids, 1)?;
        self.ids.push(id);
        if self.ids.len() >= Self::MOST { self.settle() } else { Ok(()) }
    }

    fn settle(&mut self) -> Result<()> {
        self.ids.sort_unstable();
        let new = || self.ids.chunk_by(|a, b| a == b).map(|run| (run[0], run.len() as u64));
        reserve(&mut self.counted, new().count())?;
        self.counted.extend(new());
        self.ids.clear();
        self.counted.sort_unstable_by_key(|pair| pair.0);
        self.counted.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            kept.1 += if same { next.1 } else { 0 };
            same
        });
        Ok(())
    }

    /// Ascending.
    fn counted(mut self) -> Result<Vec<(u32, u64)>> {
        self.settle()?;
        Ok(self.counted)
    }
}
