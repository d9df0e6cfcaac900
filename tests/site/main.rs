//! Stories told to the real program, over HTTP, in the browser and on the command line.
//!
//! First the vocabulary (`site` and what it is made of), then the rooms. No story shares anything with another.
#![expect(clippy::unwrap_used, reason = "a story that cannot go on has failed")]

mod browser;
mod command;
mod http;
mod page;
mod relay;
mod same;
mod site;
mod stream;
mod visitor;
mod waiting;

mod access;
mod attempts;
mod bursts;
mod changes;
mod chat;
mod commands;
mod commenting;
mod configuring;
mod crash;
mod crossing;
mod cursors;
mod demo;
mod desk;
mod editing;
mod file;
mod headers;
mod hostile;
mod icons;
mod importing;
mod lists;
mod lists_alive;
mod live;
mod liveblog;
mod media;
mod micropub;
mod mine;
mod missed;
mod moderating;
mod outside;
mod owner;
mod presence;
mod promises;
mod proxy;
mod reacting;
mod reading;
mod refusing;
mod requests;
mod restarts;
mod searching;
mod server;
mod sharing;
mod starting;
mod threads;
mod undisturbed;
mod windows;
mod writing;
