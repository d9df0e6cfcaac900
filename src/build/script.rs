//! A script as tokens, and which bracket each of them stands in.
//!
//! It reads what our modules are written in, not all of JavaScript; what they keep to stands at [`super::minify`].

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A name or a keyword.
    Word,
    /// A number.
    Number,
    /// A string, a regular expression, or a template without a gap in it.
    Literal,
    /// A template up to its first gap, from gap to gap, or from its last one: `` `a${ ``, `}b${`, `` }c` ``.
    Template,
    /// An operator or a bracket.
    Sign,
}

/// A piece of a script.
#[derive(Clone, Copy, Debug)]
pub struct Token<'a> {
    /// What it is.
    pub kind: Kind,
    /// How it is written.
    pub text: &'a str,
    /// Whether a line ended before it.
    pub new_line: bool,
    /// The opening bracket, by its index, that it stands in; for a closing bracket, its own.
    pub inside: Option<usize>,
    /// For an opening bracket, the index of its end.
    pub end: usize,
}

/// Signs of more than one character, the longest first.
const SIGNS: &[&str] = &[
    ">>>=", "...", "===", "!==", "**=", "??=", "||=", "&&=", ">>>", "<<=", ">>=", "=>", "?.", "==",
    "!=", "<=", ">=", "&&", "||", "??", "++", "--", "+=", "-=", "*=", "/=", "%=", "|=", "&=", "^=",
    "**", "<<", ">>",
];

/// Words before which a value is still to come, so that a slash behind them opens a regular expression.
const OPERATORS: &[&str] = &[
    "await",
    "case",
    "delete",
    "do",
    "else",
    "in",
    "instanceof",
    "new",
    "of",
    "return",
    "throw",
    "typeof",
    "void",
];

impl Token<'_> {
    /// Whether it opens a bracket, or the gap of a template.
    pub fn opens(&self) -> bool {
        matches!(self.text, "(" | "[" | "{")
            || self.kind == Kind::Template && self.text.ends_with("${")
    }

    /// Whether it closes a bracket, or the gap of a template.
    pub fn closes(&self) -> bool {
        matches!(self.text, ")" | "]" | "}")
            || self.kind == Kind::Template && self.text.starts_with('}')
    }

    /// Whether a value may end with it.
    pub fn ends_a_value(&self) -> bool {
        match self.kind {
            Kind::Word => !OPERATORS.contains(&self.text),
            Kind::Number | Kind::Literal => true,
            Kind::Template => self.text.ends_with('`'),
            Kind::Sign => matches!(self.text, ")" | "]" | "}" | "++" | "--"),
        }
    }
}

/// Cuts a script into its tokens; spaces and comments go.
pub fn tokens(source: &str) -> Vec<Token<'_>> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    let mut rest = source;
    loop {
        let (length, new_line) = blank(rest);
        rest = &rest[length..];
        let Some(first) = rest.chars().next() else {
            break;
        };
        let in_gap = open
            .last()
            .is_some_and(|&at| tokens[at].kind == Kind::Template);
        let after_value = tokens.last().is_some_and(Token::ends_a_value);
        let (kind, length) = one(rest, first, in_gap, after_value);
        let mut token = Token {
            kind,
            text: &rest[..length],
            new_line,
            inside: None,
            end: 0,
        };
        token.inside = open.last().copied();
        if token.closes()
            && let Some(at) = open.pop()
        {
            tokens[at].end = tokens.len();
        }
        if token.opens() {
            open.push(tokens.len());
        }
        tokens.push(token);
        rest = &rest[length..];
    }
    for at in open {
        tokens[at].end = tokens.len();
    }
    tokens
}

/// The source from one token up to another one, with the space and the comments before each of them but the first.
pub fn piece<'a>(source: &'a str, tokens: &[Token], from: usize, to: usize) -> &'a str {
    let (first, last) = (tokens[from].text, tokens[to - 1].text);
    let place = |text: &str| text.as_ptr() as usize - source.as_ptr() as usize;
    &source[place(first)..place(last) + last.len()]
}

/// A token as it stands in the source, with the space before it.
pub fn spaced<'a>(token: &Token<'a>) -> [&'a str; 2] {
    [if token.new_line { "\n" } else { " " }, token.text]
}

/// Whether names and numbers may hold it.
pub fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

/// How many bytes of space and comments `text` begins with, and whether a line ends in them.
fn blank(text: &str) -> (usize, bool) {
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        if rest.starts_with("//") {
            rest = &rest[rest.find('\n').unwrap_or(rest.len())..];
        } else if rest.starts_with("/*") {
            rest = &rest[rest.find("*/").map_or(rest.len(), |at| at + 2)..];
        } else {
            let length = text.len() - rest.len();
            return (length, text[..length].contains('\n'));
        }
    }
}

fn one(text: &str, first: char, in_gap: bool, after_value: bool) -> (Kind, usize) {
    let run = |more: &str| {
        text.find(|c| !is_word(c) && !more.contains(c))
            .unwrap_or(text.len())
    };
    let digit = |at| text.as_bytes().get(at).is_some_and(u8::is_ascii_digit);
    match first {
        '\'' | '"' => (Kind::Literal, quoted(text, first)),
        '`' => template(text),
        '}' if in_gap => (Kind::Template, template(text).1),
        '/' if !after_value => (Kind::Literal, regex(text)),
        '.' if digit(1) => (
            Kind::Number,
            1 + text[1..].find(|c| !is_word(c)).unwrap_or(text.len() - 1),
        ),
        _ if digit(0) => (Kind::Number, run(".")),
        _ if is_word(first) => (Kind::Word, run("")),
        _ => {
            let sign = SIGNS.iter().find(|sign| text.starts_with(**sign));
            (Kind::Sign, sign.map_or(first.len_utf8(), |sign| sign.len()))
        }
    }
}

/// The length of what `text` begins with, up to the first character behind its opening for which `ends` holds and no
/// backslash stands before it.
fn until(text: &str, mut ends: impl FnMut(&str) -> Option<usize>) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        if escaped {
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if let Some(length) = ends(&text[at..]) {
            return at + length;
        }
    }
    text.len()
}

fn quoted(text: &str, quote: char) -> usize {
    until(text, |rest| rest.starts_with(quote).then_some(1))
}

fn template(text: &str) -> (Kind, usize) {
    let length = until(text, |rest| match rest.as_bytes() {
        [b'`', ..] => Some(1),
        [b'$', b'{', ..] => Some(2),
        _ => None,
    });
    let whole = text[..length].ends_with('`');
    (if whole { Kind::Literal } else { Kind::Template }, length)
}

fn regex(text: &str) -> usize {
    let mut in_class = false;
    let body = until(text, |rest| {
        match rest.as_bytes()[0] {
            b'[' => in_class = true,
            b']' => in_class = false,
            b'/' if !in_class => return Some(1),
            _ => {}
        }
        None
    });
    let flags = text[body..].find(|c: char| !c.is_ascii_alphabetic());
    flags.map_or(text.len(), |flags| body + flags)
}
