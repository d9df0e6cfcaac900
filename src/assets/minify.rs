//! Makes a script small: no comments, no spaces that nothing needs, and short names for its variables.
//!
//! Nothing here knows scopes. A name that is declared at the top level has one short name in the whole script; any
//! other name has one in the top-level statement that declares it, wherever it stands there. So meanings cannot change
//! as long as the scripts keep to this:
//!
//! - Each statement ends with a semicolon or a block, and none is empty. No regular expression stands right behind a
//!   closing bracket.
//! - A top-level statement that declares a name does not use a global of that name.
//! - Objects have plain keys and methods without `get`, `set` or `async`; there are no labels and no classes.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::script::{Kind, Token, is_word, tokens};

/// Short names are one or two of these, and the second may be a digit too; the first are what other words are made of.
const LETTERS: &str = "etnarosilcdupmfhgvbwykxjqzETNAROSILCDUPMFHGVBWYKXJQZ_$";
/// How many of the shortest names are for what is declared inside a statement: they come again in each.
const FOR_INNER: usize = 8;
/// Words of the language that are as short as short names.
const KEYWORDS: &[&str] = &["as", "do", "if", "in", "of"];

/// The same script in fewer bytes.
pub fn minify(source: &str) -> String {
    let tokens = tokens(source);
    let script = Script { tokens: &tokens };
    let names = script.short_names();
    let mut small = String::new();
    for (at, token) in tokens.iter().enumerate() {
        if script.is_left_out(at) {
            continue;
        }
        let name = names.get(&at).map_or(token.text, String::as_str);
        if script.needs_a_line(at) {
            small.push('\n');
        } else if at > 0 && grow_together(&small, &tokens[at - 1], name) {
            small.push(' ');
        }
        if name != token.text && script.is_shorthand(at) {
            small.push_str(token.text);
            small.push(':');
        }
        // One word for both compresses better, and the browser has no need to be told what is never set again.
        small.push_str(if name == "const" { "let" } else { name });
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

    // ---- what is declared

    /// The variables that a declaration at `at` brings into its surroundings.
    fn declared(&self, at: usize) -> Vec<&'a str> {
        let mut names = Vec::new();
        match self.text(at) {
            _ if !self.is_variable(at) => {}
            "const" | "let" => {
                let mut end = self.binding(at + 1, &mut names);
                while self.text(end) == "," {
                    end = self.binding(end + 1, &mut names);
                }
            }
            "function" => names.push(self.text(at + 1)),
            _ => {}
        }
        names
    }

    /// The parameters that begin at `at`.
    fn parameters(&self, at: usize) -> Vec<&'a str> {
        let mut names = Vec::new();
        let is_arrow = |end| self.text(end + 1) == "=>";
        if self.text(at) == "(" {
            let named = at > 1 && self.text(at - 2) == "function";
            if named || self.before(at) == "catch" || is_arrow(self.tokens[at].end) {
                self.list(at, &mut names);
            }
        } else if self.tokens[at].kind == Kind::Word && is_arrow(at) {
            names.push(self.text(at));
        }
        names
    }

    /// Reads a variable or a pattern, and the value it is given; the place behind it.
    fn binding(&self, at: usize, names: &mut Vec<&'a str>) -> usize {
        match self.text(at) {
            "..." => return self.binding(at + 1, names),
            "{" | "[" => self.list(at, names),
            name => names.push(name),
        }
        let mut end = self.behind(at);
        if self.text(end) == "=" {
            let ends = |token: &Token| matches!(token.text, "," | ";") || token.closes();
            while !self.tokens.get(end).is_none_or(ends) {
                end = self.behind(end);
            }
        }
        end
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

    /// The places of all variables of our own, and their short names.
    fn short_names(&self) -> HashMap<usize, String> {
        let statements = self.statements();
        let outside = (0..self.tokens.len()).filter(|&at| self.tokens[at].inside.is_none());
        let outer: HashSet<_> = outside.flat_map(|at| self.declared(at)).collect();
        let inner: Vec<HashSet<_>> = statements
            .iter()
            .map(|all| self.inner(all.clone(), &outer))
            .collect();

        let places = || {
            statements
                .iter()
                .zip(&inner)
                .flat_map(|(all, own)| all.clone().map(move |at| (at, own)))
        };
        let foreign = places().filter(|(at, own)| {
            self.is_variable(*at)
                && !outer.contains(self.text(*at))
                && !own.contains(self.text(*at))
        });
        let foreign: HashSet<_> = foreign.map(|(at, _)| self.text(at)).collect();
        let mut free = short()
            .filter(|name| !foreign.contains(name.as_str()) && !KEYWORDS.contains(&name.as_str()));

        let mut for_inner: Vec<_> = free.by_ref().take(FOR_INNER).collect();
        let mut names = self.named(0..self.tokens.len(), &outer, free.by_ref());
        for_inner.extend(free);
        for (all, own) in statements.into_iter().zip(&inner) {
            names.extend(self.named(all, own, for_inner.iter().cloned()));
        }
        names
    }

    /// What is declared in a statement and not at the top level too.
    fn inner(&self, statement: Range<usize>, outer: &HashSet<&str>) -> HashSet<&'a str> {
        let mut names = HashSet::new();
        for at in statement {
            names.extend(self.declared(at));
            names.extend(self.parameters(at));
        }
        names.retain(|name| !outer.contains(name));
        names
    }

    /// Gives each of `names` the next short name when it is first met: so first parameters are mostly called alike.
    fn named(
        &self,
        places: Range<usize>,
        names: &HashSet<&str>,
        short: impl Iterator<Item = String>,
    ) -> HashMap<usize, String> {
        let (mut short, mut given) = (short, HashMap::new());
        let ours = places.filter(|&at| self.is_variable(at) && names.contains(self.text(at)));
        ours.map(|at| {
            let name = given
                .entry(self.text(at))
                .or_insert_with(|| short.next().unwrap_or_default());
            (at, name.clone())
        })
        .collect()
    }

    /// The statements of the top level; one with several blocks comes in several pieces.
    fn statements(&self) -> Vec<Range<usize>> {
        let is_outside = |at: usize| self.tokens[at].inside.is_none();
        let mut statements = Vec::new();
        let mut start = 0;
        for at in 0..self.tokens.len() {
            let ends = match self.text(at) {
                ";" => is_outside(at),
                "}" => self.tokens[at].inside.is_none_or(is_outside),
                _ => at + 1 == self.tokens.len(),
            };
            if ends {
                statements.push(start..at + 1);
                start = at + 1;
            }
        }
        statements
    }
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
mod tests {
    use super::super::{SCRIPT, bundle::bundle};
    use super::*;

