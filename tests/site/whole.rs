//! Stories that come in two sizes: short ones for every run, whole ones for `tests/soak/run`.

/// `short`, or `whole` where `ROWLOG_SOAK` is set.
pub fn sized<T>(short: T, whole: T) -> T {
    match std::env::var_os("ROWLOG_SOAK") {
        None => short,
        Some(_) => whole,
    }
}
