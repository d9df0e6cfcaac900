//! The fonts at hand, and what words measure in them.

use std::sync::{Arc, LazyLock};

use askama::Template;
use resvg::usvg::fontdb::Database;
use resvg::usvg::{Node, Options, Text, Tree};

use super::lines::Piece;
use crate::error::{Error, Result};

/// Noto Serif, cut down to three alphabets: SIL Open Font License 1.1, `src/social/fonts/OFL.txt`.
const FONTS: [&[u8]; 2] = [
    include_bytes!("fonts/NotoSerif-Regular.ttf"),
    include_bytes!("fonts/NotoSerif-Bold.ttf"),
];

/// Words are measured at this size.
const EM: f32 = 100.0;

/// Fonts to set text in.
pub struct TypeCase(Options<'static>);

static OWN: LazyLock<TypeCase> = LazyLock::new(|| TypeCase::of(embedded()));
static WHOLE: LazyLock<TypeCase> = LazyLock::new(|| {
    let mut fonts = embedded();
    fonts.load_system_fonts();
    fonts.set_serif_family("Noto Serif"); // the system may prefer another
    TypeCase::of(fonts)
});

fn embedded() -> Database {
    let mut fonts = Database::new();
    for font in FONTS {
        fonts.load_font_data(font.to_vec());
    }
    fonts.set_serif_family("Noto Serif");
    fonts
}

/// A word as it comes out in some fonts.
#[derive(Clone, Debug, PartialEq)]
pub struct Word {
    /// What can be set of it.
    pub text: String,
    /// Whether a space stands before it.
    pub spaced: bool,
    /// In ems.
    pub width: f32,
    /// What no font has.
    pub missing: String,
}

impl Word {
    /// A piece of which nothing can be set: the drawing leaves a text out if there is no font for any of it.
    fn unset(piece: &Piece) -> Word {
        Word {
            text: String::new(),
            spaced: piece.spaced,
            width: 0.0,
            missing: piece.text.clone(),
        }
    }

    /// Notes what came out: glyph 0 of a font is the box that stands for what it does not have.
    fn measure(&mut self, text: &Text) {
        let spans = text.layouted().iter();
        let boxes = spans
            .flat_map(|span| &span.positioned_glyphs)
            .filter(|glyph| glyph.id.0 == 0);
        let missing: String = boxes.map(|glyph| glyph.text.as_str()).collect();
        let whole = std::mem::replace(&mut self.missing, missing);
        let has = |c: &char| !self.missing.contains(*c);
        self.text = whole.chars().filter(has).collect();
        self.width = text.bounding_box().width() / EM;
    }

    /// Whether anything of it cannot be set.
    pub fn lacks(&self) -> bool {
        !self.missing.is_empty()
    }
}

impl TypeCase {
    /// The fonts of the program: the same everywhere.
    pub fn own() -> &'static TypeCase {
        &OWN
    }

    /// Those, and after them the fonts of the machine. Looking for them takes its time, once.
    pub fn whole() -> &'static TypeCase {
        &WHOLE
    }

    fn of(fonts: Database) -> TypeCase {
        TypeCase(Options {
            fontdb: Arc::new(fonts),
            font_family: "Noto Serif".into(),
            ..Options::default()
        })
    }

    /// The drawing with its text set in these fonts.
    ///
    /// Errors: [`Error::Refused`] if it is not SVG.
    pub fn parse(&self, svg: &str) -> Result<Tree> {
        Tree::from_str(svg, &self.0)
            .map_err(|error| Error::Refused(format!("a social picture is not SVG: {error}")))
    }

    /// The pieces of `text`, measured, in their order.
    ///
    /// Errors: [`Error::Refused`] if it cannot be made SVG, which no text should cause.
    pub fn set(&self, text: &str) -> Result<Vec<Word>> {
        let pieces = super::lines::pieces(text);
        let tree = self.parse(&Sample { pieces: &pieces }.render()?)?;
        let mut words: Vec<Word> = pieces.iter().map(Word::unset).collect();
        for node in tree.root().children() {
            let Node::Text(text) = node else { continue };
            let place = text.id().strip_prefix('p').and_then(|it| it.parse().ok());
            if let Some(word) = place.and_then(|place: usize| words.get_mut(place)) {
                word.measure(text);
            }
        }
        Ok(words)
    }
}

/// Every piece as a text of its own, named by its place.
#[derive(Template)]
#[template(
    ext = "svg",
    source = r#"<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1" font-size="100" font-weight="700">
{%- for piece in pieces %}<text id="p{{ loop.index0 }}">{{ piece.text }}</text>{% endfor %}</svg>"#
)]
struct Sample<'a> {
    pieces: &'a [Piece],
}
