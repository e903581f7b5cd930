//! What the adapter makes of everything that a Zammad answers, and of a Zammad that does not.

mod capabilities;
mod checking;
mod discarding;
mod doubt;
mod minting;
mod raw_server;
mod refusals;
mod scene;
mod secrets;
mod time_zone;
mod users;