    #[track_caller]
    fn becomes(source: &str, small: &str) {
        assert_eq!(minify(source), small, "{source}");
    }

    #[test]
    fn spaces_and_comments_go_where_nothing_needs_them() {
        becomes("f( 1 , 2 ) ; // end", "f(1,2);");
        becomes(
            "/** why */ if (x) { f(); }\nelse return  y;",
            "if(x){f()}else return y;",
        );
        becomes(
            "g(1 + +2, 1 - -2, 3 / /4/.lastIndex);",
            "g(1+ +2,1- -2,3/ /4/.lastIndex);",
        );
        becomes(
            "f('a' in b, 1 in c, 5 .toFixed());",
            "f('a'in b,1 in c,5 .toFixed());",
        );
        becomes("f({ a: 1, }, [ 2, ],);", "f({a:1},[2,]);");
    }

    #[test]
    fn strings_templates_and_expressions_stay_as_they_are() {
        becomes(
            r"f('it\'s // no  comment', 'a;}');",
            r"f('it\'s // no  comment','a;}');",
        );
        becomes(
            r"f(/[/'`] \/ {/g.test(y) ? a / b / c : 1);",
            r"f(/[/'`] \/ {/g.test(y)?a/b/c:1);",
        );
        becomes(
            "f(`a  ${ `b ${ { c: 1 }.c } ' ` }  // \\` $`);",
            "f(`a  ${`b ${{c:1}.c} ' `}  // \\` $`);",
        );
        becomes("f(` ${ a } } ${ b } {`);", "f(` ${a} } ${b} {`);");
    }

