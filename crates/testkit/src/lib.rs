//! What tests are made of: adapters that live in memory, fixtures, and the [contract](mod@contract) that every store keeps.

mod clock;
pub mod contract;
mod environment;
pub mod fixtures;
mod ids;
mod memory;
mod replicas;
mod statement_counter;
mod tokens;

pub use clock::{ManualClock, START};
pub use contract::Stores;
pub use environment::server_url;
pub use ids::SequentialIds;
pub use memory::MemoryStore;
pub use replicas::ReplicatedPlans;
pub use statement_counter::StatementCounter;
pub use tokens::FakeInviteTokens;
