//! Documents that have no regular score, as roaring bitmaps.

use roaring::RoaringBitmap;

use super::pages::{PAYLOAD, Part, PartPages, PartSink, corrupt, field};
use crate::engine::error::{Result, reserve, with_room};

/// Documents without a regular score; every other document is regular.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SpecialDocs {
    /// The vector is NULL: last of all.
    pub null: RoaringBitmap,
    /// Cosine only: the norm is zero, the distance NaN: before the NULLs.
    pub zero_norm: RoaringBitmap,
    /// Cosine: the norm is so large or small that float4 arithmetic is not to be bounded; L2: it is too large.
    /// Delivered first and left to the executor's recheck.
    pub irregular: RoaringBitmap,
}

/// A set as it was serialised; `None` if it is none.
pub fn read_set(bytes: &[u8]) -> Result<Option<RoaringBitmap>> {
    // Containers take what they are written in; the list of them is made as long as the bytes say.
    let Some(n) = n_containers(bytes) else { return Ok(None) };
    let room = bytes.len().saturating_mul(2).saturating_add(64 * n);
    with_room(room, "special documents", || RoaringBitmap::deserialize_from(bytes).ok())
}

/// How many containers a set says it has (Roaring's format specification), if that many can be in these bytes.
fn n_containers(bytes: &[u8]) -> Option<usize> {
    const WITHOUT_RUNS: u32 = 12_346;
    const WITH_RUNS: u32 = 12_347;
    let cookie = u32::from_le_bytes(*bytes.first_chunk()?);
    let n = match cookie {
        WITHOUT_RUNS => u32::from_le_bytes(*bytes.get(4..)?.first_chunk()?),
        _ if cookie & 0xffff == WITH_RUNS => (cookie >> 16) + 1,
        _ => return None,
    };
    // Each is described by a key and a count.
    usize::try_from(n).ok().filter(|&n| n <= bytes.len() / 4)
}

impl SpecialDocs {
    fn sets(&self) -> [&RoaringBitmap; 3] {
        [&self.null, &self.zero_norm, &self.irregular]
    }

    /// Whether every document is regular.
    pub fn is_empty(&self) -> bool {
        self.sets().iter().all(|s| s.is_empty())
    }

    /// Writes the sets as one byte string: total length, then each set with its length before it.
    /// Nothing is written when there is nothing to say.
    pub fn write(&self, sink: &mut impl PartSink) -> Result<u32> {
        if self.is_empty() {
            return Ok(0);
        }
        let mut bytes = vec![0; 4];
        for set in self.sets() {
            reserve(&mut bytes, set.serialized_size() + 4, "special documents")?;
            bytes.extend_from_slice(&(set.serialized_size() as u32).to_le_bytes());
            // Writing to a vector with room cannot fail.
            set.serialize_into(&mut bytes).map_err(|_| corrupt(Part::Special, 0, "set cannot be serialised"))?;
        }
        let total = bytes.len() as u32;
        bytes[0..4].copy_from_slice(&total.to_le_bytes());
        for payload in bytes.chunks(PAYLOAD) {
            sink.append(Part::Special, payload)?;
        }
        Ok(bytes.len().div_ceil(PAYLOAD) as u32)
    }

    /// Reads the sets of a segment of `n_docs` documents from its `n_pages` pages.
    pub fn read(pages: &impl PartPages, n_pages: u32, n_docs: u32) -> Result<Self> {
        if n_pages == 0 {
            return Ok(Self::default());
        }
        let mut bytes = Vec::new();
        for no in 0..n_pages {
            reserve(&mut bytes, PAYLOAD, "special documents")?;
            bytes.extend_from_slice(&pages.page(Part::Special, no)?);
        }
        let total = field::u32_at(&bytes, 0) as usize;
        let other_length = || corrupt(Part::Special, 0, "sets of another length");
        let mut rest = bytes.get(4..total).filter(|_| total > bytes.len() - PAYLOAD).ok_or_else(other_length)?;
        let mut next = || -> Result<RoaringBitmap> {
            let len = field::u32_at(rest, 0) as usize;
            let end = len.checked_add(4).filter(|&e| rest.len() >= e);
            let end = end.ok_or_else(|| corrupt(Part::Special, 0, "set is cut short"))?;
            let set = read_set(&rest[4..end])?.ok_or_else(|| corrupt(Part::Special, 0, "set cannot be read"))?;
            rest = &rest[end..];
            match set.max() {
                Some(doc) if doc >= n_docs => Err(corrupt(Part::Special, 0, "document out of range")),
                _ => Ok(set),
            }
        };
        let special = Self { null: next()?, zero_norm: next()?, irregular: next()? };
        if rest.is_empty() { Ok(special) } else { Err(other_length()) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::pages::MemoryPages;
    use super::*;

    #[test]
    fn another_length_is_an_error() {
        let special = SpecialDocs { null: (0..90).collect(), ..SpecialDocs::default() };
        let mut pages = MemoryPages::default();
        let n_pages = special.write(&mut pages).unwrap();
        assert_eq!(SpecialDocs::read(&pages, n_pages, 90), Ok(special));
        let total = field::u32_at(&pages.part_mut(Part::Special)[0], 0);
        for wrong in [0, 3, 4, total - 1, total + 1, PAYLOAD as u32, PAYLOAD as u32 + 1, u32::MAX] {
            pages.part_mut(Part::Special)[0][..4].copy_from_slice(&wrong.to_le_bytes());
            assert!(SpecialDocs::read(&pages, n_pages, 90).is_err(), "{wrong}");
        }
    }
}
