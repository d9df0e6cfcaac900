//! What a blog is: posts, comments, reactions, visitors and the events that tell of them.
//!
//! Plain values. Nothing here knows of SQLite, HTTP or HTML pages.

pub mod app;
pub mod archive;
pub mod backup;
pub mod calendar;
pub mod carried;
pub mod client;
pub mod comment;
pub mod concern;
pub mod cursor;
pub mod desk;
pub mod entry;
pub mod event;
pub mod fault;
pub mod front;
pub mod happening;
pub mod hub;
pub mod icon;
pub mod id;
pub mod inbox;
pub mod language;
pub mod manner;
pub mod manuscript;
pub mod mark;
pub mod media;
pub mod moderation;
pub mod pile;
pub mod post;
pub mod reaction;
pub mod revision;
pub mod rules;
pub mod search;
pub mod series;
pub mod session;
pub mod settings;
pub mod shared;
pub mod source;
pub mod thread;
pub mod time;
pub mod topic;
pub mod typed;
pub mod visitor;
