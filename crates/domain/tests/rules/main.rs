//! The rules of a family plan, one idea per module. No I/O, no wall clock: time is a value.

mod accepting;
mod closing;
mod detaching;
mod events;
mod issuing;
mod limits;
mod ownership;
mod resending;
mod revoking;
mod scene;
mod verdict_order;
