//! Footnotes: taken out of the text, numbered in the order they are referred to, and set at the end.

use std::collections::HashMap;

use pulldown_cmark::{CowStr, Event, Tag, TagEnd};

/// The footnotes of a post.
#[derive(Default)]
pub struct Notes<'a> {
    definitions: HashMap<CowStr<'a>, Vec<Event<'a>>>,
    /// The labels referred to so far, with how often; a note's number is its place here, from 1.
    order: Vec<(CowStr<'a>, usize)>,
}

impl<'a> Notes<'a> {
    /// Splits a post into its running text and its footnotes.
    pub fn set_apart(events: impl Iterator<Item = Event<'a>>) -> (Vec<Event<'a>>, Self) {
        let mut notes = Notes::default();
        let mut text = Vec::new();
        let mut open: Vec<(CowStr, Vec<Event>)> = Vec::new();
        for event in events {
            match event {
                Event::Start(Tag::FootnoteDefinition(label)) => open.push((label, Vec::new())),
                Event::End(TagEnd::FootnoteDefinition) => {
                    if let Some((label, note)) = open.pop() {
                        notes.definitions.entry(label).or_insert(note);
                    }
                }
                event => open
                    .last_mut()
                    .map_or(&mut text, |(_, note)| note)
                    .push(event),
            }
        }
        (text, notes)
    }

    /// The mark of a reference to the note called `label`.
    pub fn refer(&mut self, label: CowStr<'a>) -> Event<'a> {
        let place = self.order.iter().position(|(known, _)| *known == label);
        let place = place.unwrap_or_else(|| {
            self.order.push((label, 0));
            self.order.len() - 1
        });
        let (number, count) = (place + 1, &mut self.order[place].1);
        *count += 1;
        let id = reference(number, *count);
        let mark = format!(
            "<sup id=\"fnref-{id}\"><a href=\"#fn-{number}\" role=\"doc-noteref\" \
             aria-label=\"Footnote {number}\">{number}</a></sup>"
        );
        Event::InlineHtml(mark.into())
    }

    /// The text of the note with the index `place`, from 0, once; nothing if fewer have been referred to.
    pub fn take(&mut self, place: usize) -> Option<Vec<Event<'a>>> {
        let (label, _) = self.order.get(place)?;
        Some(self.definitions.remove(label).unwrap_or_default())
    }

    /// The section of all notes, whose texts are `notes`, with the ways back.
    pub fn section(&self, notes: Vec<Vec<Event<'a>>>) -> Vec<Event<'a>> {
        if notes.is_empty() {
            return Vec::new();
        }
        let open = "<section class=\"notes\" aria-label=\"Footnotes\">\n<ol>\n";
        let mut section = vec![Event::Html(open.into())];
        for (place, mut note) in notes.into_iter().enumerate() {
            let number = place + 1;
            // The way back belongs on the note's last line.
            let inside = usize::from(note.last() == Some(&Event::End(TagEnd::Paragraph)));
            let end = note.len() - inside;
            note.insert(end, Event::InlineHtml(self.ways_back(number).into()));
            section.push(Event::Html(format!("<li id=\"fn-{number}\">").into()));
            section.append(&mut note);
            section.push(Event::Html("</li>\n".into()));
        }
        section.push(Event::Html("</ol>\n</section>\n".into()));
        section
    }

    fn ways_back(&self, number: usize) -> String {
        let way = |turn| {
            let id = reference(number, turn);
            format!(
                " <a href=\"#fnref-{id}\" role=\"doc-backlink\" aria-label=\"Back to reference {id}\">↩</a>"
            )
        };
        (1..=self.order[number - 1].1).map(way).collect()
    }
}

/// What tells the references to one note apart: `3`, then `3-2`, `3-3` …
fn reference(number: usize, turn: usize) -> String {
    if turn == 1 {
        number.to_string()
    } else {
        format!("{number}-{turn}")
    }
}
