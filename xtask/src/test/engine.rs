//! What a test keeps its data in.

/// One of the engines that every promise is tested on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Engine {
    Memory,
    Sqlite,
    Postgres,
    Mariadb,
}

impl Engine {
    pub(super) const ALL: [Self; 4] = [Self::Memory, Self::Sqlite, Self::Postgres, Self::Mariadb];

    /// The engine of a test binary or a module that is called `name`.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
            Self::Mariadb => "mariadb",
        }
    }

    /// For a person to read.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Memory => "in memory",
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
            Self::Mariadb => "MariaDB",
        }
    }
}
