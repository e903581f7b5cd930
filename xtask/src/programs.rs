//! Finds programs that are not part of the workspace.

use std::{
    cmp::Reverse,
    env,
    path::{Path, PathBuf},
};

/// Where servers are kept that a person's `PATH` often leaves out.
const SYSTEM_FOLDERS: [&str; 4] = ["/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin"];

/// Where Debian keeps PostgreSQL, a folder for each version.
const DEBIAN_POSTGRES: &str = "/usr/lib/postgresql";

/// The file of the program `name`.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    search_path().map(|it| it.join(name)).find(|it| it.is_file())
}

/// The folder of one PostgreSQL version that holds its server and its client, the newest first in Debian's
/// places.
pub(crate) fn postgres_folder() -> Option<PathBuf> {
    let is_whole = |it: &PathBuf| ["initdb", "postgres", "psql"].iter().all(|name| it.join(name).is_file());
    search_path().find(is_whole).or_else(|| debian_postgres_folders().into_iter().find(is_whole))
}

fn search_path() -> impl Iterator<Item = PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders: Vec<_> = env::split_paths(&path).collect();
    folders.into_iter().chain(SYSTEM_FOLDERS.map(PathBuf::from))
}

fn debian_postgres_folders() -> Vec<PathBuf> {
    let Ok(entries) = Path::new(DEBIAN_POSTGRES).read_dir() else {
        return Vec::new();
    };
    let mut folders: Vec<_> = entries.flatten().map(|it| it.path()).collect();
    folders.sort_by_key(|it| Reverse(version(it)));
    folders.into_iter().map(|it| it.join("bin")).collect()
}

fn version(folder: &Path) -> Option<u32> {
    folder.file_name()?.to_str()?.parse().ok()
}
