//! The pages of a segment as a file that is damaged: pages are shared until they are changed, and whoever reads is
//! counted.

use std::cell::Cell;
use std::sync::Arc;

use crate::engine::error::Result;
use crate::engine::search::ranker::Segment;
use crate::engine::segment::format::SegmentMeta;
use crate::engine::segment::pages::{MemoryPages, Part, PartPages, corrupt};
use crate::engine::segment::reader::SegmentReader;

/// No reader of a segment of a few pages opens or waits so often, whatever the bytes are, unless it never ends.
pub const MAX_STEPS: u64 = 2_000_000;

/// A segment's pages and totals.
#[derive(Clone)]
pub struct Image {
    parts: [Vec<Arc<[u8]>>; Part::ALL.len()],
    /// The totals, as the manifest says them.
    pub meta: SegmentMeta,
}

impl Image {
    /// What a writer has left in memory.
    pub fn new(mut pages: MemoryPages, meta: SegmentMeta) -> Self {
        let parts = Part::ALL.map(|part| pages.part_mut(part).iter().map(|page| Arc::from(page.as_slice())).collect());
        Self { parts, meta }
    }

    /// Pages of a part that are there.
    pub fn n_pages(&self, part: Part) -> usize {
        self.parts[part.index()].len()
    }

    /// A page, if it is there.
    pub fn page(&self, part: Part, no: usize) -> Option<&[u8]> {
        self.parts[part.index()].get(no).map(|page| &**page)
    }

    /// The same to be changed; nobody else's page changes.
    pub fn page_mut(&mut self, part: Part, no: usize) -> Option<&mut [u8]> {
        self.parts[part.index()].get_mut(no).map(Arc::make_mut)
    }

    /// Puts another page in the place of one.
    pub fn replace(&mut self, part: Part, no: usize, page: &[u8]) {
        if let Some(place) = self.parts[part.index()].get_mut(no) {
            *place = Arc::from(page);
        }
    }

    /// Takes the last page of a part away.
    pub fn cut(&mut self, part: Part) {
        self.parts[part.index()].pop();
    }
}

/// An image being read.
#[derive(Clone, Copy)]
pub struct Reading<'a> {
    image: &'a Image,
    steps: &'a Cell<u64>,
}

impl<'a> Reading<'a> {
    /// Reads an image; `steps` counts.
    pub fn new(image: &'a Image, steps: &'a Cell<u64>) -> Self {
        Self { image, steps }
    }

    /// The engine's view.
    pub fn reader(&self) -> SegmentReader<'_, Self> {
        SegmentReader { pages: self, meta: &self.image.meta }
    }

    fn step(&self) {
        self.steps.set(self.steps.get() + 1);
        assert!(self.steps.get() < MAX_STEPS, "this goes on and on");
    }
}

impl PartPages for Reading<'_> {
    type Page<'b>
        = &'b [u8]
    where
        Self: 'b;

    fn page(&self, part: Part, no: u32) -> Result<&[u8]> {
        self.step();
        self.image.page(part, no as usize).ok_or_else(|| corrupt(part, no, "no such page"))
    }

    fn check_interrupts(&self) {
        self.step();
    }
}

impl Segment for Reading<'_> {
    fn meta(&self) -> &SegmentMeta {
        &self.image.meta
    }
}
