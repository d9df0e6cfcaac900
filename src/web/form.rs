//! Forms as browsers send them: bounded, strictly UTF-8, each field once.

use std::collections::HashMap;

use bytes::Bytes;
use percent_encoding::percent_decode;
use poem::error::ReadBodyError;
use poem::http::{StatusCode, header};
use poem::{Body, FromRequest, Request, RequestBody};

use super::error::Failure;

/// Bytes of a form once it is decoded; on the wire one byte may take three. Longer ones are refused with 413.
const LONGEST: usize = 64 * 1024;

/// The same of a form with a whole post in it.
const LONGEST_POST: usize = 2 * 1024 * 1024;

/// The fields of a posted form. Of a field that comes twice the first counts, where not all are asked for.
#[derive(Clone, Debug, Default)]
pub struct Form(HashMap<String, Vec<String>>);

impl Form {
    /// The value of a field as typed; empty if it is not there.
    pub fn get(&self, name: &str) -> &str {
        self.all(name).next().unwrap_or_default()
    }

    /// Every value of a field as typed: of the boxes that are ticked.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let values = self.0.get(name).into_iter().flatten();
        values.map(String::as_str)
    }

    /// Whether a field was sent, filled or not.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The trimmed value of a field, if there is anything in it.
    pub fn filled(&self, name: &str) -> Option<&str> {
        Some(self.get(name).trim()).filter(|value| !value.is_empty())
    }

    /// Bytes of all its names and values.
    fn len(&self) -> usize {
        self.0
            .iter()
            .map(|(name, values)| {
                let each = values.iter().map(|value| name.len() + value.len());
                each.sum::<usize>()
            })
            .sum()
    }

    /// Parses `application/x-www-form-urlencoded`; `None` if it is not valid UTF-8 inside.
    /// Source: WHATWG URL, section 5.1, but strict.
    fn parse(body: &[u8]) -> Option<Form> {
        let mut fields: HashMap<String, Vec<String>> = HashMap::new();
        for pair in body
            .split(|byte| *byte == b'&')
            .filter(|pair| !pair.is_empty())
        {
            let mut halves = pair.splitn(2, |byte| *byte == b'=');
            let name = decode(halves.next().unwrap_or_default())?;
            let value = decode(halves.next().unwrap_or_default())?;
            fields.entry(name).or_default().push(value);
        }
        Some(Form(fields))
    }

    /// The bytes that the body of a request may have on the wire, if it is a form: more where the owner or an app writes.
    pub fn limit_of(req: &Request) -> Option<usize> {
        let path = req.original_uri().path();
        let is_reader = !path.starts_with("/admin") && !path.starts_with("/micropub");
        is_form(req).then_some(3 * if is_reader { LONGEST } else { LONGEST_POST })
    }

    /// The bytes of a form, as they came.
    ///
    /// Errors: 413 for more than `limit`, 400 if they do not come.
    pub async fn bytes(body: Body, limit: usize) -> Result<Bytes, Failure> {
        let bytes = body.into_bytes_limit(limit).await;
        bytes.map_err(|error| match error {
            ReadBodyError::PayloadTooLarge => Failure::status(StatusCode::PAYLOAD_TOO_LARGE),
            _ => Failure::status(StatusCode::BAD_REQUEST),
        })
    }

    /// The fields of a form that came; none if they cannot be read.
    pub fn of(bytes: &[u8]) -> Form {
        Form::parse(bytes).unwrap_or_default()
    }

    /// Reads a form from a request's body.
    ///
    /// Errors: 415 for another type, 413 for a longer body, 400 for bytes that are not UTF-8.
    pub async fn read(req: &Request, body: &mut RequestBody) -> Result<Form, Failure> {
        Form::read_within(req, body, LONGEST).await
    }

    /// The same, of at most `longest` bytes.
    async fn read_within(
        req: &Request,
        body: &mut RequestBody,
        longest: usize,
    ) -> Result<Form, Failure> {
        if !is_form(req) {
            return Err(Failure::status(StatusCode::UNSUPPORTED_MEDIA_TYPE));
        }
        let bad = || Failure::status(StatusCode::BAD_REQUEST);
        let body = body.take().map_err(|_| bad())?;
        let bytes = Form::bytes(body, 3 * longest).await?;
        let form = Form::parse(&bytes).ok_or_else(bad)?;
        match form.len() <= longest {
            true => Ok(form),
            false => {
                Err(Failure::status(StatusCode::PAYLOAD_TOO_LARGE).with_typed(form.get("body")))
            }
        }
    }
}

/// A form with a whole post in it.
pub struct LongForm(pub Form);

impl<'a> FromRequest<'a> for LongForm {
    async fn from_request(req: &'a Request, body: &mut RequestBody) -> poem::Result<LongForm> {
        Ok(LongForm(Form::read_within(req, body, LONGEST_POST).await?))
    }
}

impl<'a> FromRequest<'a> for Form {
    async fn from_request(req: &'a Request, body: &mut RequestBody) -> poem::Result<Form> {
        Ok(Form::read(req, body).await?)
    }
}

fn is_form(req: &Request) -> bool {
    let kind = req.headers().get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

fn decode(bytes: &[u8]) -> Option<String> {
    let spaced: Vec<u8> = bytes
        .iter()
        .map(|byte| if *byte == b'+' { b' ' } else { *byte })
        .collect();
    percent_decode(&spaced).decode_utf8().ok().map(Into::into)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_as_browsers_send_it_and_never_guessed_at() {
        let form = Form::parse(b"name=Ann+B%26&body=a%0D%0Ab&name=Eve&empty=&lone").unwrap();
        assert_eq!((form.get("name"), form.get("body")), ("Ann B&", "a\r\nb"));
        assert_eq!(
            (form.get("lone"), form.get("missing"), form.filled("empty")),
            ("", "", None)
        );
        assert!(Form::parse(b"body=%ff").is_none());
        assert!(Form::parse(b"").unwrap().0.is_empty());
    }
}
