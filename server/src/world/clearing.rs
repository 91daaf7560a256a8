//! Clears away what was said in rooms that were removed, in pieces, between what people do.

use std::sync::Arc;
use std::time::Duration;

use kaiwa_core::ErrorKind;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::World;

/// Messages cleared away at once: everybody waits for that, a few milliseconds.
const PIECE: usize = 500;

/// The pause between two looks: nobody sees what is left, it only takes space.
const PAUSE: Duration = Duration::from_secs(60);

/// Looks now and then, until stopped.
pub(crate) async fn run(world: Arc<World>, stop: CancellationToken) {
    let clearing = async {
        loop {
            match world.change(|store, _| store.clear_removed(PIECE)).await {
                Ok(true) => continue,
                Ok(false) => {}
                Err(error) if error.kind() == ErrorKind::State => return,
                Err(error) => {
                    tracing::warn!(
                        error = error.chain(),
                        "removed rooms cannot be cleared away"
                    );
                }
            }
            sleep(PAUSE).await;
        }
    };
    tokio::select! {
        () = stop.cancelled() => {}
        () = clearing => {}
    }
}