    #[test]
    fn a_line_stays_where_a_semicolon_is_missing() {
        becomes("f(a)\ng(b)\n(c);", "f(a)\ng(b)(c);");
        becomes(
            "x = { a }\ny = () => { f(); }\nf();",
            "x={a}\ny=()=>{f()}\nf();",
        );
        becomes("if (a) { f(); }\ng();", "if(a){f()}g();");
    }

    #[test]
    fn a_variable_is_renamed_and_a_property_of_its_name_is_not() {
        becomes(
            "const name = 1; f(name, a.name, b?.name, { name: name });",
            "let c=1;f(c,a.name,b?.name,{name:c});",
        );
        becomes(
            "function g(form) { return form.form(name); }",
            "function l(e){return e.form(name)}",
        );
        becomes("f(`${ one }`, one => `${one}s`);", "f(`${e}`,e=>`${e}s`);");
    }

    #[test]
    fn what_has_two_meanings_in_one_word_is_written_twice() {
        becomes("f(id => ({ id, x }));", "f(e=>({id:e,x}));");
        becomes(
            "f(({ id, to: { at = 2 }, ...rest }) => id + at + rest);",
            "f(({id:e,to:{at:t=2},...n})=>e+t+n);",
        );
        becomes(
            "let after, at; ({ after, at } = x);",
            "let l,c;({after:l,at:c}=x);",
        );
        becomes(
            "function g() { let a = 1, b; return { b, c() {}, a: 2 }; }",
            "function l(){let e=1,t;return{b:t,c(){},a:2}}",
        );
    }

    #[test]
    fn every_way_to_declare_is_seen() {
        becomes(
            "for (const [key, , ...more] of x) f(key, more);",
            "for(let[e,,...t]of x)f(e,t);",
        );
        becomes(
            "try { f(); } catch (error) { g(error); }",
            "try{f()}catch(e){g(e)}",
        );
        becomes(
            "x = async (one, { two = [one, 1] } = {}) => two;",
            "x=async(e,{two:t=[e,1]}={})=>t;",
        );
        becomes(
            "const a = `${ x(1, 2) }, ${ 3 }`, b = c => c, d = 2; f(a, b, d);",
            "let l=`${x(1,2)}, ${3}`,c=e=>e,d=2;f(l,c,d);",
        );
    }

    #[test]
    fn short_names_avoid_what_is_not_ours_and_come_again_in_each_statement() {
        becomes(
            "function g(one) { e(one); } function h(two) { t(two); }",
            "function d(n){e(n)}function u(n){t(n)}",
        );
        becomes(
            "const at = 1; function g(at) { return at; } f(at);",
            "let l=1;function c(l){return l}f(l);",
        );
    }

    #[test]
    fn in_our_modules_every_declared_name_is_short_and_all_else_is_as_it_was() {
        let (source, small) = (bundle(SCRIPT), minify(&bundle(SCRIPT)));
        let (before, after) = (tokens(&source), tokens(&small));
        let script = Script { tokens: &after };
        for at in 0..after.len() {
            for name in [script.declared(at), script.parameters(at)].concat() {
                assert!(name.len() <= 2, "{name} is declared in\n{small}");
            }
        }
        let fixed = |all: &[Token]| {
            let script = Script { tokens: all };
            let fixed = (0..all.len()).filter(|&at| match all[at].kind {
                Kind::Word => !script.is_variable(at) || script.is_shorthand(at),
                Kind::Sign => matches!(all[at].text, "{" | "[" | "(" | "=>" | "="),
                _ => true,
            });
            fixed.map(|at| all[at].text.to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(fixed(&before), fixed(&after));
        assert_eq!(minify(&small).len(), small.len());
    }
}
