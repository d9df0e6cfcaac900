//! Stories that come in two sizes: short ones for every run, whole ones for `tests/soak/run`.

/// `short`, or `whole` where `ROWLOG_SOAK` is set.
pub fn sized<T>(short: T, whole: T) -> T {
    match std::env::var_os("ROWLOG_SOAK") {
        None => short,
        Some(_) => whole,
    }
}

/// Seconds that a story lasts: as [`sized`], or as many as `ROWLOG_SOAK_SECONDS` says.
pub fn seconds(short: u64, whole: u64) -> u64 {
    match std::env::var("ROWLOG_SOAK_SECONDS") {
        Ok(said) => said.parse().expect("ROWLOG_SOAK_SECONDS is a number"),
        Err(_) => sized(short, whole),
    }
}
