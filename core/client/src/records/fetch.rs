//! Fetching packs, as the driver does it: what is offered, then each that is not here, by its content.

use crate::core::Shared;
use crate::engine::Engine;
use shenhai_protocol::{ErrorClass, ErrorCode, LawRef};

/// Ask which packs there are and fetch what is not here. What fails now is asked for again after a pause.
pub(crate) async fn fetch(shared: &Shared, generation: u64) {
    let failed = match all(shared, generation).await {
        Ok(()) => false,
        Err(code) => {
            tracing::info!(?code, "packs could not be fetched");
            code.class() != ErrorClass::Permanent
        }
    };
    let _ = in_session(shared, generation, |engine| engine.packs_asked(failed));
}

async fn all(shared: &Shared, generation: u64) -> Result<(), ErrorCode> {
    let token = in_session(shared, generation, |engine| {
        let live = engine.live.as_ref();
        live.map(|live| live.record.token.clone())
    });
    let token = token?.ok_or(ErrorCode::Unauthenticated)?;
    let list = shared.gateway.packs(&token).await?;
    let missing: Vec<LawRef> = in_session(shared, generation, |engine| engine.take_offers(list.packs))?
        .map_err(|_| ErrorCode::StoreFailed)?;
    for law in missing {
        let folder = match shared.gateway.pack(&token, &law.sm3).await {
            Ok(folder) => folder,
            // The others may be there all the same.
            Err(code) if code.class() == ErrorClass::Permanent => {
                tracing::warn!(?code, "a pack is not given out");
                continue;
            }
            Err(code) => return Err(code),
        };
        let taken = in_session(shared, generation, |engine| engine.take_pack(&law, folder.files))?;
        taken.map_err(|failure| failure.code())?;
    }
    let pruned = in_session(shared, generation, Engine::prune_packs)?;
    pruned.map_err(|_| ErrorCode::StoreFailed)
}

/// Do something if the session the request belonged to is still the one.
fn in_session<T>(
    shared: &Shared,
    generation: u64,
    work: impl FnOnce(&mut Engine) -> T,
) -> Result<T, ErrorCode> {
    shared.with(|engine| match engine.generation() == generation {
        true => Ok(work(engine)),
        false => Err(ErrorCode::Unauthenticated),
    })
}
