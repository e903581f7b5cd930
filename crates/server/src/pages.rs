//! The pages: what people see who open an invite's link in a browser.

pub(crate) mod csrf;
mod form;
mod html;
mod instant;
mod join;
mod problems;
mod settings;
mod visit;

pub(crate) use self::{
    html::{browser, page, stylesheet},
    join::{accept, show},
    problems::problem_page,
    settings::{change_settings, show_settings},
};
