//! The use cases over stores in memory; mocks only where something has to fail.

mod accepting;
mod access;
mod issuing;
mod scene;
mod settings;
