//! Makes a script small: no comments, no spaces that nothing needs, short names for its variables, a number in the place
//! of its name in capitals, and its functions as arrows in one declaration.
//!
//! It knows what a declaration, a scope and a property look like, and no more of the grammar, so our modules keep to
//! this:
//!
//! - Each statement ends with a semicolon or a block, and none is empty. No regular expression stands right behind a
//!   closing bracket.
//! - A name in capitals that is given a number is never declared a second time.
//! - There is no `var`, no `class`, no label, no `switch` and no `this`; a `function` is a statement and has a name.
//! - Objects have plain keys, and methods without `get`, `set` or `async`.

mod functions;
mod inline;

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};

use super::script::{Kind, Token, is_word, tokens};

/// Short names are one or two of these, and the second may be a digit too; the first are what other words are made of.
const LETTERS: &str = "etnarosilcdupmfhgvbwykxjqzETNAROSILCDUPMFHGVBWYKXJQZ_$";
/// Words of the language that are as short as short names.
const KEYWORDS: &[&str] = &["as", "do", "if", "in", "of"];

/// The same script in fewer bytes.
pub fn minify(source: &str) -> String {
    shorten(&rearrange(source))
}

/// The same with its functions in other places.
fn rearrange(source: &str) -> String {
    inline::once(&functions::arrows_first(source))
}

/// The same in shorter words.
fn shorten(source: &str) -> String {
    let tokens = tokens(source);
    let script = Script { tokens: &tokens };
    let (numbers, written_out) = script.numbers();
    let names = script.short_names(&numbers);
    let mut small = String::new();
    let mut last = None; // the place of what was written last
    let mut declared = HashSet::new(); // the places of the semicolons behind declarations
    for (at, token) in tokens.iter().enumerate() {
        if script.is_left_out(at) || written_out.contains(&at) {
            continue;
        }
        let is_declaration = token.kind == Kind::Word
            && matches!(token.text, "const" | "let")
            && script.is_variable(at);
        let goes_on = is_declaration && last.is_some_and(|last| declared.contains(&last));
        if is_declaration {
            declared.insert(script.declaration(at).1);
        }
        if goes_on {
            small.pop();
            small.push(',');
            continue;
        }
        let name = match names.get(&at) {
            Some(short) => short,
            None if is_declaration => "let", // for `const` too: one word for both compresses better
            None if token.text == "true" && script.is_variable(at) => "!0",
            None if token.text == "false" && script.is_variable(at) => "!1",
            None => token.text,
        };
        if script.needs_a_line(at) {
            small.push('\n');
        } else if last.is_some_and(|last| grow_together(&small, &tokens[last], name)) {
            small.push(' ');
        }
        if names.contains_key(&at) && script.is_shorthand(at) {
            small.push_str(token.text);
            small.push(':');
        }
        small.push_str(name);
        last = Some(at);
    }
    small
}

/// Whether `next` right behind `before` would be read as one token with it.
fn grow_together(small: &str, before: &Token, next: &str) -> bool {
    let (Some(last), Some(first)) = (small.chars().last(), next.chars().next()) else {
        return false;
    };
    is_word(last) && (is_word(first) || before.kind == Kind::Number && first == '.')
        || matches!(last, '+' | '-' | '/') && first == last
}

struct Script<'a> {
    tokens: &'a [Token<'a>],
}

