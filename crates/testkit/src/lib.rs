//! What tests are made of: adapters that live in memory, fixtures, and the [contract](mod@contract) that every store keeps.

mod clock;
pub mod contract;
mod delivery_reader;
mod environment;
pub mod fixtures;
mod help_desk;
mod ids;
mod memory;
mod replicas;
mod statement_counter;
mod tokens;

pub use clock::{ManualClock, START};
pub use contract::Stores;
pub use delivery_reader::{FakeDeliveryReader, delivery};
pub use environment::{screenshots, server_url};
pub use help_desk::{FakeHelpDesk, HelpDeskCall};
pub use ids::SequentialIds;
pub use memory::MemoryStore;
pub use replicas::Replicated;
pub use statement_counter::StatementCounter;
pub use tokens::FakeInviteTokens;
