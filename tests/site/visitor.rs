//! A reader who also writes: a cookie jar and forms, no JavaScript.

use std::io;

use crate::http::{Address, Answer, Connection, FORM, encode};
use crate::page::{Form, Page};

/// Somebody who reads and writes without JavaScript: a cookie jar and forms.
#[derive(Clone)]
pub struct Visitor {
    address: Address,
    cookies: Vec<(String, String)>,
    from: Option<String>,
}

impl Visitor {
    /// Somebody new.
    pub fn new(address: &Address) -> Visitor {
        Visitor {
            address: address.clone(),
            cookies: Vec::new(),
            from: None,
        }
    }

    /// The same visitor behind a proxy, which says that she has this address.
    pub fn coming_from(self, address: &str) -> Visitor {
        let from = Some(address.to_owned());
        Visitor { from, ..self }
    }

    /// Opens a page.
    pub fn get(&mut self, path: &str) -> Answer {
        self.send("GET", path, &[], b"")
    }

    /// Opens the page of a post.
    pub fn post(&mut self, slug: &str) -> Page {
        self.get(&format!("/posts/{slug}")).expect(200).page()
    }

    /// Sends a form as a browser of our own origin does.
    pub fn submit(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let origin = format!("http://{}", self.address);
        let headers = [FORM, ("Origin", &origin), ("Sec-Fetch-Site", "same-origin")];
        self.send("POST", path, &headers, encode(fields).as_bytes())
    }

    /// Sends a form that a page has filled in.
    pub fn submit_form(&mut self, form: &Form) -> Answer {
        self.submit(&form.action, &form.fields())
    }

    /// Sends any request with her cookies, and keeps those that come back.
    pub fn send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        let answer = self.try_send(method, path, headers, body);
        answer.unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    /// The same, or why no answer came.
    pub fn try_send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> io::Result<Answer> {
        let jar: Vec<_> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let jar = jar.join("; ");
        let mut headers = [headers, &[("Connection", "close")]].concat();
        if !jar.is_empty() {
            headers.push(("Cookie", &jar));
        }
        if let Some(from) = &self.from {
            headers.push(("X-Forwarded-For", from));
        }
        let answer = Connection::open(&self.address)?.send(method, path, &headers, body)?;
        for cookie in answer.head.all("set-cookie") {
            let pair = cookie.split(';').next().unwrap_or_default();
            let (name, value) = pair.split_once('=').expect("a cookie has a value");
            self.cookies.retain(|(key, _)| key != name);
            self.cookies.push((name.to_owned(), value.to_owned()));
        }
        Ok(answer)
    }

    /// The value of one of her cookies.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// Comments; the id of the comment.
    #[track_caller]
    pub fn comment(&mut self, slug: &str, name: &str, body: &str) -> i64 {
        self.say(slug, &[("name", name), ("body", body)])
    }

    /// Answers a comment; the id of the reply.
    #[track_caller]
    pub fn reply(&mut self, slug: &str, parent: i64, name: &str, body: &str) -> i64 {
        self.say(
            slug,
            &[
                ("name", name),
                ("body", body),
                ("parent", &parent.to_string()),
            ],
        )
    }

    /// Comments with these fields; the id of the comment.
    #[track_caller]
    pub fn say(&mut self, slug: &str, fields: &[(&str, &str)]) -> i64 {
        let answer = self
            .submit(&format!("/posts/{slug}/comments"), fields)
            .expect(303);
        comment_in(answer.location())
    }

    /// Changes the text of her comment.
    #[track_caller]
    pub fn edit(&mut self, id: i64, body: &str) {
        let page = self.get(&format!("/comments/{id}/edit")).expect(200).page();
        let form = page
            .form(&format!("form[action='/comments/{id}']"))
            .with("body", body);
        self.submit_form(&form).expect(303);
    }

    /// Deletes her comment.
    #[track_caller]
    pub fn delete(&mut self, id: i64) {
        self.submit(&format!("/comments/{id}/deletion"), &[])
            .expect(303);
    }

    /// Sets or takes back a reaction to `/posts/{slug}` or `/comments/{id}`.
    #[track_caller]
    pub fn react(&mut self, to: &str, kind: &str) {
        self.submit(&format!("{to}/reactions"), &[("kind", kind)])
            .expect(303);
    }
}

/// The comment that an address points at: `…#comment-88`.
#[track_caller]
pub fn comment_in(location: &str) -> i64 {
    let id = location
        .split_once("#comment-")
        .and_then(|(_, id)| id.parse().ok());
    id.unwrap_or_else(|| panic!("{location} names no comment"))
}
