//! What the adapter makes of everything that a Zammad answers, and of a Zammad that does not.

mod breaking;
mod capabilities;
mod changes;
mod check_up;
mod checking;
mod directory;
mod discarding;
mod doubt;
mod issued;
mod minting;
mod observing;
mod plan_lines;
mod raw_server;
mod refusals;
mod scene;
mod secrets;
mod time_zone;
mod users;