impl<'a> Script<'a> {
    fn text(&self, at: usize) -> &'a str {
        self.tokens.get(at).map_or("", |token| token.text)
    }

    fn before(&self, at: usize) -> &'a str {
        at.checked_sub(1).map_or("", |at| self.text(at))
    }

    /// A semicolon before the end of a block, or a comma before the end of an object or of a call.
    fn is_left_out(&self, at: usize) -> bool {
        matches!(
            (self.text(at), self.text(at + 1)),
            (";", "}") | (",", "}" | ")")
        )
    }

    /// Whether the end of a line may be the end of a statement.
    fn needs_a_line(&self, at: usize) -> bool {
        let token = self.tokens[at];
        let begins = token.kind != Kind::Sign && !token.closes()
            || matches!(token.text, "{" | "!" | "++" | "--");
        let ends = at > 0
            && match (self.before(at), self.tokens[at - 1].inside) {
                ("}", Some(open)) => self.is_object(open) || self.before(open) == "=>",
                _ => self.tokens[at - 1].ends_a_value(),
            };
        token.new_line && begins && ends
    }

    /// Whether the bracket at `open` holds properties.
    fn is_object(&self, open: usize) -> bool {
        let block = [
            "", ")", ";", "{", "}", "=>", "else", "try", "catch", "finally", "do",
        ];
        self.text(open) == "{" && !block.contains(&self.before(open))
    }

    fn is_first_in_property(&self, at: usize) -> bool {
        let in_object = self.tokens[at]
            .inside
            .is_some_and(|open| self.is_object(open));
        in_object && matches!(self.before(at), "{" | ",")
    }

    /// `id` in `{ id }`: a key and a variable at once.
    fn is_shorthand(&self, at: usize) -> bool {
        self.is_first_in_property(at) && matches!(self.text(at + 1), "," | "}" | "=")
    }

    fn is_variable(&self, at: usize) -> bool {
        let key = self.is_first_in_property(at) && matches!(self.text(at + 1), ":" | "(");
        self.tokens[at].kind == Kind::Word && !key && !matches!(self.before(at), "." | "?.")
    }

    // ---- what is declared, and where it is known

    /// Every scope that declares something, an outer one before those inside it.
    fn scopes(&self) -> Vec<Scope<'a>> {
        let mut scopes: BTreeMap<(usize, Reverse<usize>), Vec<&str>> = BTreeMap::new();
        for at in 0..self.tokens.len() {
            for (from, to, names) in [self.declared(at), self.parameters(at)]
                .into_iter()
                .flatten()
            {
                scopes.entry((from, Reverse(to))).or_default().extend(names);
            }
        }
        let scope = |((from, Reverse(to)), names)| Scope { from, to, names };
        scopes.into_iter().map(scope).collect()
    }

    /// The bounds and the names of a declaration that begins at `at`.
    fn declared(&self, at: usize) -> Option<(usize, usize, Vec<&'a str>)> {
        let mut names = Vec::new();
        match self.text(at) {
            _ if !self.is_variable(at) => return None,
            "const" | "let" => names = self.declaration(at).0,
            "function" => names.push(self.text(at + 1)),
            _ => return None,
        }
        Some(match self.tokens[at].inside {
            None => (0, self.tokens.len(), names),
            Some(open) if self.text(open) == "(" => {
                (open, self.body(self.tokens[open].end + 1), names)
            }
            Some(open) => (open, self.tokens[open].end, names),
        })
    }

    /// The names that a `const` or `let` at `at` declares, and the place behind it.
    fn declaration(&self, at: usize) -> (Vec<&'a str>, usize) {
        let mut names = Vec::new();
        let mut end = self.binding(at + 1, &mut names);
        while self.text(end) == "," {
            end = self.binding(end + 1, &mut names);
        }
        (names, end)
    }

    /// The numbers that have a name in capitals, by that name, and all places of their declarations.
    fn numbers(&self) -> (HashMap<&'a str, String>, HashSet<usize>) {
        let (mut numbers, mut places) = (HashMap::new(), HashSet::new());
        for at in (0..self.tokens.len()).filter(|&at| self.text(at) == "const") {
            let end = self.declaration(at).1;
            let is_number = |it: &[Token]| {
                let capitals = it[0]
                    .text
                    .chars()
                    .all(|c| c.is_ascii_uppercase() || c == '_');
                capitals
                    && it.len() == 4
                    && it[2].kind == Kind::Number
                    && matches!(it[3].text, "," | ";")
            };
            let all = self.tokens.get(at + 1..=end).unwrap_or_default();
            if self.tokens[at].inside.is_none() && all.chunks(4).all(is_number) {
                numbers.extend(
                    all.chunks(4)
                        .map(|it| (it[0].text, it[2].text.replace('_', ""))),
                );
                places.extend(at..=end);
            }
        }
        (numbers, places)
    }

    /// The bounds and the names of parameters that begin at `at`.
    fn parameters(&self, at: usize) -> Option<(usize, usize, Vec<&'a str>)> {
        let mut names = Vec::new();
        let mut end = self.behind(at);
        if self.text(at) == "(" {
            let named = at > 1 && (self.text(at - 2) == "function");
            let caught = at > 0 && self.before(at) == "catch" && self.is_variable(at - 1);
            if !named && !caught && self.text(end) != "=>" {
                return None;
            }
            self.list(at, &mut names);
        } else if self.tokens[at].kind == Kind::Word && self.text(end) == "=>" {
            names.push(self.text(at));
        } else {
            return None;
        }
        if self.text(end) == "=>" {
            end += 1;
        }
        Some((at, self.body(end), names))
    }

    /// The last place of a block, a statement or an expression.
    fn body(&self, at: usize) -> usize {
        match self.text(at) {
            "{" => self.tokens[at].end,
            _ => self.value(at),
        }
    }

    /// The place behind a value.
    fn value(&self, mut at: usize) -> usize {
        let ends = |token: &Token| matches!(token.text, "," | ";") || token.closes();
        while !self.tokens.get(at).is_none_or(ends) {
            at = self.behind(at);
        }
        at
    }

    /// Reads a variable or a pattern, and the value it is given; the place behind it.
    fn binding(&self, at: usize, names: &mut Vec<&'a str>) -> usize {
        match self.text(at) {
            "..." => return self.binding(at + 1, names),
            "{" | "[" => self.list(at, names),
            name => names.push(name),
        }
        match self.behind(at) {
            end if self.text(end) == "=" => self.value(end),
            end => end,
        }
    }

    /// Reads the variables of a pattern or of parameters.
    fn list(&self, open: usize, names: &mut Vec<&'a str>) {
        let mut at = open + 1;
        while at < self.tokens[open].end {
            at = match (self.text(at), self.text(at + 1)) {
                (",", _) => at + 1,
                (_, ":") => self.binding(at + 2, names),
                _ => self.binding(at, names),
            };
        }
    }

    /// The place behind a token, or behind all of what it opens.
    fn behind(&self, mut at: usize) -> usize {
        while self.tokens.get(at).is_some_and(Token::opens) {
            at = self.tokens[at].end;
        }
        at + 1
    }

    // ---- what it is called

    /// For each place of a variable, the scope that declares it; a global has none.
    fn owners(&self, scopes: &[Scope]) -> HashMap<usize, Option<usize>> {
        let (mut owners, mut open, mut next) = (HashMap::new(), Vec::new(), 0);
        for at in
            (0..self.tokens.len()).filter(|&at| self.is_variable(at) || self.tokens[at].opens())
        {
            while scopes.get(next).is_some_and(|scope| scope.from <= at) {
                open.push(next);
                next += 1;
            }
            open.retain(|&scope| at <= scopes[scope].to);
            if self.is_variable(at) {
                let mut inner_first = open.iter().rev().copied();
                owners.insert(
                    at,
                    inner_first.find(|&scope| scopes[scope].names.contains(&self.text(at))),
                );
            }
        }
        owners
    }

    /// The places of all variables of our own, and their short names.
    ///
    /// A short name is free in a scope if nothing that is used there is called so.
    fn short_names(&self, numbers: &HashMap<&str, String>) -> HashMap<usize, String> {
        let scopes = self.scopes();
        let owners = self.owners(&scopes);
        let mut given: HashMap<(usize, &str), String> = HashMap::new();
        for (own, scope) in scopes.iter().enumerate() {
            let used = (scope.from..=scope.to).filter_map(|at| match owners.get(&at)? {
                Some(owner) => given.get(&(*owner, self.text(at))).cloned(),
                None => Some(self.text(at).to_owned()),
            });
            // A body that ends where its parameters do may not declare them again, used or not.
            let beside = given
                .iter()
                .filter(|((other, _), _)| scopes[*other].to == scope.to);
            let taken: HashSet<String> = used.chain(beside.map(|(_, name)| name.clone())).collect();
            let mut free =
                short().filter(|name| !taken.contains(name) && !KEYWORDS.contains(&name.as_str()));
            for &name in &scope.names {
                let number = numbers.get(name).cloned();
                let short = || number.or_else(|| free.next()).unwrap_or_default();
                given.entry((own, name)).or_insert_with(short);
            }
        }
        let short = |(at, owner): (usize, Option<usize>)| {
            Some((at, given.get(&(owner?, self.text(at)))?.clone()))
        };
        owners.into_iter().filter_map(short).collect()
    }
}

/// The places from and to which some variables are known.
struct Scope<'a> {
    from: usize,
    to: usize,
    names: Vec<&'a str>,
}

/// Every name of one or two characters, the shortest first.
fn short() -> impl Iterator<Item = String> {
    let one = LETTERS.chars().map(String::from);
    let second = || LETTERS.chars().chain('0'..='9');
    one.chain(
        LETTERS
            .chars()
            .flat_map(move |a| second().map(move |b| format!("{a}{b}"))),
    )
}

#[cfg(test)]
mod tests;
