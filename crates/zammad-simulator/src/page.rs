//! Paging, as every list does it.

use crate::parameters::Parameters;
use crate::refusal::Refusal;

/// Which part of a list is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Page {
    offset: usize,
    size: usize,
}

impl Page {
    /// Too large a page is cut silently; a page before the first is an error of the database.
    pub(crate) fn read(parameters: &Parameters, default: usize, largest: usize) -> Result<Self, Refusal> {
        let size = parameters.integer("per_page").or_else(|| parameters.integer("limit"));
        let size = size.map_or(default, |it| usize::try_from(it).unwrap_or_default()).min(largest);
        let number = parameters.integer("page").unwrap_or(1);
        let Ok(before) = usize::try_from(number - 1) else {
            return Err(Refusal::masked_unprocessable(
                "PG::InvalidRowCountInResultOffsetClause: OFFSET must not be negative",
            ));
        };
        Ok(Self { offset: before.saturating_mul(size), size })
    }

    /// The part of `items`; empty past the end. Whatever lies outside of it is not looked at.
    pub(crate) fn slice<T>(self, items: &[T]) -> &[T] {
        let rest = items.get(self.offset..).unwrap_or_default();
        &rest[..self.size.min(rest.len())]
    }

    /// The part of `items`; empty past the end.
    pub(crate) fn cut<T>(self, items: Vec<T>) -> Vec<T> {
        items.into_iter().skip(self.offset).take(self.size).collect()
    }
}
