//! What an app is told when it cannot have its way. Source: W3C Micropub, section 3.8; RFC 6750, section 3.

use poem::http::{StatusCode, header};
use poem::{IntoResponse, Response};
use serde_json::json;

use super::super::error::Failure;
use crate::error::Error;
use crate::model::app::Scope;

/// An error as apps understand it.
#[derive(Debug)]
pub struct Refusal {
    status: StatusCode,
    error: &'static str,
    why: String,
    scope: Option<Scope>,
}

impl Refusal {
    /// Something is missing from the request, or wrong with it.
    pub fn invalid(why: impl Into<String>) -> Refusal {
        Refusal::of(StatusCode::BAD_REQUEST, "invalid_request", why)
    }

    /// The body is larger than `most` bytes.
    pub fn too_large(most: usize) -> Refusal {
        let why = format!("more than {} MiB are not taken", most >> 20);
        Refusal::of(StatusCode::PAYLOAD_TOO_LARGE, "invalid_request", why)
    }

    /// The body, or a file in it, is of a type that is not taken.
    pub fn of_type(why: &str) -> Refusal {
        Refusal::of(StatusCode::UNSUPPORTED_MEDIA_TYPE, "invalid_request", why)
    }

    /// A file cannot be taken.
    pub fn of_file(status: StatusCode, why: String) -> Refusal {
        Refusal::of(status, "invalid_request", why)
    }

    /// There is no token.
    pub fn unauthorized() -> Refusal {
        let why = "an access token is needed; make one at /admin/tokens";
        Refusal::of(StatusCode::UNAUTHORIZED, "unauthorized", why)
    }

    /// There is a token that is none of ours, or none any more.
    pub fn forbidden() -> Refusal {
        let why = "this token is not known here, or was taken back";
        Refusal::of(StatusCode::FORBIDDEN, "forbidden", why)
    }

    /// The token does not allow that.
    pub fn scope(scope: Scope) -> Refusal {
        let why = format!("this token does not let its app {}", scope.described());
        Refusal {
            scope: Some(scope),
            ..Refusal::of(StatusCode::FORBIDDEN, "insufficient_scope", why)
        }
    }

    fn of(status: StatusCode, error: &'static str, why: impl Into<String>) -> Refusal {
        Refusal {
            status,
            error,
            why: why.into(),
            scope: None,
        }
    }
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Refusal {
        match failure.into_error() {
            Ok(error) => error.into(),
            Err(status) => Refusal::of_file(status, "the file cannot be taken".into()),
        }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Refusal {
        match error {
            Error::NotFound => Refusal::invalid("there is no such post here"),
            Error::Invalid(_) | Error::Refused(_) => Refusal::invalid(error.to_string()),
            Error::Unavailable(why) => Refusal::of(
                StatusCode::SERVICE_UNAVAILABLE,
                "temporarily_unavailable",
                why,
            ),
            error => {
                tracing::error!("micropub: {error}");
                let why = "something went wrong here; its log says what";
                Refusal::of(StatusCode::INTERNAL_SERVER_ERROR, "server_error", why)
            }
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut said = json!({ "error": self.error, "error_description": self.why });
        if let Some(scope) = self.scope {
            said["scope"] = scope.as_str().into();
        }
        let answer = Response::builder()
            .status(self.status)
            .content_type("application/json; charset=utf-8");
        let answer = match self.status {
            StatusCode::UNAUTHORIZED => answer.header(header::WWW_AUTHENTICATE, "Bearer"),
            StatusCode::SERVICE_UNAVAILABLE => answer.header(header::RETRY_AFTER, "5"),
            _ => answer,
        };
        answer.body(said.to_string())
    }
}
