//! The family-plan service over HTTP: API, pages, identity, configuration, and the wiring of the adapters.

mod address;
mod api;
mod check_up;
pub mod command;
pub mod configuration;
pub mod demo;
mod doctor;
mod edge;
pub mod health;
mod helpdesk;
pub mod identity;
mod import;
mod joining;
mod limits;
mod metrics;
mod naming;
mod pages;
mod probe;
pub mod problem;
mod routes;
mod security_headers;
mod serve;
mod service;
mod serving;
mod sign_in;
pub mod system;
pub mod telemetry;
pub mod token;
mod upload;
mod workers;
mod zammad_command;

pub use self::{
    address::{InvalidProxies, TrustedProxies},
    metrics::Metrics,
    routes::{openapi_document, routes},
    serve::{Running, ServeError, start},
    service::{Adapters, Links, Service, Surroundings},
    serving::Patience,
    sign_in::{SignIn, SignInConfig},
    workers::Wakers,
};
