//! The pages: what people see who open an invite's link in a browser.

pub(crate) mod csrf;
mod html;
mod join;
mod problems;

pub(crate) use self::{
    html::{browser, page, stylesheet},
    join::{accept, show},
    problems::problem_page,
};
