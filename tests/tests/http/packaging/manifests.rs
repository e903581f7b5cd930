//! What stands in YAML files.

use std::{
    collections::{BTreeMap, HashMap},
    fs,
    process::Command,
    sync::OnceLock,
};

use serde_json::Value;

use super::{lints::linters, root};
use crate::installed::run;

/// The documents of each of these files, which are named from the root of the repository.
pub(super) fn documents(names: &[&str]) -> HashMap<String, Vec<Value>> {
    let script = root().join("tests/packaging/as_json.py");
    let mut python = Command::new(linters().join("bin/python"));
    python.arg(script).args(names).current_dir(root());
    serde_json::from_slice(&run(&mut python, "").stdout).unwrap()
}

/// The one manifest of Kubernetes of this kind.
pub(super) fn of_kind(kind: &str) -> &'static Value {
    static MANIFESTS: OnceLock<Vec<Value>> = OnceLock::new();
    let manifests = MANIFESTS.get_or_init(|| {
        let files = fs::read_dir(root().join("ops/kubernetes")).unwrap().map(|it| it.unwrap().path());
        let names: Vec<String> = files.map(|it| it.to_str().unwrap().to_owned()).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        documents(&names).into_values().flatten().collect()
    });
    let mut found = manifests.iter().filter(|it| it["kind"] == kind);
    found.next().unwrap_or_else(|| panic!("no {kind}"))
}

/// A mapping of texts; a number would have to be quoted.
pub(super) fn strings(mapping: &Value) -> BTreeMap<String, String> {
    let entries = mapping.as_object().unwrap().iter();
    entries
        .map(|(name, it)| (name.clone(), it.as_str().unwrap_or_else(|| panic!("{name}")).to_owned()))
        .collect()
}
