//! The use cases over stores in memory; mocks only where something has to fail.

mod accepting;
mod access;
mod closing;
mod deliveries;
mod issuing;
mod linking;
mod once;
mod pulling;
mod scene;
mod settings;
mod sweeping;
mod telling;
mod writing_plans;
