//! The pages: what people see in a browser.

mod api_browser;
pub(crate) mod csrf;
mod form;
mod html;
mod instant;
mod join;
mod problems;
mod settings;
pub(crate) mod sign_in;
mod visit;
mod words;

pub(crate) use self::{
    api_browser::ApiBrowser,
    html::{copy_script, page, page_with_script, stylesheet},
    join::{accept, show},
    problems::problem_page,
    settings::{change_settings, show_settings},
};
