//! How many connections the system's limit of open files leaves room for.

/// Files the gateway itself has open: nine connections to the database with two files each, its lock, the listener,
/// the runtime's own, calls to the city's systems and the pages' files being sent.
const OWN: u64 = 40;
/// With fewer there is no service at all.
const LEAST: usize = 8;

/// `wanted` connections, or fewer where the limit of open files is lower. The limit is raised first as far as the
/// system lets it be.
#[cfg(unix)]
pub(super) fn room_for(wanted: usize) -> usize {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let needed = u64::try_from(wanted).unwrap_or(u64::MAX).saturating_add(OWN);
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current.is_some_and(|current| current < needed) {
        let before = limit;
        limit.current = Some(limit.maximum.map_or(needed, |most| most.min(needed)));
        if setrlimit(Resource::Nofile, limit).is_err() {
            limit = before;
        }
    }
    let room = limit.current.map_or(needed, |current| current.min(needed));
    usize::try_from(room.saturating_sub(OWN))
        .unwrap_or(wanted)
        .max(LEAST)
        .min(wanted)
}

#[cfg(not(unix))]
pub(super) fn room_for(wanted: usize) -> usize {
    wanted.max(LEAST).min(wanted)
}
