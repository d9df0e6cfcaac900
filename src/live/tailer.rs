//! The one reader of the log per process: it renders each new event once and puts the frame on the ring.

use std::sync::PoisonError;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use super::Live;
use super::frame::Studio;
use super::ring::Ring;
use crate::error::Result;
use crate::model::concern::Reach;
use crate::model::event::Kind;
use crate::model::id::EventId;
use crate::store::{Lookout, log};

/// How often to look for what other processes wrote into the same file.
const RECHECK: Duration = Duration::from_millis(40);

/// Events rendered from one moment of the file.
const BATCH: i64 = 256;
/// The number that a ring is filled with at first: nothing happens while a server is down, so those who were there when it
/// went are a few events behind.
const PRELOAD: i64 = 256;

/// An empty ring that continues after the newest event.
pub fn begin(lookout: &mut Lookout) -> Result<Ring> {
    let snapshot = lookout.moment()?;
    let head = log::head(&snapshot)?.id;
    Ok(Ring::new(head.max(log::beginning(&snapshot)?)))
}

/// Gives the ring the newest events that it was begun after, so that clients who return after a restart need no database.
/// The start does not wait for it: who comes before it is done is told from the log.
fn fill(lookout: &mut Lookout, live: &Live) -> Result<()> {
    let snapshot = lookout.moment()?;
    let (beginning, head) = (log::beginning(&snapshot)?, *live.head.borrow());
    let mut events = log::newest(&snapshot, PRELOAD)?;
    events.retain(|event| beginning < event.id && event.id <= head);
    let Some(first) = events.first() else {
        return Ok(());
    };
    let mut ring = Ring::new(EventId(first.id.0 - 1));
    let studio = Studio::of(&snapshot)?;
    for event in &events {
        if *live.stop.borrow() {
            return Ok(()); // a ring with holes in it would tell streams that they have missed nothing
        }
        ring.push(studio.render(event));
    }
    *live.ring.write().unwrap_or_else(PoisonError::into_inner) = ring;
    Ok(())
}

/// The thread's life: read what is new, wait for the bell, again.
pub fn run(lookout: &mut Lookout, bell: &Receiver<()>, live: &Live) {
    let mut failing = false;
    if let Err(error) = fill(lookout, live) {
        tracing::error!("the newest part of the log cannot be read: {error}");
    }
    while !*live.stop.borrow() {
        match advance(lookout, live) {
            Ok(true) => continue, // a whole batch: there may be more
            Ok(false) => failing = false,
            Err(error) if !failing => {
                failing = true;
                tracing::error!("the log cannot be read, streams stand still: {error}");
            }
            Err(_) => {}
        }
        live.stretches.tidy();
        if bell.recv_timeout(RECHECK) == Err(RecvTimeoutError::Disconnected) {
            return;
        }
    }
}

/// Renders the next batch and tells the streams; whether it was a full one.
fn advance(lookout: &mut Lookout, live: &Live) -> Result<bool> {
    let snapshot = lookout.moment()?;
    let after = *live.head.borrow();
    let events = log::all_after(&snapshot, after, BATCH)?;
    if events.is_empty() {
        return Ok(false);
    }
    let studio = Studio::of(&snapshot)?;
    let frames: Vec<_> = events.iter().map(|event| studio.render(event)).collect();
    let mut ring = live.ring.write().unwrap_or_else(PoisonError::into_inner);
    for frame in frames {
        ring.refresh(&frame.event, |older| studio.render(older));
        live.stretches.refresh(&frame.event);
        if frame.event.kind == Kind::SettingsUpdated {
            ring.forget(); // dates or reactions may look different now, in every frame
            live.stretches.forget();
        }
        ring.push(frame);
    }
    drop(ring);
    for event in &events {
        live.changes
            .note(event.id, Reach::of(event.kind, event.post)); // a copy's writer is elsewhere
    }
    live.tell(&events);
    Ok(events.len() as i64 == BATCH)
}
