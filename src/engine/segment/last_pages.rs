//! Pages for whoever reads every part of a segment from front to back: a merge.
//!
//! Short lists share pages, and so do terms; a merge goes from one to the next and would open the same page hundreds of
//! times. Here the last page of each part is kept as a copy, so nothing is held open either.

use std::cell::RefCell;
use std::rc::Rc;

use super::pages::{Part, PartPages};
use crate::engine::error::{EngineError, Result, reserved};

/// A page's number and its contents.
type Copied = Option<(u32, Rc<Vec<u8>>)>;

/// See the module's text. For parts that nobody changes meanwhile.
pub struct LastPages<'p, P> {
    pages: &'p P,
    last: [RefCell<Copied>; Part::ALL.len()],
}

impl<'p, P: PartPages> LastPages<'p, P> {
    /// Of these pages.
    pub fn new(pages: &'p P) -> Self {
        Self { pages, last: std::array::from_fn(|_| RefCell::new(None)) }
    }
}

/// A copy of a page.
pub struct CopiedPage(Rc<Vec<u8>>);

impl std::ops::Deref for CopiedPage {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl<P: PartPages> PartPages for LastPages<'_, P> {
    type Page<'a>
        = CopiedPage
    where
        Self: 'a;

    #[inline]
    fn page(&self, part: Part, no: u32) -> Result<CopiedPage> {
        let last = &self.last[part.index()];
        if let Some((_, page)) = last.borrow().as_ref().filter(|(at, _)| *at == no) {
            return Ok(CopiedPage(Rc::clone(page)));
        }
        let copy = {
            let page = self.pages.page(part, no)?;
            let mut copy = reserved(page.len(), "page of a merge")?;
            copy.extend_from_slice(&page);
            Rc::new(copy)
        };
        *last.borrow_mut() = Some((no, Rc::clone(&copy)));
        Ok(CopiedPage(copy))
    }

    fn check_interrupts(&self) {
        self.pages.check_interrupts();
    }

    fn locate(&self, error: EngineError) -> EngineError {
        self.pages.locate(error)
    }
}

#[cfg(test)]
mod tests {
    use super::super::pages::PAYLOAD;
    use super::*;
    use std::cell::Cell;

    struct Counting(Cell<u32>);

    impl PartPages for Counting {
        type Page<'a> = Vec<u8>;

        fn page(&self, part: Part, no: u32) -> Result<Vec<u8>> {
            self.0.set(self.0.get() + 1);
            Ok(vec![part as u8 ^ no as u8; PAYLOAD])
        }
    }

    #[test]
    fn a_page_is_opened_once_for_as_long_as_it_is_the_last_of_its_part() {
        let counting = Counting(Cell::new(0));
        let pages = LastPages::new(&counting);
        for (part, no, opened) in [
            (Part::Terms, 4, 1),
            (Part::Terms, 4, 1),
            (Part::Postings, 9, 2),
            (Part::Terms, 4, 2),
            (Part::Terms, 5, 3),
            (Part::Postings, 9, 3),
            (Part::Terms, 4, 4),
        ] {
            let page = pages.page(part, no).unwrap();
            assert!(page.len() == PAYLOAD && page.iter().all(|&b| b == part as u8 ^ no as u8));
            assert_eq!(counting.0.get(), opened, "{part:?} {no}");
        }
    }
}
