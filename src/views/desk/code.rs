//! The second step of signing in, as the owner turns it on and off.

use askama::Template;
use qrcode::{Color, EcLevel, QrCode};

use super::super::{Frame, Head};
use super::head;
use crate::error::Fields;
use crate::model::time::Timestamp;

/// Light modules around a code, without which cameras do not find it. Source: ISO/IEC 18004, section 6.3.8.
const QUIET: usize = 4;

/// What the page is about.
#[derive(Clone, Debug)]
pub enum Stage {
    /// The second step is off: a secret to take over.
    Offered(Offer),
    /// It is on.
    On {
        /// When it was turned on.
        since: Timestamp,
        /// Written codes that were not used yet.
        left: i64,
        /// Those that were made just now: their only appearance.
        written: Vec<String>,
    },
}

/// A secret that the owner's telephone may take over.
#[derive(Clone, Debug)]
pub struct Offer {
    /// As it is typed.
    pub secret: String,
    /// The address in it, for a telephone that shows the page itself.
    pub address: String,
    square: Square,
}

impl Offer {
    /// The offer of a secret: as text, and as what a camera reads.
    pub fn new(secret: String, address: String) -> Offer {
        Offer {
            square: Square::of(&address),
            secret,
            address,
        }
    }
}

/// A QR code as the path of a drawing, one unit for each module.
#[derive(Clone, Debug, Default)]
struct Square {
    /// Units of each side, the quiet ones included.
    side: usize,
    path: String,
}

impl Square {
    /// The code of `text`; nothing if it is too long for one.
    fn of(text: &str) -> Square {
        let Ok(code) = QrCode::with_error_correction_level(text, EcLevel::M) else {
            return Square::default();
        };
        let width = code.width();
        let dark = code.to_colors().into_iter().enumerate();
        let dark = dark.filter(|(_, color)| *color == Color::Dark);
        let drawn =
            dark.map(|(at, _)| format!("M{} {}h1v1h-1z", at % width + QUIET, at / width + QUIET));
        Square {
            side: width + 2 * QUIET,
            path: drawn.collect(),
        }
    }
}

/// The page of the second step.
#[derive(Template)]
#[template(path = "desk/code.html")]
pub struct CodePage<'a> {
    frame: Frame<'a>,
    head: Head,
    stage: &'a Stage,
    errors: &'a Fields,
}

impl<'a> CodePage<'a> {
    /// `errors` say why the last change was refused.
    pub fn new(frame: Frame<'a>, stage: &'a Stage, errors: &'a Fields) -> CodePage<'a> {
        CodePage {
            frame,
            head: head("Signing in with a code", "/admin/account/code"),
            stage,
            errors,
        }
    }

    fn error(&self, field: &str) -> Option<&String> {
        self.errors.get(field)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_square_has_its_three_corners_and_a_quiet_edge() {
        let square = Square::of("otpauth://totp/Blog:Maren?secret=GEZDGNBVGY3TQOJQ&issuer=Blog");
        let last = square.side - QUIET - 1;
        for (x, y) in [(QUIET, QUIET), (last, QUIET), (QUIET, last)] {
            assert!(square.path.contains(&format!("M{x} {y}h1")), "{x} {y}");
        }
        assert!(!square.path.contains("M3 ") && !square.path.contains(" 3h"));
        assert!(Square::of(&"long ".repeat(2_000)).path.is_empty());
    }
}
