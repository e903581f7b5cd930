//! The binary `family-plan`.

use std::process::ExitCode;

use clap::Parser;
use family_plan_server::command::Arguments;

#[tokio::main]
async fn main() -> ExitCode {
    match Arguments::parse().run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(err) => {
            eprintln!("family-plan: {err:#}");
            ExitCode::FAILURE
        }
    }
}
