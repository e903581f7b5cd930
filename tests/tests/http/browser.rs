//! The pages as people meet them: in Chromium, beside a site to sign in at.

mod accessibility;
mod administering;
mod axe;
mod chromium;
mod copying;
mod gallery;
mod joining;
mod layout;
mod scene;
mod site;
mod verdicts;
